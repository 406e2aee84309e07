"""Songs and values that arrive: found again by id or by name, filled in, never doubled."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from songfeat.text import artist_key, name_id, title_key
from store.catalogue import Catalogue
from store.merge import Merged, merge
from store.workspace import Workspace

A, B, C = (letter * 22 for letter in "ABC")


@pytest.fixture
def catalogue(tmp_path) -> Catalogue:
    return Catalogue(Workspace.locate(tmp_path / "w"))


def song(
    title: str, artist: str = "Some Band", *, spotify: str | None = None, local: str | None = None, **more
) -> dict:
    keys = {"title_key": title_key(title), "artist_key": artist_key(artist)}
    own = (
        f"spotify:{spotify}"
        if spotify
        else f"local:{local}"
        if local
        else name_id(keys["artist_key"], keys["title_key"])
    )
    return {
        "track_id": own, "spotify_id": spotify, "title": title, "artist": artist, "source": "table:x", "energy": 0.5,
        **keys, **more,
    }  # fmt: skip


def bring(catalogue: Catalogue, *songs: dict) -> Merged:
    rows = pd.DataFrame(songs).rename_axis("row").reset_index()
    with catalogue.lease(write=True) as db:
        return merge(db, rows)


def table(catalogue: Catalogue, name: str) -> pd.DataFrame:
    with catalogue.lease() as db:
        return db.execute(f"SELECT * FROM {name} ORDER BY ALL").df()


def counts(merged: Merged) -> tuple[int, int, int, int]:
    return merged.added, merged.updated, merged.unchanged, merged.duplicates


def test_the_same_rows_again_change_nothing(catalogue: Catalogue):
    songs = [song("One", spotify=A), song("Two"), song("Two", genre="pop"), song("Three", local="ff")]
    assert counts(bring(catalogue, *songs)) == (3, 0, 0, 1)
    before = table(catalogue, "tracks"), table(catalogue, "reference")
    assert counts(bring(catalogue, *songs)) == (0, 0, 3, 1)
    pd.testing.assert_frame_equal(table(catalogue, "tracks"), before[0])
    pd.testing.assert_frame_equal(table(catalogue, "reference"), before[1])


def test_several_genres_of_one_track_are_kept(catalogue: Catalogue):
    bring(catalogue, song("One", spotify=A, genre="pop"), song("One", spotify=A, genre="dance"))
    bring(catalogue, song("One", spotify=A, genre="soul"))
    (track,) = table(catalogue, "tracks").itertuples()
    assert track.genre == "pop"
    assert sorted(track.genres) == ["dance", "pop", "soul"]


def test_gaps_are_filled_and_what_is_known_stays(catalogue: Catalogue):
    bring(catalogue, song("One", spotify=A, album="First", year=None))
    merged = bring(catalogue, song("One", spotify=A, album="Second", year=1999))
    assert counts(merged) == (0, 1, 0, 0)
    (track,) = table(catalogue, "tracks").itertuples()
    assert (track.album, track.year) == ("First", 1999)


def test_a_source_replaces_its_own_values_and_no_other(catalogue: Catalogue):
    bring(catalogue, song("One", spotify=A, source="spotify", energy=0.2, tempo=100.0))
    bring(catalogue, song("One", spotify=A, source="echonest", energy=0.9))
    merged = bring(catalogue, song("One", spotify=A, source="spotify", energy=0.3))
    assert counts(merged) == (0, 1, 0, 0)
    values = table(catalogue, "reference").set_index("source")
    assert values["energy"].to_dict() == {"spotify": 0.3, "echonest": 0.9}
    assert values.loc["spotify", "tempo"] == 100.0


def test_a_row_without_an_id_joins_the_song_of_its_name(catalogue: Catalogue):
    bring(catalogue, song("One (feat. Nobody)", spotify=A, source="spotify"))
    merged = bring(catalogue, song("ONE", artist="Some  Band", source="table:y"))
    assert merged.track_ids.tolist() == [f"spotify:{A}"]
    assert len(table(catalogue, "tracks")) == 1


def test_two_ids_of_one_name_stay_two_songs(catalogue: Catalogue):
    assert bring(catalogue, song("One", spotify=A), song("One", spotify=B)).added == 2


def test_a_song_without_an_id_takes_the_one_that_arrives_later(catalogue: Catalogue):
    bring(catalogue, song("One"))
    songs = [song("One", spotify=A), song("One", spotify=B)]
    first = bring(catalogue, *songs)
    again = bring(catalogue, *songs)
    assert counts(first) == (1, 1, 0, 0)
    assert counts(again) == (0, 0, 2, 0)
    assert first.track_ids.tolist() == again.track_ids.tolist() == [song("One")["track_id"], f"spotify:{B}"]


def test_a_file_joins_the_song_of_its_name(catalogue: Catalogue):
    bring(catalogue, song("One", spotify=A))
    merged = bring(catalogue, song("One", local="ff", source=None), song("Two", local="ee", source=None))
    assert merged.track_ids.tolist() == [f"spotify:{A}", "local:ee"]


def test_songs_of_unknown_artists_are_not_joined_by_title(catalogue: Catalogue):
    bring(catalogue, song("Intro", artist="", spotify=A))
    assert bring(catalogue, song("Intro", artist="", local="ff")).added == 1


NAMES = st.sampled_from(["One", "Two", "one!", "TWO (feat. X)"])
SONGS = st.builds(
    song,
    NAMES,
    st.sampled_from(["Some Band", "Other", ""]),
    spotify=st.sampled_from([None, None, A, B, C]),
    source=st.sampled_from(["spotify", "table:x"]),
    genre=st.sampled_from([None, "pop", "rock"]),
    energy=st.sampled_from([None, 0.1, 0.9]),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(SONGS, min_size=1, max_size=6), st.lists(SONGS, min_size=1, max_size=6))
@pytest.mark.slow
def test_whatever_arrives_merging_it_twice_is_merging_it_once(tmp_path_factory, before, batch):
    catalogue = Catalogue(Workspace.locate(tmp_path_factory.mktemp("w")))
    bring(catalogue, *before)
    first = bring(catalogue, *batch)
    again = bring(catalogue, *batch)
    assert (again.added, again.updated) == (0, 0)
    assert again.track_ids.tolist() == first.track_ids.tolist()
    tracks = table(catalogue, "tracks")
    assert tracks["track_id"].is_unique
    assert set(table(catalogue, "reference")["track_id"]) <= set(tracks["track_id"])
    assert set(first.track_ids) <= set(tracks["track_id"])
