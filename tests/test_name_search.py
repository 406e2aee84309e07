"""Finding songs by name: misspelt, half typed, in any order; ranked; never older than the catalogue."""

import itertools
import os
import random
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from songfeat.text import artist_key, name_id, normalise, title_key
from store import name_index
from store.catalogue import Catalogue
from store.merge import merge
from store.migrations import MIGRATIONS
from store.name_search import find
from store.tracks import search, song
from store.workspace import Workspace

WORDS = (
    "yesterday", "paranoid", "imagine", "thriller", "heroes", "wonderwall", "creep", "crazy", "purple", "rain",
    "smoke", "water", "highway", "hell", "stairway", "heaven", "golden", "brown", "ocean", "spray", "silver",
    "machine", "dancing", "queen", "mirror", "teardrop", "angel", "paper", "planes", "midnight", "city", "electric",
)  # fmt: skip
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def rows(names: Sequence[tuple[str | None, str | None]], **more: object) -> pd.DataFrame:
    """Rows to merge, by title and artist."""
    table = pd.DataFrame(
        [
            {
                "row": number, "track_id": f"demo:{number}", "title": title, "artist": artist,
                "title_key": title_key(title or ""), "artist_key": artist_key(artist),
            }
            for number, (title, artist) in enumerate(names)
        ]
    )  # fmt: skip
    return table.assign(**more)


def library(folder: Path, names: Sequence[tuple[str | None, str | None]], **more: object) -> Catalogue:
    catalogue = Catalogue(Workspace.locate(folder))
    with catalogue.lease(write=True) as db:
        merge(db, rows(names, **more))
    return catalogue


def ids(db: duckdb.DuckDBPyConnection, query: str, limit: int) -> list[str]:
    return list(find(db, query, limit)["track_id"])


def titles(catalogue: Catalogue, query: str, limit: int = 20) -> list[str]:
    return list(search(catalogue, query, limit=limit)["title"])


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[str]]]:
    """A lease of a catalogue in which every pair of words is a title; and the titles, by track."""
    names = [(f"{first} {second}", "The Band") for first, second in itertools.permutations(WORDS, 2)]
    catalogue = library(tmp_path_factory.mktemp("many") / "w", names)
    with catalogue.lease() as db:
        yield db, [title for title, _ in names]


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_any_error_in_a_word_of_four_letters_or_more_is_forgiven(many, data: st.DataObject):
    db, names = many
    number = data.draw(st.integers(0, len(names) - 1))
    words = names[number].split()
    nth = data.draw(st.integers(0, len(words) - 1))
    word, place = words[nth], data.draw(st.integers(0, len(words[nth]) - 1))
    letter = data.draw(st.sampled_from(LETTERS))
    words[nth] = data.draw(
        st.sampled_from(
            [
                word[:place] + word[place + 1 :],
                word[:place] + letter + word[place:],
                word + letter,
                word[:place] + letter + word[place + 1 :],
                word[:place] + word[place + 1 : place + 2] + word[place] + word[place + 2 :],
            ]
        )
    )
    found = ids(db, " ".join(words), 20)
    assert f"demo:{number}" in found, (words, [names[int(one.split(":")[1])] for one in found])


def test_as_spelt_comes_before_what_is_near(many):
    db, names = many
    for number in range(0, len(names), 97):
        assert ids(db, names[number], 5)[0] == f"demo:{number}"
        backwards = " ".join(reversed(names[number].split()))
        first, second = ids(db, backwards, 2)
        assert (names[int(first.split(":")[1])], second) == (backwards, f"demo:{number}"), "any order, but that first"


def test_a_song_is_found_while_its_name_is_typed(many):
    db, names = many
    number = names.index("wonderwall teardrop")
    for typed in range(len("wonderwall t"), len(names[number]) + 1):
        assert f"demo:{number}" in ids(db, names[number][:typed], 3)
    assert f"demo:{number}" in ids(db, "wonderwall tearrd", 3), "an error in what is typed so far"
    assert f"demo:{number}" in ids(db, "wonderwal teadr", 3)


def test_the_ranking_is_exact_then_begun_then_words_anywhere_then_near(tmp_path: Path):
    names = [
        ("Dovers", "A"), ("My Lover", "B"), ("Lover", "C"), ("Lover Boy", "D"), ("Something", "Lover"),
        ("Lovers", "E"), ("Louver", "F"), ("Nothing", "G"),
    ]  # fmt: skip
    catalogue = library(tmp_path / "w", names)
    found = titles(catalogue, "lover")
    assert found[:2] == ["Lover", "Lover Boy"]
    assert set(found[2:4]) == {"My Lover", "Something"}, "a word of the artist counts as one of the title"
    assert found[4] == "Lovers", "begins so"
    assert set(found[5:]) == {"Louver"}, "Dovers has two errors in a short word"
    assert titles(catalogue, "lover d")[0] == "Lover Boy"
    assert titles(catalogue, "something lover")[0] == "Something", "title and artist are a whole name too"


def test_songs_with_a_clip_then_popular_ones_come_first_among_equals(tmp_path: Path):
    names = [("Hello", "A"), ("Hello", "B"), ("Hello", "C"), ("Hello", "D")]
    catalogue = library(tmp_path / "w", names, popularity=[10.0, None, 90.0, 20.0])
    assert list(search(catalogue, "hello")["artist"]) == ["C", "D", "A", "B"]
    with catalogue.lease(write=True) as db:
        db.execute(
            "INSERT INTO clips (sha256, track_id, path, bytes, modified_ns, seconds, sample_rate, channels, status,"
            " added_at) VALUES ('0', 'demo:0', 'x.wav', 1, 1, 1, 1, 1, 'ok', now())"
        )
    found = search(catalogue, "hello")
    assert list(found["artist"]) == ["A", "C", "D", "B"]
    assert list(found["has_clip"]) == [True, False, False, False]
    assert list(search(catalogue, "hello", limit=2)["artist"]) == ["A", "C"]


def test_names_as_people_write_them(tmp_path: Path):
    names = [
        ("Déjà Vu (feat. JAY-Z)", "Beyoncé"), ("Love the Way You Lie", "Eminem;Rihanna"), ("Группа крови", "Кино"),
        ("東京は夜の七時", "ピチカート・ファイヴ"), ("Ægis", "Sigur Rós"), ("???", "!!!"), ("La La La La", "Shakira"),
        ("1999", "Prince"), ("Blue Monday", "New Order"), (None, "Nobody"), ("Nameless", None),
    ]  # fmt: skip
    catalogue = library(tmp_path / "w", names)
    for query, title in {
        "deja vu beyonce": "Déjà Vu (feat. JAY-Z)",
        "BEYONCÉ déjà vu": "Déjà Vu (feat. JAY-Z)",
        "Déjà Vu (feat. JAY-Z)": "Déjà Vu (feat. JAY-Z)",
        "jay z": "Déjà Vu (feat. JAY-Z)",
        "rihanna lie": "Love the Way You Lie",
        "группа крови": "Группа крови",
        "групра крови": "Группа крови",
        "夜の": "東京は夜の七時",
        "東京": "東京は夜の七時",
        "ægis": "Ægis",
        "???": "???",
        "la la la la": "La La La La",
        "bluemonday": "Blue Monday",
        "blue mon day": "Blue Monday",
        "blue monday by new order": "Blue Monday",
        "nameles": "Nameless",
    }.items():
        assert titles(catalogue, query)[:1] == [title], query
    assert search(catalogue, "nobody")["artist"].tolist() == ["Nobody"]
    assert titles(catalogue, "1998") == [], "another number is another song"
    for nothing in ("", "   ", "zzzzzz", "blue zzzzzz", "qqqq zzzz xxxx", "a" * 500):
        assert titles(catalogue, nothing) == []


def test_two_errors_are_forgiven_in_long_words_alone(tmp_path: Path):
    catalogue = library(tmp_path / "w", [("Bohemian Rhapsody", "Queen"), ("Heroes", "David Bowie")])
    assert titles(catalogue, "bohmian rapsody") == ["Bohemian Rhapsody"]
    assert titles(catalogue, "boheimann") == ["Bohemian Rhapsody"]
    assert titles(catalogue, "rhpasdoy queen") == ["Bohemian Rhapsody"]
    assert titles(catalogue, "hroez") == []


def test_what_was_just_written_is_found_and_what_was_filled_in_replaces_nothing(tmp_path: Path):
    catalogue = library(tmp_path / "w", [(None, None), ("Second", "Some Band")])
    assert titles(catalogue, "first") == []
    with catalogue.lease(write=True) as db:
        merge(db, rows([("First", "Some Band"), ("Another name", "Some Band")]))
    assert titles(catalogue, "first") == ["First"]
    assert titles(catalogue, "second") == ["Second"], "what is known stays"
    assert titles(catalogue, "another name") == []
    assert titles(Catalogue(catalogue.workspace), "some band") == ["First", "Second"]
    with pytest.raises(ZeroDivisionError), catalogue.lease(write=True) as db:
        _merge_and_fail(db)
    assert titles(catalogue, "third") == []


def _merge_and_fail(db: duckdb.DuckDBPyConnection) -> None:
    merge(db, rows([("Third", "Some Band")]).assign(track_id="demo:9"))
    raise ZeroDivisionError


NAMES = st.tuples(
    st.none() | st.sampled_from(["One", "One Two", "Two (feat. Three)", "Ones"]),
    st.none() | st.sampled_from(["A Band", "A Band;Another"]),
)


@settings(max_examples=15, deadline=None)
@given(batches=st.lists(st.lists(NAMES, min_size=1, max_size=4), min_size=1, max_size=3))
@pytest.mark.slow
def test_an_index_kept_is_an_index_made_anew(tmp_path_factory: pytest.TempPathFactory, batches: list):
    catalogue = Catalogue(Workspace.locate(tmp_path_factory.mktemp("kept") / "w"))
    for batch in batches:
        with catalogue.lease(write=True) as db:
            merge(db, rows(batch))
    kept = _index(catalogue)
    with catalogue.lease(write=True) as db:
        for table in ("postings", "words", "word_endings"):
            db.execute(f"DELETE FROM {table}")
        name_index.add(db, "tracks")
    assert kept == _index(catalogue)


def _index(catalogue: Catalogue) -> list[tuple]:
    with catalogue.lease() as db:
        numbers = [number for (number,) in db.execute("SELECT number FROM tracks ORDER BY number").fetchall()]
        assert numbers == list(range(1, len(numbers) + 1)), "one number each, without gaps"
        return db.execute(
            "SELECT track_id, word, reverse(ending), place, ends FROM postings JOIN words USING (word_id)"
            " JOIN word_endings USING (word_id) JOIN tracks USING (number) ORDER BY ALL"
        ).fetchall()


def test_the_songs_of_an_older_workspace_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    catalogue = Catalogue(Workspace.locate(tmp_path / "w"))
    with monkeypatch.context() as older:
        before = [name for name, _ in MIGRATIONS].index("0007_name_index")
        older.setattr("store.migrations.MIGRATIONS", MIGRATIONS[:before])
        with catalogue.lease(write=True) as db:
            db.execute(
                "INSERT INTO tracks (track_id, title, artist, title_key, artist_key, genres, added_at) VALUES"
                " ('demo:1', 'Deep Water', 'Guest; Host', 'deep water', 'guest', [], now()),"
                " ('demo:2', 'Other', 'Host', 'other', 'host', [], now())"
            )
    assert titles(catalogue, "dep wtaer host") == ["Deep Water"]
    with catalogue.lease(write=True) as db:
        merge(db, rows([("Third Thing", "Host")]).assign(track_id="demo:3"))
    assert set(titles(catalogue, "host")) == {"Deep Water", "Other", "Third Thing"}
    assert "number" not in song(catalogue, "demo:1")["track"]


@pytest.mark.slow
def test_real_titles_with_accents_are_found_without_them_and_misspelt(tmp_path: Path):
    folder = os.environ.get("SONGFEAT_REAL_DATA")
    if not folder:
        pytest.skip("no real data")
    table = pd.read_parquet(Path(folder) / "spotify_tracks.parquet", columns=["track_name", "artist"]).dropna()
    accented = table[~table["track_name"].map(str.isascii)].head(3000)
    names = list(accented.itertuples(index=False, name=None))
    catalogue = library(tmp_path / "w", names)
    chance = random.Random(0)
    with catalogue.lease() as db:
        tracks = dict(db.execute("SELECT title || chr(0) || artist, track_id FROM tracks").fetchall())
        for title, artist in chance.sample(names, 60):
            wanted = tracks[f"{' '.join(title.split())}\0{artist}"]
            bare = "".join(c for c in unicodedata.normalize("NFKD", title) if not unicodedata.combining(c))
            assert wanted in ids(db, f"{bare} {artist}", 10), (title, artist)
            words = normalise(title).split()
            if len(long := [word for word in words if word.isascii() and word.isalpha() and len(word) >= 4]):
                word = chance.choice(long)
                cut = chance.randrange(len(word))
                query = normalise(f"{title} {artist}").replace(word, word[:cut] + word[cut + 1 :], 1)
                assert wanted in ids(db, query, 10), query


def test_a_name_of_a_name_id_is_found(tmp_path: Path):
    catalogue = Catalogue(Workspace.locate(tmp_path / "w"))
    with catalogue.lease(write=True) as db:
        merge(db, rows([("Only Named", "Band")]).assign(track_id=name_id("band", "only named")))
    assert titles(catalogue, "only named") == ["Only Named"]
