"""The report replayed: what it trains, what its tables say beside the report's, and how its claims are judged."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import places, tables
from songfeat import published
from songfeat.cli import main
from songfeat.labels import ALL_TARGETS, AVERAGE, TARGETS
from songfeat.specs import get_spec
from store import report, report_plan, runs
from store.catalogue import Catalogue
from store.report import FAILS, HOLDS, OPEN
from store.shards import Shards
from store.worker import work_here
from store.workspace import Workspace
from tests.test_train import catalogue as numeric_library  # noqa: F401 - a fixture
from tests.workspaces import add_heard, song_rows

SLOW = ("cnn_deep", "yes_or_no", "ours")
"""Systems on large arrays, which are left out here; the demo library has them."""


@pytest.fixture(autouse=True, scope="module")
def short() -> Iterator[None]:
    """One short epoch each: what is said of trainings is tested here, not what they reach."""
    whole = dict(report_plan.SYSTEMS)
    for key, system in whole.items():
        if key in SLOW:
            del report_plan.SYSTEMS[key]
        elif "mlp" in system.model or "lstm" in system.model or system.model in ("cnn2d", "combiner"):
            short = {**system.settings, "epochs": "1", "min_steps": "1"}
            report_plan.SYSTEMS[key] = replace(system, settings=short)
        elif "hgb" in system.model:
            report_plan.SYSTEMS[key] = replace(system, settings={"n_trees": "3"})
    yield
    report_plan.SYSTEMS.clear()
    report_plan.SYSTEMS.update(whole)


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> tuple[Catalogue, dict]:
    """A library of songs with numbers and arrays, the report replayed on it."""
    catalogue = Catalogue(Workspace.locate(tmp_path_factory.mktemp("report") / "w"))
    rows = song_rows(120)
    index = add_heard(catalogue, rows)
    spec = get_spec("report")
    arrays = np.random.default_rng(0).normal(size=(len(rows), *spec.shape)).astype(np.float32)
    Shards(catalogue.workspace, spec).write(dict(zip(index, arrays, strict=True)))
    return catalogue, work_here(catalogue.workspace, "report", {})


def test_every_system_stands_on_what_comes_before_it_and_is_somewhere_shown():
    seen: set[str] = set()
    for key, system in report_plan.SYSTEMS.items():
        assert set(system.parents.values()) <= seen
        seen.add(key)
    named = {key for keys in report_plan.TABLES.values() for key in keys}
    named |= {key for one in report_plan.EXPERIMENTS for key in (one.first, one.second)}
    named |= {key for one in report_plan.CLAIMS for key in (one.worse, *one.better)}
    assert named == seen | set(SLOW)


def test_published_figures_are_those_of_the_report_as_corrected():
    assert published.RNN_MULTI_TASK[AVERAGE] == {"mse": 0.024, "mae": 0.105, "pearson": 0.705}
    assert published.NUMERIC_MULTI_TASK["energy"]["pearson"] == 0.900
    assert published.CNN_SINGLE["danceability"]["mse"] == 0.011
    for figures in (published.NUMERIC_MULTI_TASK, published.RNN_MULTI_TASK, published.COMBINER_D):
        for metric in published.METRICS:
            mean = np.mean([figures[name][metric] for name in TARGETS])
            assert figures[AVERAGE][metric] == pytest.approx(mean, abs=0.0012), "rounding alone"
    assert list(published.lowest_mae().values()) == [0.079, 0.089, 0.053, 0.113, 0.141, 0.161]
    assert list(published.lowest_mae()) == list(ALL_TARGETS)


@pytest.mark.slow
def test_all_is_trained_once_and_not_again(played):
    catalogue, done = played
    assert done["left_out"] == {}
    assert done["trained"] == list(report_plan.SYSTEMS)
    again = work_here(catalogue.workspace, "report", {})
    assert again["trained"] == []
    assert len(runs.all_runs(catalogue)) == len(report_plan.SYSTEMS)
    ids = [report.training_of(one, source=done["source"], seed=0)["run_id"] for one in report_plan.SYSTEMS.values()]
    others = [report.training_of(one, source=done["source"], seed=1)["run_id"] for one in report_plan.SYSTEMS.values()]
    assert len({*ids, *others}) == 2 * len(report_plan.SYSTEMS)


@pytest.mark.slow
def test_tables_hold_our_scores_beside_the_reports(played):
    catalogue, done = played
    found = report.replay(catalogue, source=done["source"])
    assert list(found.tables) == list(report_plan.TABLES)
    assert found.missing == ()
    table = found.tables["Table 3. From both: the linear combiner"]
    row = table[(table["system"] == "Combiner (d)") & (table["feature"] == "energy") & (table["metric"] == "mae")]
    score = runs.scores(catalogue, [row["run_id"].item()], split="test", genre="all")
    score = score[(score["feature"] == "energy") & (score["metric"] == "mae")].iloc[0]
    assert row[["value", "low", "high", "mean_value"]].iloc[0].tolist() == pytest.approx(
        score[["value", "low", "high", "mean_value"]].tolist()
    )
    assert row["published"].item() == 0.134
    assert table.loc[table["metric"] == "spearman", "published"].isna().all()
    single = found.tables["Table 2. From sound: single-task, multi-task and deep networks"]
    assert set(single.loc[single["system"] == "Simple 1D RNN", "feature"]) == {"danceability"}


@pytest.mark.slow
def test_the_combiner_stands_on_the_reports_own_runs_and_shares_their_split(played):
    catalogue, done = played
    asked = report.training_of(report_plan.SYSTEMS["combiner_d"], source=done["source"], seed=0)
    run = runs.get(catalogue, asked["run_id"])
    config = json.loads(run["config"])
    assert config["audio_run"].startswith("report-rnn-multi-task-")
    assert config["numeric_run"].startswith("report-numeric-sigmoid-")
    assert (run["source"], run["split"], run["seed"]) == (done["source"], "artist", 0)
    mistaken = report.training_of(report_plan.SYSTEMS["combiner_as_published"], source=done["source"], seed=0)
    config = json.loads(runs.get(catalogue, mistaken["run_id"])["config"])
    assert (config["reshaped_frames"], config["raw_numbers"], config["frozen"]) == (True, True, False)


@pytest.mark.slow
def test_experiments_are_paired_where_the_songs_are_the_same(played):
    catalogue, done = played
    found = report.replay(catalogue, source=done["source"]).experiments
    assert set(found["question"]) == {one.question for one in report_plan.EXPERIMENTS}
    random = found["first"].str.contains("random")
    assert found.loc[random, "low"].isna().all()
    paired = found[~random & (found["metric"] == "mae")]
    assert paired["low"].notna().all()
    assert paired["difference"].tolist() == pytest.approx((paired["first_value"] - paired["second_value"]).tolist())


@pytest.mark.slow
def test_a_library_without_sound_gets_what_numbers_give_and_new_data_is_learned_anew(
    numeric_library: Catalogue,  # noqa: F811
):
    done = work_here(numeric_library.workspace, "report", {})
    assert set(done["trained"]) == {
        "mean", "ridge_numeric", "hgb_numeric", "numeric_relu", "numeric_deep", "numeric_sigmoid", "numeric_random",
    }  # fmt: skip
    assert "at least 50 are needed" in done["left_out"]["rnn_multi_task"]
    assert "Multi-task 1D RNN" in done["left_out"]["combiner_d"]
    found = report.replay(numeric_library, source=done["source"])
    assert "Table 1. From numbers: multi-task regression" in found.tables
    assert "Multi-task 1D RNN" in found.missing
    assert {one.sentence for one in found.verdicts} == {report_plan.CLAIMS[3].sentence}

    with numeric_library.lease(write=True) as db:
        db.execute("UPDATE reference SET energy = 1 - energy WHERE track_id < 'spotify:0000000000000000000100'")
    assert work_here(numeric_library.workspace, "report", {})["trained"] == done["trained"]


@pytest.mark.parametrize(
    ("better", "verdict"),
    [
        (("second", "second"), HOLDS),
        (("second", ""), OPEN),
        (("second", "first"), FAILS),
        (("", ""), OPEN),
        (("first", "first"), FAILS),
    ],
)
def test_a_claim_holds_only_if_each_comparison_says_so(better, verdict):
    assert report.verdict_of(better) == verdict


@pytest.mark.slow
def test_the_command_prints_one_document_without_gaps_that_json_lacks(played, capsys):
    catalogue, _ = played
    assert main(["--workspace", str(catalogue.workspace.folder), "--json", "report"]) == 0
    text = capsys.readouterr().out
    document = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert set(document) == {"source", "seed", "tables", "experiments", "claims", "missing", "trained", "left_out"}
    assert {row["verdict"] for row in document["claims"]} <= {HOLDS, FAILS, OPEN}


@pytest.mark.slow
def test_the_page_shows_claims_experiments_and_tables(played, monkeypatch):
    catalogue, _ = played
    monkeypatch.setenv("SONGFEAT_WORKSPACE", str(catalogue.workspace.folder))
    at = AppTest.from_file("../app.py", default_timeout=60)
    at.switch_page(places.REPORT)
    at.run()
    assert not at.exception
    assert len(at.expander) == sum(not {claim.worse, *claim.better} & set(SLOW) for claim in report_plan.CLAIMS)
    shown = [table.value for table in at.dataframe]
    assert len(shown) == len(report_plan.TABLES)
    third = shown[2].set_index("system")
    assert third.index.tolist().count("↳ in the report") == 6
    assert not any(button.label == "Train what is missing" for button in at.button)
    texts = " ".join(element.value for element in at.markdown)
    assert all(one.question in texts for one in report_plan.EXPERIMENTS)


def test_a_table_of_the_report_says_both_figures_and_nothing_where_there_is_none():
    row = {"system": "A", "feature": "energy", "metric": "mae", "value": 0.1, "low": 0.08, "high": 0.13}
    table = pd.DataFrame(
        [
            {**row, "published": 0.089},
            {**row, "feature": AVERAGE, "published": math.nan},
            {**row, "system": "B", "feature": "danceable", "metric": "accuracy", "value": 0.7, "published": 0.83},
            {**row, "metric": "mse", "published": 0.013},
        ]
    )
    shown = tables.replayed(table, "mae")
    assert shown.to_dict("records") == [
        {"system": "A", AVERAGE: "0.100 [0.08, 0.13]", "energy": "0.100 [0.08, 0.13]", "danceable": ""},
        {"system": "↳ in the report", AVERAGE: "", "energy": "0.089", "danceable": ""},
        {"system": "B", AVERAGE: "", "energy": "", "danceable": "0.700 [0.08, 0.13]"},
        {"system": "↳ in the report", AVERAGE: "", "energy": "", "danceable": "0.830"},
    ]
