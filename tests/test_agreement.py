"""Two sources side by side: what is said of them follows from the values, and songs are found again by name."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from songfeat.agreement import COMPARABLE, agreement
from songfeat.cli import main
from songfeat.errors import LabelMismatch, UnknownName
from songfeat.labels import TARGETS
from store import agreement as agreements
from store.answers import source_agreement
from store.catalogue import Catalogue
from store.merge import merge
from store.worker import work_here
from store.workspace import Workspace
from tests.workspaces import song_rows

# Values as providers give them: with at most four digits.
VALUES = st.integers(0, 10_000).map(lambda number: number / 10_000)


def frame(values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"energy": values}, index=[f"song {number}" for number in range(len(values))])


def said(first: np.ndarray, second: np.ndarray, draws: int = 0) -> pd.DataFrame:
    a, b = frame(first), frame(second)
    artists = pd.Series([f"artist {number // 2}" for number in range(len(a))], index=a.index)
    return agreement(a, b, artists=artists, draws=draws).set_index("metric")


@settings(deadline=None)
@given(pairs=arrays(float, st.tuples(st.integers(2, 40), st.just(2)), elements=VALUES))
def test_it_is_what_its_definition_says(pairs: np.ndarray):
    first, second = pairs.T
    table = said(first, second)["value"]
    difference = first - second
    assert table["mae"] == pytest.approx(np.abs(difference).mean(), abs=1e-12)
    assert table["bias"] == pytest.approx(difference.mean(), abs=1e-12)
    spread = 1.96 * difference.std(ddof=1)
    assert table["lower_limit"] == pytest.approx(difference.mean() - spread, abs=1e-6)
    assert table["upper_limit"] == pytest.approx(difference.mean() + spread, abs=1e-6)
    if min(first.std(), second.std()) > 1e-4:
        assert table["pearson"] == pytest.approx(np.corrcoef(first, second)[0, 1], abs=1e-6)
    swapped = said(second, first)["value"]
    assert swapped["bias"] == pytest.approx(-table["bias"], abs=1e-12)
    assert swapped["lower_limit"] == pytest.approx(-table["upper_limit"], abs=1e-6)


def test_a_source_agrees_with_itself_and_with_a_shifted_self_in_order():
    values = np.random.default_rng(0).uniform(0.2, 0.8, 60)
    same = said(values, values, draws=200)
    assert same["value"].to_dict() == pytest.approx(
        {"pearson": 1, "mae": 0, "bias": 0, "lower_limit": 0, "upper_limit": 0}, abs=1e-9
    )
    shifted = said(values + 0.1, values, draws=200)
    assert shifted["value"]["bias"] == pytest.approx(0.1)
    assert shifted["low"]["bias"] == pytest.approx(0.1)
    assert shifted["value"]["pearson"] == pytest.approx(1)


def test_intervals_hold_the_value_and_narrow_with_songs():
    rng = np.random.default_rng(1)
    widths = []
    for n in (40, 640):
        values = rng.uniform(0, 1, n)
        table = said(values, values + rng.normal(0, 0.1, n), draws=400)
        assert (table["low"] <= table["value"]).all()
        assert (table["value"] <= table["high"]).all()
        widths.append((table["high"] - table["low"])["mae"])
    assert widths[1] < widths[0] / 2


def test_gaps_are_left_out_and_nothing_is_made_of_nothing():
    first, second = np.array([0.1, np.nan, 0.3, 0.4]), np.array([0.2, 0.2, np.nan, 0.4])
    table = said(first, second)
    assert set(table["n"]) == {2}
    assert table["value"]["mae"] == pytest.approx(0.05)
    nothing = said(np.array([np.nan, 0.1]), np.array([0.2, np.nan]))
    assert set(nothing["n"]) == {0}
    assert nothing["value"].isna().all()
    with pytest.raises(LabelMismatch):
        agreement(frame(first), frame(first).rename(columns={"energy": "tempo"}), artists=pd.Series(dtype=str))


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    """Twenty songs of ``demo``; the first twelve in ``table:b`` under other ids, one of them twice."""
    catalogue = Catalogue(Workspace(tmp_path / "w"))
    rows = song_rows(20)
    other = rows.head(12).assign(source="table:b", track_id=[f"fma:{number}" for number in range(12)])
    other[list(TARGETS)] += 0.05
    again = other.head(1).assign(track_id="fma:99", row=50, energy=0.0)
    with catalogue.lease(write=True) as db:
        merge(db, rows)
        merge(db, pd.concat([other, again]))
    return catalogue


def test_songs_are_found_again_by_name(catalogue: Catalogue):
    songs = agreements.pairs(catalogue, "demo", "table:b")
    assert len(songs) == 12
    assert set(songs["other_track_id"]) == {f"fma:{number}" for number in range(12)}
    table = agreements.scores(catalogue, "demo", "table:b").set_index(["feature", "metric"])
    assert set(table.index.get_level_values("feature")) == set(COMPARABLE) - {"liveness"}
    assert table["value"]["energy", "bias"] == pytest.approx(-0.05)
    assert table["value"]["tempo", "mae"] == 0
    with pytest.raises(UnknownName, match="demo"):
        agreements.pairs(catalogue, "demo", "deezer")


def test_the_command_line_says_it_in_json(catalogue: Catalogue, capsys):
    assert main(["--workspace", str(catalogue.workspace.folder), "agreement", "demo", "table:b", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["first"], answer["second"], answer["songs"]) == ("demo", "table:b", 12)
    assert {"feature", "metric", "value", "low", "high", "n"} == set(answer["agreement"][0])
    assert {one["metric"] for one in answer["agreement"]} == {"pearson", "mae", "bias", "lower_limit", "upper_limit"}


def test_spotify_and_the_echo_nest_on_real_songs(real_data: Path, tmp_path: Path):
    echonest = pd.read_parquet(real_data / "fma_echonest.parquet")
    spotify = pd.read_parquet(real_data / "spotify_tracks.parquet")
    artists = set(echonest["artist"].str.casefold())
    spotify[spotify["artist"].str.casefold().isin(artists)].to_parquet(tmp_path / "spotify.parquet")
    workspace = Workspace(tmp_path / "w")
    for path, source in ((real_data / "fma_echonest.parquet", "echonest"), (tmp_path / "spotify.parquet", "spotify")):
        work_here(workspace, "import", {"files": [str(path)], "source": source})
    answer = source_agreement(Catalogue(workspace), "echonest", "spotify")
    assert 15 <= answer["songs"] <= 30
    says = {(one["feature"], one["metric"]): one["value"] for one in answer["agreement"]}
    assert says["danceability", "pearson"] > 0.9
    assert says["acousticness", "pearson"] < 0.6
    assert says["speechiness", "pearson"] < 0.3
