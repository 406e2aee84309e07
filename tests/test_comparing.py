"""Two runs on the same songs, and scores against each source: through the catalogue and the command line."""

import json

import numpy as np
import pandas as pd
import pytest

from songfeat import metrics
from songfeat.cli import main
from songfeat.errors import ConfigError, DataError, UnknownName
from songfeat.labels import TARGETS
from store import comparing, runs
from store.catalogue import Catalogue
from store.merge import merge
from store.worker import work_here
from tests.test_train import catalogue, table  # noqa: F401 - a fixture

OTHER = "table:other"


@pytest.fixture
def two_sources(catalogue: Catalogue) -> Catalogue:  # noqa: F811
    """Another source knows every fourth song, and ten that the first does not; it gives higher energies."""
    rows = table()
    values = rows[list(TARGETS)].fillna(0.5)
    values["energy"] = (values["energy"] + 0.1).clip(0, 1)
    rows = rows.assign(**values, source=OTHER, year=1990 + rows["row"] % 20)
    with catalogue.lease(write=True) as db:
        merge(db, rows[(rows["row"] % 4 == 0) | (rows["row"] < 10)])
    return catalogue


def train(catalogue: Catalogue, model: str = "ridge_numeric", **params) -> str:  # noqa: F811
    return work_here(catalogue.workspace, "train", {"model": model, **params})["run_id"]


def test_a_comparison_is_that_of_the_metrics_on_the_shared_songs(catalogue: Catalogue):  # noqa: F811
    first, second = train(catalogue), train(catalogue, "numeric_mlp", settings={"epochs": "1"})
    found = comparing.compare(catalogue, first, second)
    assert found.notes == ()
    table_ = found.table.set_index(["genre", "feature", "metric"])
    scores = {
        run_id: runs.scores(catalogue, [run_id], split="test").set_index(["genre", "feature", "metric"])["value"]
        for run_id in (first, second)
    }
    for side, run_id in (("first", first), ("second", second)):
        pd.testing.assert_series_equal(
            table_[side].sort_index(), scores[run_id].sort_index(), check_names=False, rtol=1e-5
        )
    assert set(table_.xs("mae", level="metric").xs("all")["better"]) == {"first"}
    assert found.tracks == runs.get(catalogue, first)["n_test"]
    of_genre = comparing.compare(catalogue, first, second, genre="pop").table
    assert set(of_genre["genre"]) == {"pop"}


@pytest.mark.slow
def test_other_seeds_splits_and_sources_are_told_of(two_sources: Catalogue):
    first = train(two_sources, source="spotify")
    for params, said in (
        ({"seed": 1, "source": "spotify"}, "different seeds, 0 and 1"),
        ({"split": "random", "source": "spotify"}, "the second may have learned from other songs"),
        ({"source": OTHER}, f"the second from {OTHER}: both are measured against spotify"),
    ):
        second = train(two_sources, **params)
        found = comparing.compare(two_sources, first, second)
        assert len(found.notes) == 1
        assert said in found.notes[0]
        assert 0 < found.tracks < runs.get(two_sources, first)["n_test"]
        again = comparing.compare(two_sources, second, first)
        assert again.tracks <= found.tracks


def test_what_cannot_be_compared_is_said(catalogue: Catalogue):  # noqa: F811
    first, other = train(catalogue, targets=["energy"]), train(catalogue, targets=["speechiness"])
    with pytest.raises(DataError, match="there are no values of one feature to compare"):
        comparing.compare(catalogue, first, other)
    with pytest.raises(ConfigError, match="named twice"):
        comparing.compare(catalogue, first, first)
    with pytest.raises(UnknownName, match="'nobody'"):
        comparing.compare(catalogue, first, "nobody")
    with pytest.raises(DataError, match=r"of the genre 'polka'; there are all, metal, pop"):
        comparing.compare(
            catalogue, first, train(catalogue, targets=["energy", "valence"], model="mean"), genre="polka"
        )


def test_each_track_learns_from_the_first_source_that_knows_it(two_sources: Catalogue):
    joint = train(two_sources, source=["spotify", OTHER])
    run = runs.get(two_sources, joint)
    assert run["source"] == f"spotify + {OTHER}"
    snapshot = pd.read_parquet(two_sources.workspace.runs / joint / "snapshot.parquet")
    by_source = snapshot.groupby("label_source").size().to_dict()
    assert by_source == {"spotify": 380, OTHER: 10}
    reverse = train(two_sources, source=[OTHER, "spotify"])
    snapshot = pd.read_parquet(two_sources.workspace.runs / reverse / "snapshot.parquet")
    assert snapshot.groupby("label_source").size()[OTHER] == 105
    with pytest.raises(ConfigError, match="'spotify' is named twice"):
        train(two_sources, source=["spotify", "spotify"])


def test_scores_are_told_apart_by_source_and_by_decade(two_sources: Catalogue):
    run_id = train(two_sources, source="spotify")
    pairs = runs.pairs(two_sources, run_id)
    whole = runs.scores(two_sources, [run_id], split="test", genre="all").query("metric == 'mae'")
    by_source = runs.scores(two_sources, [run_id], split="test", by="label_source").query("metric == 'mae'")
    by_source = by_source.set_index(["label_source", "feature"])
    assert {name for name, _ in by_source.index} == {"all", "spotify", OTHER}
    np.testing.assert_allclose(by_source.loc["spotify", "value"], whole["value"])
    of_other = runs.pairs(two_sources, run_id, source=OTHER).query("feature == 'energy'")
    error = (of_other["predicted"] - of_other["reference"]).abs()
    score = by_source.loc[(OTHER, "energy")]
    assert (score["n"], score["value"]) == (len(error), pytest.approx(error.mean(), rel=1e-5))
    assert score["value"] > by_source.loc[("spotify", "energy"), "value"]

    by_decade = runs.scores(two_sources, [run_id], split="test", by="decade").query("metric == 'mae'")
    by_decade = by_decade.set_index(["decade", "feature"])
    assert {name for name, _ in by_decade.index} == {"all", "1990s", "2000s"}
    with two_sources.lease() as db:
        nineties = db.execute("SELECT track_id FROM tracks WHERE year BETWEEN 1990 AND 1999").df()["track_id"]
    inside = pairs[pairs["track_id"].isin(nineties) & (pairs["feature"] == "energy")]
    error = (inside["predicted"] - inside["reference"]).abs()
    score = by_decade.loc[("1990s", "energy")]
    assert (score["n"], score["value"]) == (len(error), pytest.approx(error.mean(), rel=1e-5))


def test_the_command_compares_and_groups(two_sources: Catalogue, capsys):
    first, second = train(two_sources, source="spotify"), train(two_sources, "mean", source="spotify")
    workspace = ["--workspace", str(two_sources.workspace.folder), "--json"]
    assert main([*workspace, "compare", first, second]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["first"], document["second"]) == (first, second)
    assert set(document["comparison"][0]) == set(metrics.COMPARISON_COLUMNS)
    assert main([*workspace, "scores", first, "--by", "source", "--split", "test"]) == 0
    scores = json.loads(capsys.readouterr().out)["scores"]
    assert {row["label_source"] for row in scores} == {"all", "spotify", OTHER}
    assert main([*workspace, "scores", first, "--by", "decade"]) == 0
    assert {row["decade"] for row in json.loads(capsys.readouterr().out)["scores"]} == {"all", "1990s", "2000s"}
    assert main([*workspace, "compare", first, first]) == 1
