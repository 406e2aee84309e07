"""Tables into the catalogue: mapped, checked, joined, merged; bad cells turned away, the rest let in."""

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest

from songfeat.errors import TableError
from store import overview, rejects
from store.catalogue import Catalogue
from store.worker import work_here
from store.workspace import Workspace

HEADER = "track_id,track_name,artists,track_genre,danceability,energy,loudness,tempo,key,mode,time_signature"
ID = "{:022d}".format


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(Workspace.locate(tmp_path / "w"))


def bring(catalogue: Catalogue, *files: Path, **params) -> dict:
    return work_here(catalogue.workspace, "import", {"files": [str(path) for path in files], **params})


def write(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_bytes("\n".join([*lines, ""]).encode(encoding))
    return path


def table(catalogue: Catalogue, name: str) -> pd.DataFrame:
    with catalogue.lease() as db:
        return db.execute(f"SELECT * FROM {name} ORDER BY ALL").df()


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    return write(
        tmp_path / "songs.csv",
        HEADER,
        f"{ID(1)},One,Band;Guest,pop,0.5,0.6,-7,120,3,1,4",
        f"{ID(1)},One,Band;Guest,dance,0.5,0.6,-7,120,3,1,4",
        f"{ID(2)},Two,Other,rock,1e9,0.6,-7,120,3,1,4",
        f"{ID(3)},Three,Other,rock,0.1,loud,-7,0,-1,1,4",
        ",,,,0.1,0.2,-7,120,3,1,4",
    )


def test_the_rest_of_a_row_and_of_a_file_goes_in(catalogue: Catalogue, songs: Path):
    result = bring(catalogue, songs, source="spotify")
    assert (result["rows"], result["added"], result["duplicates"], result["rejected"]) == (5, 3, 1, 3)
    assert sum(result["rejects_by_reason"].values()) == 3
    values = table(catalogue, "reference").set_index("track_id")
    assert pd.isna(values.loc[f"spotify:{ID(2)}", "danceability"])
    assert values.loc[f"spotify:{ID(2)}", "energy"] == 0.6
    assert pd.isna(values.loc[f"spotify:{ID(3)}", ["energy", "tempo", "key"]]).all()
    turned_away = rejects.newest(catalogue).set_index("line")
    assert set(turned_away["file"]) == {str(songs)}
    assert turned_away.loc[4, "column"] == "danceability"
    assert turned_away.loc[4, "value"] == "1e9"
    assert turned_away.loc[5, "value"] == "loud"
    assert "neither an id nor a title" in turned_away.loc[6, "reason"]


def test_again_changes_nothing_and_says_so(catalogue: Catalogue, songs: Path):
    bring(catalogue, songs)
    before = [table(catalogue, name) for name in ("tracks", "reference")]
    again = bring(catalogue, songs)
    assert (again["added"], again["updated"], again["unchanged"]) == (0, 0, 3)
    for name, was in zip(("tracks", "reference"), before, strict=True):
        pd.testing.assert_frame_equal(table(catalogue, name), was)
    assert len(rejects.newest(catalogue)) == 3


def test_a_dry_run_says_the_same_and_leaves_nothing(catalogue: Catalogue, songs: Path):
    dry = bring(catalogue, songs, dry_run=True)
    assert overview.counts(catalogue)["tracks"] == 0
    assert len(rejects.newest(catalogue)) == 0
    wet = bring(catalogue, songs)
    assert {**dry, "dry_run": False} == wet


def test_a_person_decides_what_a_column_means(catalogue: Catalogue, tmp_path: Path):
    path = write(tmp_path / "odd.csv", "name,who,groove", "One,Band,0.25")
    result = bring(catalogue, path, map={"danceability": "groove", "artist": "who"})
    assert result["mapping"]["danceability"] == "groove"
    assert table(catalogue, "reference")["danceability"].tolist() == [0.25]
    assert result["source"] == "table:odd"
    with pytest.raises(TableError, match="no field 'groove'"):
        bring(catalogue, path, map={"groove": "groove"})
    with pytest.raises(TableError, match="no column 'nowhere'"):
        bring(catalogue, path, map={"energy": "nowhere"})


def test_two_files_are_joined_on_their_id(catalogue: Catalogue, tmp_path: Path):
    tracks = write(tmp_path / "tracks.csv", "track_id,track_name,artist_name", f"{ID(1)},One,Band", f"{ID(2)},Two,Band")
    values = write(tmp_path / "features.csv", "id,danceability,energy", f"{ID(2)},0.2,0.3", f"{ID(1)},0.1,7")
    result = bring(catalogue, tracks, values, source="spotify")
    assert (result["rows"], result["added"], result["rejected"]) == (2, 2, 1)
    assert rejects.newest(catalogue)["file"].tolist() == [str(values)]
    found = table(catalogue, "reference").set_index("track_id")["danceability"]
    assert found.to_dict() == {f"spotify:{ID(1)}": 0.1, f"spotify:{ID(2)}": 0.2}


def test_the_same_songs_in_every_kind_of_file_are_the_same_songs(catalogue: Catalogue, tmp_path: Path):
    frame = pd.DataFrame(
        {
            "track_id": [ID(1), ID(2)], "track_name": ["Füße", "NA"], "artists": ["Beyoncé", "None"],
            "danceability": [0.25, 0.5], "energy": [0.125, 0.75], "tempo": [99.5, 180.0],
        }
    )  # fmt: skip
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_csv(tmp_path / "b.tsv", index=False, sep="\t")
    frame.to_csv(tmp_path / "bom.csv", index=False, encoding="utf-8-sig")
    frame.to_csv(tmp_path / "semicolons.csv", index=False, sep=";", decimal=",")
    frame.to_csv(tmp_path / "latin.csv", index=False, encoding="latin-1")
    frame.to_parquet(tmp_path / "c.parquet")
    frame.to_json(tmp_path / "d.jsonl", orient="records", lines=True)
    with gzip.open(tmp_path / "e.csv.gz", "wt", encoding="utf-8") as file:
        frame.to_csv(file, index=False)
    names = ("a.csv", "b.tsv", "bom.csv", "semicolons.csv", "latin.csv", "c.parquet", "d.jsonl", "e.csv.gz")
    first, *others = (bring(catalogue, tmp_path / name, source="spotify") for name in names)
    assert (first["added"], first["rejected"]) == (2, 0)
    assert [(one["added"], one["updated"], one["unchanged"], one["rejected"]) for one in others] == [(0, 0, 2, 0)] * 7
    assert table(catalogue, "tracks")["title"].tolist() == ["Füße", "NA"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.csv", b"", "empty"),
        ("header.csv", HEADER.encode(), "no rows"),
        ("songless.csv", b"mode,year,danceability\n1,1999,0.5\n", "averages"),
        ("numbers.csv", b"a,b\n1,2\n", "ids or titles"),
        ("noise.csv", bytes(range(256)) * 20, "table"),
    ],
)
def test_what_is_no_table_of_songs_is_refused_in_a_sentence(catalogue: Catalogue, tmp_path: Path, name, content, says):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(TableError, match=says) as caught:
        bring(catalogue, path)
    assert name in str(caught.value)
    assert overview.counts(catalogue)["tracks"] == 0


@pytest.mark.slow
@pytest.mark.real
def test_real_tables_go_in_whole_and_find_one_another(catalogue: Catalogue, real_data: Path):
    raw = real_data / "raw_tables"
    kinds = [["ClassicHit.csv"], ["songs_normalize.csv"], ["spotify_songs.csv.gz"], ["data_emo.csv"]]
    for names in (*kinds, ["tracks.csv", "audio_features.csv"]):
        files = [raw / name for name in names]
        first, again = bring(catalogue, *files, source="spotify"), bring(catalogue, *files, source="spotify")
        accounted = first["added"] + first["updated"] + first["unchanged"] + first["duplicates"]
        assert accounted == first["rows"], names
        assert first["added"] > 0.3 * first["rows"], names
        assert first["rejected"] < 0.001 * first["rows"], names
        assert (again["added"], again["updated"]) == (0, 0), names
    counts = overview.counts(catalogue)
    assert counts["reference"] <= counts["tracks"]
    several = table(catalogue, "tracks")["genres"].map(len)
    assert (several > 1).sum() > 100, "a track in several playlists keeps all its genres"
    json.dumps(first)
