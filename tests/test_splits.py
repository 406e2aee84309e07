"""Parts of a split: whole artists, complete, reproducible, and stable as a library grows."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from songfeat.errors import ConfigError, DataError, UnknownName
from songfeat.splits import FEW_GROUPS, PARTS, artist_groups, split

ROOT = Path(__file__).parents[1]

artist_lists = st.lists(st.sampled_from(["", *(f"artist {i}" for i in range(12))]), min_size=3, max_size=60).filter(
    lambda artists: len(set(artists) - {""}) + artists.count("") >= 3
)


def library(artists: list[str], start: int = 0) -> pd.DataFrame:
    index = pd.Index([f"local:{start + i}" for i in range(len(artists))], name="track_id")
    return pd.DataFrame({"artist": artists}, index=index)


def large(n_tracks: int, n_artists: int, seed: int = 0) -> pd.DataFrame:
    return library([f"artist {i}" for i in np.random.default_rng(seed).integers(0, n_artists, n_tracks)])


def shares(parts: pd.Series) -> list[float]:
    return [float((parts == part).mean()) for part in PARTS]


@given(artists=artist_lists, seed=st.integers(0, 2**32))
def test_every_track_has_one_part_and_no_part_is_empty(artists, seed):
    tracks = library(artists)
    parts = split(tracks, seed=seed)
    assert parts.index.equals(tracks.index)
    assert set(parts) == set(PARTS)


@given(artists=artist_lists, seed=st.integers(0, 2**32))
def test_no_known_artist_stands_in_two_parts(artists, seed):
    tracks = library(artists)
    known = tracks["artist"] != ""
    parts_of_artist = split(tracks, seed=seed)[known].groupby(tracks["artist"][known]).nunique()
    assert (parts_of_artist <= 1).all()


def test_no_artist_of_a_large_library_stands_in_two_parts():
    tracks = large(20_000, 4_000)
    assert (split(tracks).groupby(tracks["artist"]).nunique() == 1).all()


@given(artists=artist_lists, seed=st.integers(0, 100), order=st.randoms(use_true_random=False))
def test_the_order_of_rows_means_nothing(artists, seed, order):
    tracks = library(artists)
    rows = list(tracks.index)
    order.shuffle(rows)
    pd.testing.assert_series_equal(split(tracks.loc[rows], seed=seed).loc[tracks.index], split(tracks, seed=seed))


@pytest.mark.parametrize("by", ["artist", "random"])
def test_another_process_gives_the_same_parts(by):
    """Python's own hash of a string differs from process to process; a split must not."""
    code = (
        "from tests.test_splits import large\nfrom songfeat.splits import split\n"
        f"print(','.join(split(large(300, 250), by={by!r}, seed=3)))"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()
        for _ in range(2)
    }
    assert answers == {",".join(split(large(300, 250), by=by, seed=3))}


def test_parts_are_those_of_the_documented_hash():
    """Worked by hand from BLAKE2b, so that a change of the rule shows: old runs must stay comparable."""
    from hashlib import blake2b

    tracks = library([f"artist {i}" for i in range(FEW_GROUPS + 50)])
    parts = split(tracks, seed=5)
    for track, artist in tracks["artist"].items():
        number = int.from_bytes(blake2b(f"5\0{artist}".encode(), digest_size=8).digest()) / 2**64
        assert parts[track] == ("train" if number < 0.70 else "val" if number < 0.85 else "test")


@pytest.mark.parametrize("n_artists", [40, 2_000])
def test_the_seed_matters(n_artists):
    tracks = large(4_000, n_artists)
    assert (split(tracks, seed=0) != split(tracks, seed=1)).mean() > 0.2


@settings(max_examples=20)
@given(
    extra=st.lists(st.text("abcdefgh", max_size=3), min_size=1, max_size=200), by=st.sampled_from(["artist", "random"])
)
def test_tracks_added_to_a_large_library_move_no_others(extra, by):
    tracks = large(2_000, 600)
    grown = pd.concat([library(extra, start=10_000), tracks])
    pd.testing.assert_series_equal(split(grown, by=by).loc[tracks.index], split(tracks, by=by))


def test_large_libraries_get_the_fractions_asked_for():
    tracks = large(60_000, 15_000)
    assert shares(split(tracks)) == pytest.approx([0.70, 0.15, 0.15], abs=0.015)
    assert shares(split(tracks, fractions=(0.5, 0.2, 0.3))) == pytest.approx([0.5, 0.2, 0.3], abs=0.015)


@given(seed=st.integers(0, 1000), n_artists=st.integers(20, FEW_GROUPS - 1))
def test_small_libraries_get_the_fractions_to_within_an_artist(seed, n_artists):
    """Artists of up to four tracks: half of one is the furthest that each of the two boundaries can be off."""
    tracks = library([f"artist {i}" for i in range(n_artists) for _ in range(1 + i % 4)])
    assert shares(split(tracks, seed=seed)) == pytest.approx([0.70, 0.15, 0.15], abs=4 / len(tracks) + 1e-9)


def test_few_artists_one_of_them_with_a_third_of_the_tracks():
    tracks = library([*["prolific"] * 100, *(f"artist {i}" for i in range(90) for _ in range(2))])
    for seed in range(50):
        parts = split(tracks, seed=seed)
        assert parts[tracks["artist"] == "prolific"].nunique() == 1
        assert min(shares(parts)) > 0.04


def test_fractions_that_hashing_would_leave_empty_still_give_three_parts():
    tracks = library([f"artist {i}" for i in range(FEW_GROUPS)])
    for seed in range(20):
        assert set(split(tracks, seed=seed, fractions=(0.998, 0.001, 0.001))) == set(PARTS)


def test_random_ignores_artists():
    tracks = large(20_000, 200)
    assert (split(tracks, by="random").groupby(tracks["artist"]).nunique() == 3).all()


@pytest.mark.parametrize("unknown", ["", None, np.nan])
def test_tracks_of_unknown_artist_are_groups_of_their_own(unknown):
    artists = pd.Series(["abba", unknown, unknown], index=["local:1", "local:2", "local:3"], dtype=object)
    assert artist_groups(artists).to_dict() == {"local:1": "abba", "local:2": "local:2", "local:3": "local:3"}
    assert shares(split(library([""] * 2_000))) == pytest.approx([0.70, 0.15, 0.15], abs=0.04)


def test_two_artists_are_too_few():
    with pytest.raises(DataError, match="at least 3 artists, got 2"):
        split(library(["a", "b", "a", "b"]))
    with pytest.raises(DataError, match="at least 3 tracks, got 2"):
        split(library(["a", "b"]), by="random")
    with pytest.raises(DataError, match="got 0"):
        split(library([]))


def test_an_unknown_way_to_split_is_refused():
    with pytest.raises(UnknownName, match="artist, random"):
        split(library(["a", "b", "c"]), by="artits")


def test_a_track_that_stands_twice_is_refused():
    with pytest.raises(DataError, match="local:0"):
        split(pd.concat([library(["a", "b", "c"]), library(["d"])]))


@pytest.mark.parametrize(
    "fractions", [(0.7, 0.3), (0.7, 0.2, 0.2), (1.0, 0.0, 0.0), (0.7, float("nan"), 0.3), (70, 15, 15)]
)
def test_fractions_that_are_no_shares_are_refused(fractions):
    with pytest.raises(ConfigError, match="fractions"):
        split(library(["a", "b", "c"]), fractions=fractions)


@pytest.mark.real
def test_real_artists_stand_in_one_part(real_data):
    from songfeat.text import artist_key

    table = pd.read_parquet(real_data / "spotify_tracks.parquet", columns=["artist"])
    keys = {artist: artist_key(artist) for artist in table["artist"].dropna().unique()}
    tracks = library(table["artist"].map(keys).fillna("").tolist())
    parts = split(tracks)
    known = tracks["artist"] != ""
    assert (parts[known].groupby(tracks["artist"][known]).nunique() == 1).all()
    assert shares(parts) == pytest.approx([0.70, 0.15, 0.15], abs=0.01)
