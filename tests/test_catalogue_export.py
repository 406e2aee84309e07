"""The catalogue as Parquet for other tools: whole, of one moment, described, and never changed."""

import hashlib
import json
import threading
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from songfeat.cli import main
from songfeat.errors import TableError
from store.catalogue import Catalogue
from store.catalogue_export import export_catalogue
from store.merge import merge
from store.workspace import Workspace
from tests.workspaces import fill, song_rows


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return fill(tmp_path_factory.mktemp("filled") / "w", with_array=0)


def quiet(*_: object) -> None: ...


def test_duckdb_and_pandas_read_back_every_row_of_every_table(filled: Workspace, tmp_path: Path):
    folder = tmp_path / "it's an export"
    told = export_catalogue(Catalogue(filled), str(folder), quiet)
    description = json.loads((folder / "catalogue.json").read_text())
    assert {path.name for path in folder.iterdir()} == {
        "catalogue.json", "README.md", *(table["file"] for table in description["tables"])
    }  # fmt: skip
    with Catalogue(filled).lease() as db:
        for table in description["tables"]:
            path = folder / table["file"]
            assert hashlib.sha256(path.read_bytes()).hexdigest() == table["sha256"]
            ours = db.execute(f'SELECT * FROM "{table["name"]}" ORDER BY ALL').fetchall()
            with duckdb.connect() as other:
                theirs = other.execute("SELECT * FROM read_parquet(?) ORDER BY ALL", [str(path)]).fetchall()
            assert theirs == ours
            frame = pd.read_parquet(path)
            assert len(frame) == table["rows"] == told["tables"][table["name"]] == len(ours)
            assert list(frame) == [column["name"] for column in table["columns"]]
    names = {table["name"] for table in description["tables"]}
    assert {"tracks", "clips", "reference", "runs", "scores", "predictions", "rejects", "exclusions"} <= names
    assert not names & {"meta", "migrations", "postings"}
    readme = (folder / "README.md").read_text()
    assert all(f"## {table['file']}" in readme for table in description["tables"])


def test_an_export_is_of_one_moment_while_others_write(filled: Workspace, tmp_path: Path):
    """Each write adds as many tracks as reference rows: an export that sees both tables at once has as many of each."""
    catalogue, stop = Catalogue(Workspace(tmp_path / "w")), threading.Event()
    with catalogue.lease(write=True) as db:
        merge(db, song_rows(10))

    def write() -> None:
        for number in range(1, 1000):
            rows = song_rows(10, seed=number)
            named = rows.assign(
                track_id=[f"demo:{number}-{row}" for row in rows["row"]],
                title_key=[f"song {number} {row}" for row in rows["row"]],
            )
            with catalogue.lease(write=True) as db:
                merge(db, named)
            if stop.is_set():
                return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        exports = [export_catalogue(catalogue, str(tmp_path / f"export {n}"), quiet) for n in range(4)]
    finally:
        stop.set()
        writer.join()
    for export in exports:
        assert export["tables"]["tracks"] == export["tables"]["reference"]
        assert export["tables"]["tracks"] % 10 == 0
    assert exports[-1]["tables"]["tracks"] > exports[0]["tables"]["tracks"]


def test_an_export_never_changes_what_is_there(filled: Workspace, tmp_path: Path):
    folder = tmp_path / "taken"
    folder.mkdir()
    export_catalogue(Catalogue(filled), str(folder), quiet)  # empty: fine
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(TableError, match="never changes there"):
        export_catalogue(Catalogue(filled), str(folder), quiet)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    with pytest.raises(TableError, match="There is no folder"):
        export_catalogue(Catalogue(filled), str(tmp_path / "no" / "such"), quiet)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_object_storage_takes_an_export_as_well(filled: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    clustering = pytest.importorskip("tests.clustering")
    pytest.importorskip("s3fs", reason="songfeat[cluster] is not installed")
    pytest.importorskip("moto", reason="moto is not installed")
    with clustering.object_storage():
        url = f"s3://{clustering.BUCKET}/exports/first"
        command = ["--workspace", str(filled.folder), "export", "catalogue", url, "--json"]
        assert main(command) == 0
        told = json.loads(capsys.readouterr().out)
        storage = clustering.storage()
        description = json.loads(storage.cat_file(f"{url}/catalogue.json"))
        assert {table["name"]: table["rows"] for table in description["tables"]} == told["tables"]
        storage.get_file(f"{url}/tracks.parquet", str(tmp_path / "tracks.parquet"))
        assert len(pd.read_parquet(tmp_path / "tracks.parquet")) == told["tables"]["tracks"]
        assert main(command) == 1
        assert "never changes" in capsys.readouterr().out
