"""The training job: artist-disjoint, measured beside the mean, recorded whole, resumed after a kill."""

import json
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from songfeat import checkpoint
from songfeat.errors import ConfigError, DataError, UnknownName
from songfeat.labels import NUMERIC_INPUTS, TARGETS
from songfeat.predictor import Predictor
from store import jobs, runs
from store.catalogue import Catalogue
from store.merge import merge
from store.progress import Cancelled
from store.worker import work, work_here
from store.workspace import Workspace, read_json

SONGS, ARTISTS = 400, 80


def table() -> pd.DataFrame:
    """Songs whose targets follow from their numeric inputs, and a few that lack targets or inputs."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "row": range(SONGS),
            "track_id": [f"spotify:{number:022d}" for number in range(SONGS)],
            "title": [f"Song {number}" for number in range(SONGS)],
            "title_key": [f"song {number}" for number in range(SONGS)],
            "artist_key": [f"artist {number % ARTISTS}" for number in range(SONGS)],
            "genre_group": rng.choice(["pop", "metal"], SONGS),
            "source": "spotify",
            "valence": rng.uniform(0, 1, SONGS),
            "tempo": rng.uniform(60, 180, SONGS),
            "loudness": rng.uniform(-30, 0, SONGS),
            "key": rng.integers(0, 12, SONGS),
            "mode": rng.integers(0, 2, SONGS),
            "time_signature": 4,
        }
    )
    signal = (frame["loudness"] + 30) / 30
    for number, name in enumerate(TARGETS):
        frame[name] = (signal * (1 if number % 2 else -1) + (number % 2 == 0)).clip(0, 1) * 0.8 + 0.1
    frame.loc[:9, list(TARGETS)] = np.nan
    frame.loc[10:19, "key"] = np.nan
    return frame


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    catalogue = Catalogue(Workspace.locate(tmp_path / "w"))
    with catalogue.lease(write=True) as db:
        merge(db, table())
    return catalogue


def train(catalogue: Catalogue, model: str = "numeric_mlp", **params) -> dict:
    return work_here(catalogue.workspace, "train", {"model": model, **params})


def test_a_run_is_recorded_whole(catalogue: Catalogue):
    result = train(catalogue, settings={"epochs": "30", "batch_size": "16"})
    run = runs.get(catalogue, result["run_id"])
    folder = catalogue.workspace.runs / result["run_id"]
    assert (run["model"], run["source"], run["split"]) == ("numeric_mlp", "spotify", "artist")
    assert run["n_train"] + run["n_val"] + run["n_test"] == SONGS - 20
    assert json.loads(run["config"])["epochs"] == 30
    history = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    assert [one["epoch"] for one in history] == list(range(1, run["epochs"] + 1))
    assert read_json(folder / "status.json") == {"state": "done"}
    assert not (folder / "state.safetensors").exists()
    snapshot = pd.read_parquet(folder / "snapshot.parquet")
    artists = snapshot.groupby("part")["artist"].agg(set)
    assert not artists["train"] & artists["test"]
    assert not artists["train"] & artists["val"]
    assert not artists["val"] & artists["test"]
    scaler = checkpoint.load(folder).trained.preparation.scalers["numeric"]
    inputs = snapshot[snapshot["part"] == "train"][[f"input_{name}" for name in NUMERIC_INPUTS]]
    fitted = dict(zip(scaler.names, scaler.mean, strict=True))
    assert {name: fitted[name] for name in NUMERIC_INPUTS} == pytest.approx(
        inputs.mean().rename(lambda name: name.removeprefix("input_")).to_dict()
    )


def test_it_predicts_for_all_that_has_the_inputs(catalogue: Catalogue):
    result = train(catalogue, settings={"epochs": "5"})
    with catalogue.lease() as db:
        stored = db.execute("SELECT track_id, split, feature, value FROM predictions").df()
    wide = stored.pivot_table(index=["track_id", "split"], columns="feature", values="value").reset_index("split")
    assert wide["split"].value_counts()["other"] == 10, "songs without targets"
    assert len(wide) == SONGS - 10, "songs without inputs get no made-up prediction"
    inputs = table().set_index("track_id").loc[wide.index, list(NUMERIC_INPUTS)]
    again = Predictor.load(catalogue.workspace.runs / result["run_id"]).predict_table(inputs)
    np.testing.assert_allclose(wide[list(TARGETS)], again[list(TARGETS)], atol=1e-6)


def test_scores_stand_beside_the_mean_and_are_better(catalogue: Catalogue):
    result = train(catalogue, settings={"epochs": "80", "batch_size": "16"})
    scores = runs.scores(catalogue, [result["run_id"]])
    assert set(scores["split"]) == {"train", "val", "test"}
    assert set(scores["genre"]) == {"all", "pop", "metal"}
    mae = scores.query("split == 'test' and genre == 'all' and metric == 'mae'").set_index("feature")
    assert list(mae.index) == [*TARGETS, "average"]
    assert (mae["value"] < 0.5 * mae["mean_value"]).all()
    assert (mae["low"] <= mae["value"]).all()
    assert (mae["value"] <= mae["high"]).all()
    pairs = runs.pairs(catalogue, result["run_id"])
    for name, group in pairs.groupby("feature"):
        assert (group["predicted"] - group["reference"]).abs().mean() == pytest.approx(mae.loc[name, "value"], abs=1e-6)
    best = runs.best_by_target(catalogue, "mae", lower_is_better=True)
    assert best["feature"].tolist() == list(TARGETS)
    assert set(best["run_id"]) == {result["run_id"]}


def test_the_best_run_is_the_one_that_gains_most_on_its_own_test_songs(catalogue: Catalogue):
    columns = {"split": "test", "genre": "all", "feature": "energy", "metric": "mae", "low": 0.0, "high": 1.0}
    scores = {"on many songs": (0.10, 0.20, 30_000), "on easy songs": (0.05, 0.06, 40)}
    run = runs.get(catalogue, train(catalogue, "mean")["run_id"]).to_dict()
    run = {**run, "inputs": list(run["inputs"]), "targets": list(run["targets"]), "near_constant": []}
    for run_id, (value, mean_value, n) in scores.items():
        score = pd.DataFrame([{**columns, "value": value, "mean_value": mean_value, "n": n}])
        predictions = pd.DataFrame({"track_id": ["x"], "split": ["test"], "energy": [0.5]})
        with catalogue.lease(write=True) as db:
            runs.save(db, runs.FinishedRun(run={**run, "run_id": run_id}, scores=score, predictions=predictions))
    best = runs.best_by_target(catalogue, "mae", lower_is_better=True).set_index("feature")
    assert best.loc["energy", "run_id"] == "on many songs"


def test_a_run_that_a_random_split_flatters_is_never_the_best(catalogue: Catalogue):
    train(catalogue, "ridge_numeric", split="random")
    honest = train(catalogue, "mean")["run_id"]
    assert set(runs.best_by_target(catalogue, "mae", lower_is_better=True)["run_id"]) == {honest}


def test_the_mean_is_flagged_and_scores_as_itself(catalogue: Catalogue):
    result = train(catalogue, "mean")
    run = runs.get(catalogue, result["run_id"])
    assert sorted(run["near_constant"]) == sorted(TARGETS)
    scores = runs.scores(catalogue, [result["run_id"]], split="test").query("metric == 'mae'")
    np.testing.assert_allclose(scores["value"], scores["mean_value"], rtol=1e-5)


def test_the_same_seed_gives_the_same_run(catalogue: Catalogue):
    first, second = (train(catalogue, seed=3, settings={"epochs": "4"}) for _ in range(2))
    other = train(catalogue, seed=4, settings={"epochs": "4"})
    assert first["scores"] == second["scores"] != other["scores"]


@pytest.mark.slow
def test_a_killed_training_goes_on_from_its_last_epoch(catalogue: Catalogue):
    """Cancelled between epochs here, which leaves the files as a kill does; then run again to the same end."""
    settings = {"epochs": "400", "batch_size": "8", "patience": "400"}
    straight = train(catalogue, settings={**settings, "epochs": "60"})
    workspace = catalogue.workspace
    job_id = jobs.create(workspace, "train", {"model": "numeric_mlp", "settings": {**settings, "epochs": "60"}})
    folder = workspace.jobs / job_id

    def stop_soon() -> None:
        while (
            not (run := folder / "run_id.txt").exists()
            or not (workspace.runs / run.read_text() / "history.jsonl").exists()
        ):
            time.sleep(0.01)
        (folder / "cancel").touch()

    stopper = threading.Thread(target=stop_soon)
    stopper.start()
    with pytest.raises(Cancelled):
        work(folder)
    stopper.join()
    run_id = (folder / "run_id.txt").read_text()
    stopped = len((workspace.runs / run_id / "history.jsonl").read_text().splitlines())
    assert 0 < stopped < 60
    assert read_json(workspace.runs / run_id / "status.json") == {"state": "stopped", "reason": "Cancelled"}
    jobs.prepare_again(jobs.get(workspace, job_id))
    result = work(folder)
    assert result["run_id"] == run_id
    assert result["scores"] == straight["scores"]
    assert len(runs.all_runs(catalogue)) == 2, "nothing doubled"


def test_what_cannot_be_trained_is_said(catalogue: Catalogue):
    with pytest.raises(UnknownName, match="numeric_mlp"):
        train(catalogue, "numeric_mpl")
    with pytest.raises(UnknownName, match="danceability"):
        train(catalogue, targets=["dancability"])
    with pytest.raises(ConfigError, match="learning_rate"):
        train(catalogue, settings={"learning_rat": "1"})
    with pytest.raises(ConfigError, match="told valence"):
        train(catalogue, targets=["valence"])
    with pytest.raises(DataError, match="extract its clips"):
        train(catalogue, "lstm_multitask")
    with pytest.raises(DataError, match="'echonest' has 0 tracks"):
        train(catalogue, source="echonest")
    with pytest.raises(UnknownName, match="nonsense"):
        runs.scores(catalogue, ["nonsense"])
    assert runs.all_runs(catalogue).empty
