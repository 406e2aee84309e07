"""Rows of tables as songs and reference values, and what is turned away."""

import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from songfeat.genres import GENRE_GROUPS
from songfeat.labels import FEATURES
from songfeat.text import artist_key, name_id, title_key
from store.sources.table_files import join_tables, read_table
from store.sources.table_layout import guess_mapping
from store.sources.table_rows import CleanRows, clean

IDS = ["0aB1cD2eF3gH4iJ5kL6mN" + str(number) for number in range(6)]


def cleaned(frame: pd.DataFrame, **overrides: str) -> CleanRows:
    return clean(frame, guess_mapping(list(frame), frame, overrides))


def rows(**columns: list[object]) -> pd.DataFrame:
    frame = pd.DataFrame({name: pd.Series(values) for name, values in columns.items()})
    return frame.astype({name: "str" for name in frame if frame[name].dtype == object})


@pytest.fixture
def from_text(tmp_path):
    def read(*texts: str, encoding: str = "utf-8", **overrides: str) -> CleanRows:
        paths = [tmp_path / f"{number}.csv" for number in range(len(texts))]
        for path, text in zip(paths, texts, strict=True):
            path.write_bytes(text.encode(encoding))
        return cleaned(join_tables({path: read_table(path) for path in paths}, overrides), **overrides)

    return read


def test_a_row_becomes_a_song_and_its_values(from_text):
    result = from_text(
        "track_id,track_name,track_artist,album_name,genre,year,duration_ms,popularity,isrc,preview_url,energy,key,tempo\n"
        f"spotify:track:{IDS[0]},Halo (feat. Otis),Mae Low;Otis Vane,Sun,deep house,2019-05-03,215500,44,"
        "us-abc-21-00001,https://p.example/a.mp3,0.25,C#,120.5\n"
    )
    assert result.rows == 1
    assert result.tracks.iloc[0].dropna().to_dict() == {
        "row": 0, "file": "", "line": 2, "track_id": f"spotify:{IDS[0]}", "spotify_id": IDS[0],
        "title": "Halo (feat. Otis)", "artist": "Mae Low;Otis Vane", "artist_key": "mae low", "title_key": "halo",
        "album": "Sun", "genre": "deep house", "genre_group": "electronic", "year": 2019, "duration_s": 215.5,
        "popularity": 44.0, "isrc": "USABC2100001", "preview_url": "https://p.example/a.mp3",
    }  # fmt: skip
    values = {"row": 0, "track_id": f"spotify:{IDS[0]}", "energy": 0.25, "key": 1.0, "tempo": 120.5}
    assert result.reference.iloc[0].dropna().to_dict() == values
    assert list(result.reference) == ["row", "track_id", *FEATURES]
    assert result.rejects.empty


def test_types_are_the_same_whether_or_not_a_column_is_there():
    small, large = cleaned(rows(title=["A"], artist=["X"])), cleaned(rows(title=["A"], energy=["0.5"], year=["1999"]))
    assert small.tracks.dtypes.to_dict() == large.tracks.dtypes.to_dict()
    assert small.reference.dtypes.to_dict() == large.reference.dtypes.to_dict()
    assert small.rejects.dtypes.to_dict() == cleaned(rows(title=["A"], energy=["2.5"])).rejects.dtypes.to_dict()
    assert small.tracks["year"].dtype == "Int64"


def test_a_bad_cell_costs_that_cell_only(from_text):
    result = from_text(
        "name,artist,Danceability,tempo,year,popularity,isrc,preview_url,duration_ms\n"
        "A,X,1e9,120,1999,50,,,1000\nB,X,0.5,fast,99,101,123,ftp://a,-5\nC,X,0.6,0,0,,undefined,null,0\n"
    )
    assert result.tracks["title"].tolist() == ["A", "B", "C"]
    assert result.reference["danceability"].fillna(-1).tolist() == [-1, 0.5, 0.6]
    assert result.reference["tempo"].fillna(-1).tolist() == [120, -1, -1]
    assert result.tracks["duration_s"].fillna(-1).tolist() == [1.0, -1, -1]
    said = result.rejects[["line", "column", "value", "reason"]].to_numpy().tolist()
    assert said == [
        [2, "Danceability", "1e9", "1e9 is above 1, the largest danceability there can be"],
        [3, "tempo", "fast", "'fast' cannot be read; tempo is a number from 20 to 260 BPM"],
        [3, "year", "99", "99 is below 1000, the smallest year there can be"],
        [3, "duration_ms", "-5", "-5 is below 1 ms, the smallest duration there can be"],
        [3, "popularity", "101", "101 is above 100, the largest popularity there can be"],
        [3, "isrc", "123", "'123' is no ISRC (as in USABC2100001)"],
        [3, "preview_url", "ftp://a", "'ftp://a' is no address that starts with http:// or https://"],
    ]


def test_names_that_look_missing_are_names_and_other_cells_are_not(from_text):
    result = from_text(
        "id,name,artist,album,genre,energy,label_source\n"
        "1,NA,None,null,none,null,undefined\n2,undefined,nan,NA,n/a,NaN,\n3,1975,?,,set(),?,user\n"
    )
    assert result.tracks[["title", "artist"]].to_numpy().tolist() == [
        ["NA", "None"],
        ["undefined", "nan"],
        ["1975", "?"],
    ]
    assert result.tracks["album"].tolist()[:2] == ["null", "NA"]
    assert result.tracks[["genre", "genre_group"]].isna().all(axis=None)
    assert result.reference["energy"].isna().all()
    assert result.tracks["label_source"].fillna("-").tolist() == ["-", "-", "user"]
    assert result.rejects.empty


def test_rows_without_id_and_title_are_turned_away(from_text):
    result = from_text(f"track_id,name,artist,energy\n,,X,0.5\n{IDS[0]},,,0.25\n,B,,0.75\nnull, ,X,0.9\n")
    assert result.tracks["row"].tolist() == [1, 2]
    assert result.reference["energy"].tolist() == [0.25, 0.75]
    assert result.rejects["line"].tolist() == [2, 5]
    assert set(result.rejects["reason"]) == {"the row has neither an id nor a title"}
    assert result.rejects["column"].isna().all()
    assert result.rows == 4


def test_rows_that_are_broken_are_turned_away_with_their_line(from_text):
    result = from_text('name,energy\n"A\n",0.5\nB, or C,0.5\nD,2.5\nE,"0.1\n')
    assert result.tracks["title"].tolist() == ["A", "D"]
    said = result.rejects[["line", "reason"]].to_numpy().tolist()
    assert said[0] == [4, "the row has 3 cells where the header has 2"]
    assert said[1] == [5, "2.5 is above 1, the largest energy there can be"]
    assert said[2][0] == 6
    assert "never closed" in said[2][1]


def test_ids_of_every_kind(from_text):
    own = "name:" + "0f" * 10
    result = from_text(f"track_id,name,artist\n{IDS[0]},A,X\n17,B,X\nfma:017,C,X\n{own},D,X\n,E,X\nx{IDS[0]},F,X\n")
    assert result.tracks["track_id"].tolist() == [
        f"spotify:{IDS[0]}", name_id("x", "b"), "fma:17", own, name_id("x", "e"), name_id("x", "f"),
    ]  # fmt: skip
    assert result.tracks["spotify_id"].fillna("").tolist() == [IDS[0], "", "", "", "", ""]


def test_songs_of_one_name_are_one_song_if_their_artist_is_known():
    names = rows(
        name=["Halo", "HALO!", "Halo", "Halo"], artist=["Mae Low;X", "mae low", "Otis", None], energy=["0.1"] * 4
    )
    ids = cleaned(names).tracks["track_id"].tolist()
    assert ids[0] == ids[1] == name_id(artist_key("Mae Low"), title_key("Halo"))
    assert len(set(ids)) == 3


def test_songs_without_artist_and_id_stay_apart_by_length_and_values():
    frame = rows(
        name=["Intro", "Intro", "Intro", "intro"],
        artist=[None, "", ";", None],
        duration_ms=["60000", "60000", "61000", "60000"],
        energy=["0.1", "0.2", "0.1", "0.1"],
    )
    ids = cleaned(frame).tracks["track_id"]
    assert ids.nunique() == 3
    assert ids[0] == ids[3]
    assert ids.equals(cleaned(frame.iloc[::-1]).tracks["track_id"].iloc[::-1].reset_index(drop=True))


def test_rows_that_only_have_a_foreign_id_or_a_file_name_stay_apart():
    assert cleaned(rows(id=["1", "2", "1"], energy=["0.5"] * 3)).tracks["track_id"].nunique() == 2
    files = cleaned(rows(file_name=["a.mp3", "b.mp3"], energy=["0.5", "0.5"])).tracks
    assert files["clip"].tolist() == ["a.mp3", "b.mp3"]
    assert files["track_id"].str.startswith("name:").all()
    assert files["track_id"].nunique() == 2


def test_whole_numbers_are_ids_in_the_free_music_archive_only():
    frame = rows(track_id=[10, 139], title=["A", "B"], album_name=["X", "Y"], artist=["M", "N"])
    assert cleaned(frame).tracks["track_id"].tolist() == [name_id("m", "a"), name_id("n", "b")]
    archive = frame.assign(license=["CC", None])
    assert cleaned(archive).tracks["track_id"].tolist() == ["fma:10", "fma:139"]
    assert cleaned(archive.astype({"track_id": float})).tracks["track_id"].tolist() == ["fma:10", "fma:139"]


def test_the_archive_s_own_files_are_joined(from_text):
    tracks = (
        ",album,artist,track,track,track,track\n,title,name,title,duration,genre_top,license\ntrack_id,,,,,,\n"
        "2,Al,Ar,Ti,168,Rock,CC\n"
    )
    values = ",echonest,echonest\n,audio_features,audio_features\n,energy,tempo\ntrack_id,,\n2,0.5,120.5\n"
    result = from_text(tracks, values)
    assert result.tracks.loc[0, ["track_id", "title", "artist", "album", "genre"]].tolist() == [
        "fma:2", "Ti", "Ar", "Al", "Rock",
    ]  # fmt: skip
    assert result.tracks["duration_s"][0] == 168
    assert result.reference.loc[0, ["energy", "tempo"]].tolist() == [0.5, 120.5]


def test_music4all_in_its_several_files(from_text):
    result = from_text(
        "id\tspotify_id\tpopularity\trelease\tenergy\tkey\tduration_ms\n"
        f"0009fFIM1eYThaPg\t{IDS[0]}\t44\t2009\t0.5\t-1\t215000\nzz\t\t3\t2010\t0.25\t2\t100000\n",
        "id\tartist\tsong\talbum_name\nzz\tOtis\tB\tC\n0009fFIM1eYThaPg\tMae Low\tHalo\tSun\n",
        "id\tgenres\n0009fFIM1eYThaPg\tpop,rock\n",
    )
    assert result.tracks["track_id"].tolist() == [f"spotify:{IDS[0]}", name_id("otis", "b")]
    assert result.tracks["year"].tolist() == [2009, 2010]
    assert result.tracks["genre"].fillna("-").tolist() == ["pop,rock", "-"]
    assert result.reference["energy"].tolist() == [0.5, 0.25]
    assert result.reference["key"].fillna(-1).tolist() == [-1, 2]


def test_the_most_streamed_songs(from_text):
    result = from_text(
        "track_name,artist(s)_name,released_year,released_month,streams,in_deezer_playlists,bpm,key,mode,danceability_%,energy_%\n"
        'Café,"Mae Low, Otis",2023,7,BPM110KeyA,"1,021",125,C#,Major,80,83\nB,X,1998,1,5,2,92,,Minor,71,101\n',
        encoding="cp1252",
    )
    assert result.tracks["title"][0] == "Café"
    assert result.tracks["artist"][0] == "Mae Low, Otis"
    assert result.reference.loc[0, ["tempo", "key", "mode", "danceability", "energy"]].tolist() == [
        125,
        1,
        1,
        0.8,
        0.83,
    ]
    assert np.isnan(result.reference["key"][1])
    assert result.reference["mode"][1] == 0
    assert result.rejects["reason"].tolist() == ["101 is above 100 per cent, the largest energy there can be"]


def test_lists_of_artists_are_told_apart(from_text):
    result = from_text("""id,name,artists,energy\n,A,"['Mae Low', ""The O'Dells""]",0\n,B,['Otis'],0\n,C,[Otis,0\n""")
    assert result.tracks["artist"].tolist() == ["Mae Low;The O'Dells", "Otis", "[Otis"]
    assert result.tracks["artist_key"].tolist() == ["mae low", "otis", "otis"]


def test_exportify_s_escaped_commas_belong_to_a_name(from_text):
    result = from_text(
        'Track URI,Track Name,Artist Name(s),Album URI,Track Duration (ms)\nx,A,"Ash\\, Elm & Oak, Otis",y,215000\n'
    )
    assert result.tracks["artist"].tolist() == ["Ash, Elm & Oak;Otis"]


def test_the_table_s_own_genre_group_is_kept_if_it_is_one():
    result = cleaned(
        rows(title=list("ABCD"), genre=["goth", "goth", "techno", None], genre_group=["Other", "x", None, "pop"])
    )
    assert result.tracks["genre_group"].fillna("-").tolist() == ["other", "other", "electronic", "pop"]


@pytest.mark.parametrize(
    ("field", "cells", "seconds"),
    [
        ("duration_ms", ["231,747", "231.747", "231747,5"], [231.747, 231.747, 231.7475]),
        ("duration_s", ["3:51", "231,5", "231.5"], [231, 231.5, 231.5]),
        ("duration_min", ["3,5", "3.5", "0.5"], [210, 210, 30]),
    ],
)
def test_lengths(field, cells, seconds):
    result = clean(rows(title=list("ABC"), length=cells), guess_mapping(["title", "length"], None, {field: "length"}))
    assert result.tracks["duration_s"].tolist() == pytest.approx(seconds)


def test_a_reject_of_a_joined_table_names_the_right_file_and_line(from_text, tmp_path):
    result = from_text(
        f"track_id,name,year\n{IDS[0]},A,1999\n{IDS[1]},B,30000\n",
        f"id,energy\n{IDS[2]},7.5\n\n{IDS[1]},2.5\n{IDS[0]},0.5\n",
    )
    first, second = (str(tmp_path / name) for name in ("0.csv", "1.csv"))
    said = result.rejects[["file", "line", "column", "value"]].to_numpy().tolist()
    assert said == [
        [second, 4, "energy", "2.5"],
        [first, 3, "year", "30000"],
        [second, 2, "energy", "7.5"],
    ]
    assert result.tracks[["file", "line"]].to_numpy().tolist() == [[first, 2], [first, 3], [second, 2]]


def test_tables_one_below_the_other_name_their_lines(from_text, tmp_path):
    result = from_text("name,energy\nA,0.5\n", "energy,name\n0.5,B\n7.5,C\n")
    assert result.tracks["title"].tolist() == ["A", "B", "C"]
    assert result.rejects[["file", "line"]].to_numpy().tolist() == [[str(tmp_path / "1.csv"), 3]]


def test_rows_that_come_from_no_file_have_no_line():
    rejects = cleaned(rows(title=["A", "B"], energy=["0.5", "9.5"])).rejects
    assert rejects["value"].tolist() == ["9.5"]
    assert rejects["line"].isna().all()


def test_numbers_of_parquet_pass_as_they_are():
    frame = rows(
        title=list("ABCD"), energy=[0.1, np.nan, np.inf, 1.5], key=[-1.0, 3, 12, 2.5], year=[1999.0, np.nan, 0, 3000]
    )
    result = cleaned(frame)
    assert result.reference["energy"].fillna(-1).tolist() == [0.1, -1, -1, -1]
    assert result.reference["key"].fillna(-1).tolist() == [-1, 3, -1, -1]
    assert result.tracks["year"].fillna(-1).tolist() == [1999, -1, -1, -1]
    assert result.rejects["value"].tolist() == ["inf", "12", "1.5", "2.5", "3000"]


CELL = st.one_of(
    st.none(), st.text(max_size=12), st.floats().map(str), st.floats(0, 1).map(repr), st.integers().map(str)
)
COLUMNS = [
    "track_id", "title", "artist", "genre", "genre_group", "year", "duration_ms", "popularity", "isrc", "preview_url",
    "clip", *FEATURES,
]  # fmt: skip


@settings(deadline=None, max_examples=30)
@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(COLUMNS, CELL)), min_size=1, max_size=8))
@example([{"track_id": "0", "duration_ms": "5e-324"}])
def test_whatever_the_cells_say_only_possible_values_enter(songs):
    frame = pd.DataFrame(songs, columns=COLUMNS, dtype="str")
    result = cleaned(frame)
    for name, feature in FEATURES.items():
        given_values = result.reference[name].dropna()
        assert given_values.between(feature.low, feature.high).all()
    tracks = result.tracks
    assert tracks["year"].dropna().between(1000, 2100).all()
    assert (tracks["duration_s"].dropna() > 0).all()
    assert tracks["popularity"].dropna().between(0, 100).all()
    assert tracks["genre_group"].dropna().isin(GENRE_GROUPS).all()
    assert tracks["track_id"].str.fullmatch(r"(spotify|fma|name|local|demo):\w+").all()
    assert tracks["row"].equals(result.reference["row"])
    turned_away = result.rejects["reason"].eq("the row has neither an id nor a title").sum()
    assert len(tracks) + turned_away == len(frame)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.sampled_from(",;\t|"), st.booleans(), st.booleans())
def test_written_values_come_back_exactly(tmp_path_factory, values, separator, comma, marked):
    frame = pd.DataFrame({"title": [f"{number}" for number in range(len(values))], "artist": "X", "energy": values})
    path = tmp_path_factory.mktemp("written") / "songs.csv"
    encoding = "utf-8-sig" if marked else "utf-8"
    # Where a comma parts both cells and decimals, the writer puts the numbers in quotes.
    frame.to_csv(path, sep=separator, decimal="," if comma else ".", index=False, encoding=encoding, quoting=1)
    result = cleaned(read_table(path))
    assert result.reference["energy"].tolist() == values
    assert result.rejects.empty


def test_a_table_of_our_own_comes_back_with_its_ids(tmp_path: Path):
    frame = rows(
        track_id=[f"spotify:{IDS[0]}", "fma:7", name_id("x"), "demo:3"], title=list("ABCD"), energy=[0.1, 0.2, 0.3, 0.4]
    )
    frame.assign(spotify_id=[IDS[0], None, None, None]).to_csv(tmp_path / "export.csv", index=False)
    assert cleaned(read_table(tmp_path / "export.csv")).tracks["track_id"].tolist() == frame["track_id"].tolist()


def test_equal_songs_in_many_rows_all_stay():
    frame = rows(track_id=[IDS[0]] * 3, name=["A"] * 3, genre=["rock", "pop", "rock"])
    assert cleaned(frame).tracks["genre"].tolist() == ["rock", "pop", "rock"]


@pytest.mark.slow
@pytest.mark.real
def test_real_tracks_all_enter_unchanged(real_data):
    frame = read_table(real_data / "spotify_tracks.parquet")
    result = cleaned(frame)
    assert len(result.tracks) == len(frame)
    assert result.rejects.empty
    for name in FEATURES.keys() - {"time_signature"}:
        assert np.array_equal(result.reference[name], frame[name])
    known = frame["track_id"].notna()
    assert result.tracks.loc[known, "spotify_id"].tolist() == frame.loc[known, "track_id"].tolist()
    assert np.allclose(result.tracks["duration_s"], frame["duration_ms"] / 1000, equal_nan=True)
    grouped = frame["genre_group"].notna()
    assert result.tracks.loc[grouped, "genre_group"].tolist() == frame.loc[grouped, "genre_group"].tolist()


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "kind", "rejected"),
    [
        ("raw_tables/ClassicHit.csv", "name", 0), ("raw_tables/songs_normalize.csv", "name", 0),
        ("raw_tables/spotify_songs.csv.gz", "spotify", 0), ("raw_tables/data_emo.csv", "spotify", 0),
        ("raw_tables/tracks.csv", "spotify", 0), ("raw_tables/audio_features.csv", "spotify", 0),
        ("fma_echonest.parquet", "fma", 2),
    ],
)  # fmt: skip
def test_real_tables_enter_whole(real_data, name, kind, rejected):
    frame = read_table(real_data / name)
    result = cleaned(frame)
    assert len(result.tracks) == len(frame)
    assert set(result.tracks["track_id"].str.split(":").str[0]) == {kind}
    assert len(result.rejects) == rejected
    assert result.tracks.loc[result.tracks["duration_s"].notna(), "duration_s"].between(15, 5400).all()


@pytest.mark.real
def test_real_labels_of_clips(real_data):
    result = cleaned(read_table(real_data / "clips" / "labelled.csv"))
    folder = real_data / "clips" / "labelled"
    assert all((folder / clip).is_file() for clip in random.Random(0).sample(result.tracks["clip"].tolist(), 40))
    assert result.tracks["label_source"].notna().all()
    assert result.tracks["duration_s"].isna().all()
    assert result.rejects.empty
