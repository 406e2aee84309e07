"""The pages that list runs and show errors by genre."""

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import places, tables, words
from songfeat.labels import AVERAGE, TARGETS
from songfeat.metrics import ALL
from store import runs
from store.catalogue import Catalogue
from store.workspace import Workspace
from tests.test_pages import library, no_demo, pick, show, texts  # noqa: F401 - fixtures among them


@pytest.fixture
def filled(library: Workspace, monkeypatch) -> Workspace:  # noqa: F811
    monkeypatch.setenv("SONGFEAT_WORKSPACE", str(library.folder))
    return library


def board(workspace: Workspace, metric: str):
    catalogue = Catalogue(workspace)
    table = runs.all_runs(catalogue)
    scores = runs.scores(catalogue, list(table["run_id"]), split="test", genre=ALL)
    return tables.leaderboard(table, scores, words.run_labels(table), {}, metric=metric), scores


@pytest.mark.parametrize("metric", ["mae", "pearson", "r2"])
def test_the_leaderboard_has_the_mean_first_then_the_best_and_the_report_last(filled: Workspace, metric: str):
    table, scores = board(filled, metric)
    ours = table[table["run_id"] != ""]
    averages = scores[(scores["feature"] == AVERAGE) & (scores["metric"] == metric)].set_index("run_id")["value"]
    rest = averages[ours["run_id"].iloc[1:]].tolist()
    assert "mean" in ours["run"].iloc[0]
    assert rest == sorted(rest, reverse=metric != "mae")
    theirs = table[table["run_id"] == ""]
    assert len(theirs) == (0 if metric == "r2" else 3)
    assert list(table.columns) == ["run_id", "run", "split", "n", AVERAGE, *TARGETS, "note"]
    assert [name.endswith("hardly varies") for name in ours["run"]] == [True, False, False]
    if metric == "mae":
        assert theirs["energy"].tolist() == ["0.089", "0.107", "0.134"]


def test_runs_shows_what_one_was_asked_for_and_how_two_differ(filled: Workspace):
    at = show(places.RUNS)
    assert len(at.dataframe) == 1
    assert "Choose a run in the table" in texts(at)
    at = show(places.RUNS, source="demo")
    assert pick(at, "selectbox", "Whose values").value == "demo"


def test_genres_shows_a_heatmap_and_the_songs_behind_a_number(filled: Workspace):
    at = show(places.GENRES)
    assert "Behind a number" in texts(at)
    pick(at, "selectbox", "Target").select("energy").run()
    assert not at.exception
    assert "whose energy it is most wrong about" in texts(at)
    assert sum(element.value.startswith("predicted **") for element in at.markdown) > 0


def test_genres_of_two_runs_says_where_one_beats_the_other(filled: Workspace):
    ids = runs.all_runs(Catalogue(filled)).set_index("model")["run_id"]
    at = AppTest.from_file("../app.py", default_timeout=30)
    at.switch_page(places.GENRES)
    at.query_params["run"] = [ids["lstm_multitask"], ids["numeric_mlp"]]
    at.run()
    assert not at.exception
    assert "Where one beats the other" in texts(at)


def test_genres_sorts_by_the_error_on_a_target(filled: Workspace):
    at = show(places.GENRES)
    pick(at, "button_group", "Order").set_value("energy").run()
    assert not at.exception
