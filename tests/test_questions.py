"""A model that answers a question: what it learns, and that its probabilities are nowhere taken for values."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from pages.ui import places, song_tables, words
from songfeat import binary, checkpoint, registry
from songfeat.cli import main
from songfeat.errors import ConfigError, LabelMismatch, UnknownName
from songfeat.labels import ANSWERS, QUESTIONS, REFERENCE_COLUMNS, TARGETS
from songfeat.predictor import Predictor
from songfeat.specs import get_spec
from songfeat.tasks import answers_in_order, task_of
from songfeat.training import train_model
from store import jobs, run_intervals, runs, tracks
from store.answers import leaderboard, matches, scores
from store.catalogue import Catalogue
from store.export import WHAT, export
from store.shards import Shards
from store.worker import work_here
from store.workspace import Workspace
from tests.modelling import SMALL_LOGMEL, make_examples, make_parts, train_quickly
from tests.test_pages import pick, press, show, texts
from tests.workspaces import add_heard, song_rows

DANCEABLE = QUESTIONS["danceable"]
MODEL = "spectrogram_cnn_binary"


def test_a_question_has_a_name_that_no_feature_has():
    assert not set(QUESTIONS) & set(REFERENCE_COLUMNS)
    assert len(set(ANSWERS)) == len(ANSWERS)
    assert all(question.feature in TARGETS for question in QUESTIONS.values())


def test_a_model_that_answers_a_question_can_be_asked_nothing_else():
    entry = registry.get(MODEL)
    assert task_of(entry).features == task_of(entry, ["danceability"]).features == ("danceability",)
    with pytest.raises(ConfigError, match=r"whether a song is danceable.* must be danceability, got energy"):
        task_of(entry, ["energy"])
    with pytest.raises(UnknownName, match="danceable"):
        task_of(registry.get("cnn2d"), ["danceable"])
    with pytest.raises(UnknownName, match="danceability"):
        answers_in_order(entry, ["danceability"])
    with pytest.raises(ConfigError, match="questions are danceable"):
        registry.register("x", config=entry.config, inputs=(), description="", train=entry.train, question="loud")


def test_it_learns_from_zeros_and_ones_and_answers_with_probabilities():
    examples = make_examples(120)
    examples.targets.iloc[:5, 0] = np.nan
    parts = make_parts(examples)
    trained = train_model(MODEL, examples, parts, targets=("danceability",), spec=SMALL_LOGMEL, settings={"epochs": 15})
    said = Predictor(trained).predict(examples)
    assert list(said.columns) == ["danceable"]
    assert said["danceable"].between(0, 1).all()
    right = binary.right_answers(DANCEABLE, examples.targets["danceability"])
    of_test = (parts == "test") & right.notna()
    assert roc_auc_score(right[of_test], said.loc[of_test, "danceable"]) > 0.95
    with pytest.raises(ConfigError, match="must be danceability"):
        train_model(MODEL, examples, parts, targets=TARGETS, spec=SMALL_LOGMEL)


def test_a_checkpoint_that_calls_a_probability_a_value_is_refused(tmp_path):
    trained = train_quickly(registry.get(MODEL))
    checkpoint.save(tmp_path, trained, split={}, data_digest="", scores=pd.DataFrame())
    assert checkpoint.load(tmp_path).trained.targets == ("danceable",)
    path = tmp_path / "model.json"
    path.write_text(path.read_text().replace('"danceable"', '"danceability"'))
    with pytest.raises(LabelMismatch, match="danceable"):
        checkpoint.load(tmp_path)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory) -> Catalogue:
    """A workspace whose spectrograms say how danceable a song is, with one run of values and one of answers."""
    catalogue = Catalogue(Workspace.locate(tmp_path_factory.mktemp("yes_no") / "w"))
    rows = song_rows(120)
    index = add_heard(catalogue, rows)
    rng = np.random.default_rng(0)
    for name in ("logmel", "report"):
        spec = get_spec(name)
        noise = rng.normal(0, 1, (len(rows), spec.shape[0], 1)).astype(np.float32)
        arrays = np.broadcast_to(noise + 10 * rows["danceability"].to_numpy()[:, None, None], (len(rows), *spec.shape))
        Shards(catalogue.workspace, spec).write(dict(zip(index, arrays.astype(np.float32), strict=True)))
    work_here(catalogue.workspace, "train", {"model": "ridge_stats"})
    work_here(catalogue.workspace, "train", {"model": MODEL, "settings": {"epochs": "6", "learning_rate": "0.003"}})
    return catalogue


@pytest.fixture
def run(catalogue: Catalogue) -> pd.Series:
    table = runs.all_runs(catalogue)
    return table[table["model"] == MODEL].iloc[0]


def test_a_run_is_scored_by_accuracy_and_auc_beside_the_commoner_answer(catalogue: Catalogue, run: pd.Series):
    assert list(run["targets"]) == ["danceable"]
    assert run["inputs"] == ["logmel"]
    table = runs.scores(catalogue, [run["run_id"]])
    assert set(table["metric"]) == {"accuracy", "auc"}
    assert set(table["feature"]) == {"danceable", "average"}
    assert set(table["split"]) == {"train", "val", "test"}
    pairs = runs.pairs(catalogue, run["run_id"])
    assert set(pairs["feature"]) == {"danceable"}
    assert set(pairs["reference"]) == {0.0, 1.0}
    of_test = table.query("split == 'test' and genre == 'all' and feature == 'danceable'").set_index("metric")
    assert of_test.loc["auc", "value"] == pytest.approx(roc_auc_score(pairs["reference"], pairs["predicted"]))
    right = (pairs["predicted"] > 0.5) == pairs["reference"]
    assert of_test.loc["accuracy", "value"] == pytest.approx(right.mean())
    snapshot = pd.read_parquet(catalogue.workspace.runs / run["run_id"] / "snapshot.parquet")
    of_train = snapshot.loc[snapshot["part"] == "train", "danceability"] > 0.5
    commoner = float(of_train.mean() > 0.5)
    assert of_test.loc["accuracy", "mean_value"] == pytest.approx((pairs["reference"] == commoner).mean())
    assert of_test.loc["auc", "mean_value"] == 0.5


def test_a_probability_is_nowhere_taken_for_a_value(catalogue: Catalogue, run: pd.Series, tmp_path: Path):
    run_id = run["run_id"]
    best = runs.best_by_target(catalogue, "mae", lower_is_better=True)
    assert run_id not in set(best["run_id"])
    assert runs.newest_with(catalogue, "mfcc", "logmel") != run_id
    assert list(runs.best_by_target(catalogue, "auc", lower_is_better=False)["feature"]) == ["danceable"]
    (found,) = matches(catalogue, "Song 3", limit=1)
    assert set(found["predictions"][run_id]) == {"danceable"}
    song = tracks.song(catalogue, "demo:3")
    labels = words.run_labels(runs.all_runs(catalogue))
    intervals = {name: run_intervals.of_run(catalogue, name) for name in labels}
    assert intervals[run_id].by_target == {}
    shown = song_tables.song_values(song, list(labels), labels, intervals)
    assert labels[run_id] not in set(shown["whose"])
    board = {record["run_id"]: record for record in leaderboard(catalogue)}
    assert board[run_id]["auc"] is not None
    assert board[run_id]["mae"] is None
    assert json.dumps(scores(catalogue, [run_id], split="test", genre=None))
    for what in WHAT:
        rows = export(catalogue, what, tmp_path / f"{what}.csv")
        assert (rows > 0) == (what != "provenance")  # these songs were collected from nowhere
    told = pd.read_csv(tmp_path / "predictions.csv").query("run_id == @run_id")
    assert set(told["feature"]) == {"danceable"}


def test_the_sentence_on_a_run_says_accuracy_majority_and_auc(catalogue: Catalogue, run: pd.Series):
    table = runs.scores(catalogue, [run["run_id"]], split="test", genre="all").query("feature == 'danceable'")
    said = words.answers_line(DANCEABLE, table)
    accuracy, auc = (table.set_index("metric").loc[name] for name in ("accuracy", "auc"))
    assert said.startswith("Whether a song is danceable (danceability above 0.5): accuracy")
    assert f"**{accuracy['value']:.2f}**" in said
    assert f"commoner answer scores {accuracy['mean_value']:.2f}" in said
    assert f"AUC **{auc['value']:.2f}**" in said
    assert words.answers_line(DANCEABLE, table.head(0)) == "not scored"


@pytest.fixture
def shown(catalogue: Catalogue, monkeypatch) -> Workspace:
    monkeypatch.setenv("SONGFEAT_WORKSPACE", str(catalogue.workspace.folder))
    monkeypatch.setenv("SONGFEAT_NO_DEMO", "1")
    return catalogue.workspace


@pytest.mark.parametrize("page", [places.OVERVIEW, places.TRAIN, places.COMPARE, places.SONG])
def test_every_page_survives_such_a_run(shown: Workspace, run: pd.Series, page: str):
    at = show(page, run=run["run_id"], track="demo:3")
    assert not at.exception
    assert ("Whether a song is danceable" in texts(at)) == (page == places.COMPARE)
    if page == places.SONG:
        assert MODEL not in texts(at)


def test_runs_of_values_and_of_answers_stand_beside_each_other(shown: Workspace, catalogue: Catalogue):
    at = show(places.COMPARE)
    pick(at, "multiselect", "Runs").set_value(list(runs.all_runs(catalogue)["run_id"])).run()
    assert not at.exception
    assert "Whether a song is danceable" in texts(at)
    assert len(at.get("vega_lite_chart")) == len(TARGETS)
    assert list(at.dataframe[0].value["target"]) == [*TARGETS, "average"]


def test_its_training_asks_for_no_targets(shown: Workspace, monkeypatch):
    begun = []
    monkeypatch.setattr(jobs, "start", lambda workspace, job_id: begun.append(jobs.get(workspace, job_id).params))
    at = show(places.TRAIN, model=MODEL)
    assert not [one for one in at.multiselect if one.label == "Targets"]
    press(at, "Train")
    assert [params["targets"] for params in begun] == [["danceability"]]


def test_the_commands_speak_of_it(catalogue: Catalogue, run: pd.Series, capsys):
    given = ["--workspace", str(catalogue.workspace.folder)]
    for command in (["runs"], ["scores", run["run_id"], "--split", "test"], ["song", "Song 3"]):
        assert main([*given, *command]) == 0
        assert "danceable" in capsys.readouterr().out
    assert main([*given, "train", MODEL, "--targets", "energy"]) == 1
    assert "its target must be danceability, got energy" in capsys.readouterr().err
