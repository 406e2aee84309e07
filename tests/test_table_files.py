"""Files of every kind and dialect as frames, and several files as one."""

import csv
import gzip
import io
import json
import random
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from songfeat.errors import TableError
from store.sources.table_csv import BROKEN, LINE
from store.sources.table_files import join_tables, read_table


@pytest.fixture
def write(tmp_path):
    def written(content: str | bytes, name: str = "songs.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


def cells(frame: pd.DataFrame) -> list[list[object]]:
    own = frame[[name for name in frame if not name.startswith("__")]]
    return own.astype(object).where(own.notna(), None).to_numpy().tolist()


def test_text_stays_text_and_names_that_look_missing_stay(write):
    frame = read_table(write("id,name,tempo\n1,NA,007\n2,null,\n3,None,1e3\n"))
    assert [frame[name].dtype for name in ("id", "name", "tempo")] == ["str"] * 3
    assert cells(frame) == [["1", "NA", "007"], ["2", "null", None], ["3", "None", "1e3"]]
    assert frame[LINE].tolist() == [2, 3, 4]
    assert BROKEN not in frame


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_dialects(write, separator, encoding, line_end):
    rows = [["Track Name", "Artist;s", "Tempo"], ["Ça, va", "Å;B", "120,5"], ['"Quoted" | x', "C", "1"]]
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=line_end).writerows(rows)
    frame = read_table(write(text.getvalue().encode(encoding)))
    assert list(frame)[1:] == rows[0]
    assert cells(frame) == rows[1:]
    assert frame[LINE].tolist() == [2, 3]


@pytest.mark.parametrize(("encoding", "name"), [("cp1252", "Beyoncé – “Halo”"), ("latin-1", "Beyonc\xe9 \x81")])
def test_old_encodings_are_found_even_deep_in_the_file(write, encoding, name):
    lines = ["name,tempo", *[f"song {number},1" for number in range(200_000)], f"{name},2"]
    frame = read_table(write("\n".join(lines).encode(encoding)))
    assert frame["name"].iloc[-1] == name


def test_an_excel_file_says_its_separator(write):
    frame = read_table(write("\ufeffsep=;\r\nname;artist, or band\r\nA;B, C\r\n"))
    assert list(frame)[1:] == ["name", "artist, or band"]
    assert cells(frame) == [["A", "B, C"]]
    assert frame[LINE].tolist() == [3]


def test_lines_are_right_behind_cells_of_several_lines_and_blank_lines(write):
    frame = read_table(write('name,lyrics\n\nA,"one\ntwo\r\nthree"\n\n\nB,x\n,\nC,"y\n"\nD,z'))
    assert dict(zip(frame["name"], frame[LINE], strict=True)) == {"A": 3, "B": 8, "C": 10, "D": 12}
    assert frame["lyrics"][0] == "one\ntwo\r\nthree"


def test_short_rows_are_filled_and_long_ones_marked(write):
    frame = read_table(write("name,tempo,key\nA\nB,120,\nC,120,1,,,\nD, or E,120,1\nF,120,1\n"))
    assert cells(frame)[:2] == [["A", None, None], ["B", "120", None]]
    assert frame[BROKEN].dropna().to_dict() == {3: "the row has 4 cells where the header has 3"}
    assert frame[LINE].tolist() == [2, 3, 4, 5, 6]


def test_all_rows_short(write):
    assert cells(read_table(write("name,tempo,key\nA,1\nB\n"))) == [["A", "1", None], ["B", None, None]]


def test_an_open_quote_costs_the_last_row_only(write):
    frame = read_table(write('name,tempo\nA,1\nB,"2\nC,3\nD,4\n'))
    assert frame[LINE].tolist() == [2, 3]
    assert frame[BROKEN].isna().tolist() == [True, False]
    assert "never closed" in frame[BROKEN][1]


def test_an_open_quote_before_a_long_file_is_named_by_its_line(write):
    with pytest.raises(TableError, match=r"songs\.csv.*begins in line 3 "):
        read_table(write('name,tempo\nA,1\nB,"2\n' + "C,3\n" * 50_000))


def test_more_rows_than_are_packed_at_once(write):
    frame = read_table(write("name,tempo\n" + "".join(f"song {number},{number}\n" for number in range(25_001))))
    assert len(frame) == 25_001
    assert frame["tempo"].astype(int).tolist() == list(range(25_001))
    assert frame[LINE].tolist() == list(range(2, 25_003))


def test_headers_are_trimmed_and_told_apart(write):
    assert list(read_table(write(",name , name,name.1\n0,A,B,C\n"))) == [LINE, "", "name", "name.1", "name.1.1"]


def test_a_file_s_own_columns_are_never_taken_for_the_reader_s(write):
    for content in ("__line__,__broken__x,name\n7,8,A\n", '{"__line__": 7, "__broken__x": 8, "name": "A"}'):
        frame = read_table(write(content))
        assert list(frame) == [LINE, "line__", "broken__x", "name"]
        assert cells(frame) == [["7", "8", "A"]]


def test_compressed_files_are_known_by_content(write):
    frame = read_table(write(gzip.compress(b"name,tempo\nA,120\n"), "songs.csv"))
    assert cells(frame) == [["A", "120"]]


def test_header_lines_of_the_free_music_archive_become_one(write):
    tracks = ",album,artist,track,track\n,title,name,title,duration\ntrack_id,,,,\n2,Al,Ar,Ti,168\n"
    frame = read_table(write(tracks))
    assert list(frame)[1:] == ["track_id", "album.title", "artist.name", "track.title", "track.duration"]
    assert cells(frame) == [["2", "Al", "Ar", "Ti", "168"]]
    assert frame[LINE].tolist() == [4]
    echonest = ",echonest,echonest\n,audio_features,metadata\n,energy,artist_name\ntrack_id,,\n2,0.5,Ar\n3,0.6,\n"  #
    frame = read_table(write(echonest))
    assert list(frame)[1:] == ["track_id", "audio_features.energy", "metadata.artist_name"]
    assert frame[LINE].tolist() == [5, 6]


def test_json_lines(write):
    lines = [
        json.dumps({"name": "A", "artists": [{"name": "X"}, {"name": "Y"}], "tempo": 120.5, "explicit": True}),
        "",
        "not json",
        json.dumps({"name": "B", "key": None, "album": {"name": "Al", "id": 3}, "tempo": float("nan")}),
        "[1, 2]",
    ]
    for content in ("\n".join(lines).encode(), gzip.compress("\r\n".join(lines).encode())):
        frame = read_table(write(content, "songs.jsonl"))
        assert list(frame)[1:-1] == ["name", "artists", "tempo", "explicit", "key", "album"]
        assert cells(frame)[0] == ["A", "X;Y", "120.5", "True", None, None]
        assert cells(frame)[2] == ["B", None, None, None, None, "Al"]
        assert frame[LINE].tolist() == [1, 3, 4, 5]
        assert frame[BROKEN].notna().tolist() == [False, True, False, True]


def test_a_json_list(write):
    frame = read_table(write('[{"name": "A"},\n {"name": "B", "tempo": 1}]', "songs.json"))
    assert cells(frame) == [["A", None], ["B", "1"]]
    assert frame[LINE].tolist() == [1, 2]


def test_parquet_keeps_numbers_and_leaves_out_what_is_no_cell(tmp_path):
    table = pa.table(
        {
            "name": pa.array(["A", ""]),
            "artists": pa.array([["X", "Y"], None]),
            "genre": pa.array(["rock", None]).dictionary_encode(),
            "year": pa.array([1999, None], pa.int32()),
            "energy": pa.array([0.5, None], pa.float32()),
            "released": pa.array([0, None], pa.timestamp("s")),
            "explicit": pa.array([True, None]),
            "audio": pa.array([b"RIFF", b"\x00"]),
            "more": pa.array([{"a": 1}, None]),
            "vector": pa.array([[1.0], [2.0]]),
        }
    )
    pq.write_table(table, tmp_path / "songs.bin")
    frame = read_table(tmp_path / "songs.bin")
    assert list(frame) == [LINE, "name", "artists", "genre", "year", "energy", "released", "explicit"]
    assert cells(frame)[0][:5] == ["A", "X;Y", "rock", 1999, 0.5]
    assert frame["released"][0].startswith("1970-01-01")
    assert frame.iloc[1, 1:].isna().all()
    assert frame["year"].dtype.kind == "f"
    assert frame[LINE].tolist() == [1, 2]


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("songs.csv", "name\nA\n")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\n \n", "no rows"),
        (b"name,tempo\n", "no rows"),
        (b"name,tempo\n\n\n", "no rows"),
        (random.Random(0).randbytes(5000), "neither text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "neither text"),
        (zipped(), "zip archive"),
        (gzip.compress(b"name,tempo\n" * 1000, mtime=0)[:-20], "damaged gzip"),
        (gzip.compress(b"name,tempo\nA,1\n" * 50, mtime=0)[:12] + bytes(30), "damaged gzip"),
        (b"PAR1" + bytes(50), "damaged Parquet"),
        (b'{"name": \n', "no line of it is a JSON object"),
        (b"[1, 2", "begins like a JSON list"),
        (b"[1, 2]", "no line of it is a JSON object"),
    ],
)
def test_what_is_no_table_is_refused_with_its_name(write, content, message):
    with pytest.raises(TableError, match=rf"songs\.csv.*{message}"):
        read_table(write(content))


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(TableError, match=r"nowhere\.csv cannot be read: No such file"):
        read_table(tmp_path / "nowhere.csv")
    with pytest.raises(TableError, match="is no file"):
        read_table(tmp_path)


NAME = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12)
LATIN_NAME = st.text(
    st.characters(min_codepoint=32, max_codepoint=126) | st.sampled_from("éßÅñ“–"), min_size=1, max_size=12
)


@settings(deadline=None)
@given(
    names=st.lists(NAME, min_size=1, max_size=6),
    latin=st.lists(LATIN_NAME, min_size=1, max_size=6),
    separator=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    comma=st.booleans(),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    zipped=st.booleans(),
)
def test_whatever_the_dialect_the_cells_come_back(
    tmp_path_factory, names, latin, separator, encoding, line_end, comma, quoting, zipped
):
    titles = latin if encoding == "cp1252" else names
    number = "0,25" if comma else "0.25"
    rows = [["Track Name", "Artist Name(s)", "Energy"], *([f"t{title}", title, number] for title in titles)]
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=line_end, quoting=quoting).writerows(rows)
    content = text.getvalue().encode(encoding)
    path = tmp_path_factory.mktemp("dialect") / "songs.csv"
    path.write_bytes(gzip.compress(content) if zipped else content)
    frame = read_table(path)
    assert list(frame) == [LINE, *rows[0]]
    assert cells(frame) == rows[1:]


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_crash(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("bytes") / "songs.csv"
    path.write_bytes(content)
    try:
        rows = len(read_table(path))
    except TableError as error:
        rows = str(error).count("songs.csv")  # refused, by its name
    assert rows > 0


A, B = Path("a.csv"), Path("b.csv")
IDS = ["0aB1cD2eF3gH4iJ5kL6mN" + str(number) for number in range(5)]


def table(columns: dict[str, list[object]]) -> pd.DataFrame:
    frame = pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in columns.items()})
    frame.insert(0, LINE, range(2, len(frame) + 2))
    return frame


def test_files_are_joined_on_the_ids_they_share():
    songs = table({"Unnamed: 0": ["0", "1", "2"], "track_id": IDS[:3], "name": ["A", "B", "C"]})
    values = table(
        {"id": ["2", "0", "7"], "uri": [f"spotify:track:{IDS[at]}" for at in (2, 0, 4)], "energy": ["3", "1", "5"]}
    )
    joined = join_tables({A: songs, B: values}, {})
    assert joined["track_id"].tolist() == [*IDS[:3], f"spotify:track:{IDS[4]}"]
    assert joined["name"].tolist()[:3] == ["A", "B", "C"]
    assert joined["energy"].astype(object).where(joined["energy"].notna(), None).tolist() == ["1", None, "3", "5"]
    assert joined[f"{LINE} a.csv"].tolist()[:3] == [2, 3, 4]
    assert joined[f"{LINE} b.csv"].fillna(0).tolist() == [3, 0, 2, 4]


def test_gaps_are_filled_and_nothing_is_overwritten():
    first = table({"id": IDS[:2], "name": ["A", None], "year": ["1999", "2000"]})
    second = table({"id": [IDS[1], IDS[0]], "name": ["B", "other"], "tempo": ["2", "1"]})
    joined = join_tables({A: first, B: second}, {})
    assert joined["name"].tolist() == ["A", "B"]
    assert joined["tempo"].tolist() == ["1", "2"]


def test_repeated_ids_neither_multiply_rows_nor_lose_values():
    first = table({"id": [IDS[0], IDS[0], None], "playlist": ["x", "y", "z"]})
    second = table({"track_id": [IDS[0], IDS[0], None], "tempo": [None, "7", "8"], "key": ["1", "2", "3"]})
    joined = join_tables({A: first, B: second}, {})
    assert joined["tempo"].fillna("-").tolist() == ["7", "7", "-", "8"]
    assert joined["key"].fillna("-").tolist() == ["1", "1", "-", "3"]
    assert joined["playlist"].fillna("-").tolist() == ["x", "y", "z", "-"]


def test_numbers_and_texts_meet_on_the_same_id():
    first = pd.DataFrame({LINE: [1, 2], "track_id": [10, 139], "energy": [0.5, None]})
    second = table({"track_id": ["139", "10"], "energy": ["0.25", "0.9"], "title": ["B", "A"]})
    joined = join_tables({A: first, B: second}, {})
    assert joined["title"].tolist() == ["A", "B"]
    assert joined["energy"].tolist() == ["0.5", "0.25"]


def test_tables_of_the_same_columns_stand_one_below_the_other():
    first, second = table({"name": ["A"], "tempo": ["1"]}), table({"tempo": ["2"], "name": ["B"]})
    joined = join_tables({A: first, B: second}, {})
    assert joined["name"].tolist() == ["A", "B"]
    assert list(joined)[:2] == [f"{LINE} a.csv", f"{LINE} b.csv"]


def test_a_broken_row_meets_no_other():
    first = table({"id": IDS[:2], "name": ["A", "B"]})
    first[BROKEN] = pd.Series([None, "the row has 9 cells"], dtype="str")
    joined = join_tables({A: first, B: table({"id": IDS[:2], "tempo": ["1", "2"]})}, {})
    assert joined["tempo"].fillna("-").tolist() == ["1", "-", "2"]
    assert joined[BROKEN].notna().tolist() == [False, True, False]


def test_the_id_can_be_said():
    first, second = table({"mine": ["x", "y"], "name": ["A", "B"]}), table({"mine": ["y"], "tempo": ["2"]})
    with pytest.raises(TableError, match=r"a\.csv and b\.csv have no song's id in common"):
        join_tables({A: first, B: second}, {})
    assert join_tables({A: first, B: second}, {"track_id": "mine"})["tempo"].fillna("-").tolist() == ["-", "2"]


def test_one_table_stays_as_it_is():
    only = table({"name": ["A"]})
    assert join_tables({A: only}, {}) is only


@pytest.mark.real
def test_real_metadata_and_features_meet(real_data):
    paths = [real_data / "raw_tables" / name for name in ("tracks.csv", "audio_features.csv")]
    frames = {path: read_table(path) for path in paths}
    joined = join_tables(frames, {})
    with_features = set(frames[paths[1]]["id"])
    assert len(joined) == len(frames[paths[0]])
    assert joined["danceability"].notna().tolist() == joined["track_id"].isin(with_features).tolist()


@pytest.mark.real
@pytest.mark.parametrize("name", ["ClassicHit.csv", "songs_normalize.csv", "spotify_songs.csv.gz", "data_emo.csv"])
def test_real_files_read_as_pandas_reads_them(real_data, name):
    path = real_data / "raw_tables" / name
    expected = pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""])
    pd.testing.assert_frame_equal(read_table(path).drop(columns=LINE), expected)
