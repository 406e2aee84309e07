"""Files that are not what they are called: pipes, links, odd names, archives that unpack to anything."""

import gzip
import hashlib
import io
import json
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from songfeat.audio import load
from songfeat.cli import main
from songfeat.errors import AudioError, BackupError, CheckpointError, SourceError, TableError
from store import clips, rejects
from store.backup import restore
from store.catalogue import Catalogue
from store.prediction import open_run
from store.sources import folder as folders
from store.sources import table_files, table_formats
from store.sources.fma import read_metadata
from store.work import scan_folder
from store.worker import work_here
from store.workspace import Workspace


def sound(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(seed).normal(0, 0.1, 3 * 22_050), 22_050)
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "w")


def scan(workspace: Workspace, music: Path) -> dict:
    return work_here(workspace, "scan", {"folder": str(music)})


def silent(_done: int, _total: int, _note: str) -> None:
    pass


def test_links_lead_to_files_but_never_in_circles(workspace: Workspace, tmp_path: Path):
    music = tmp_path / "music"
    sound(music / "album" / "Band - One.flac")
    linked = sound(tmp_path / "elsewhere" / "Band - Two.flac", 1)
    (tmp_path / "secret.txt").write_text("a word that is nobody's business\n" * 50)
    (music / "album" / "again").symlink_to(music)
    (music / "Band - Two.flac").symlink_to(linked)
    (music / "Band - Gone.flac").symlink_to(tmp_path / "nowhere.flac")
    (music / "Band - Secret.flac").symlink_to(tmp_path / "secret.txt")
    result = scan(workspace, music)
    assert (result["files"], result["added"], result["rejected"]) == (3, 2, 1)
    (reason,) = rejects.newest(Catalogue(workspace))["reason"]
    assert "Secret.flac is not audio" in reason
    assert "nobody" not in reason


def test_pipes_and_devices_are_no_files_and_nobody_waits_for_them(workspace: Workspace, tmp_path: Path, capsys):
    music = tmp_path / "music"
    sound(music / "Band - One.flac")
    os.mkfifo(music / "pipe.mp3")
    (music / "zero.wav").symlink_to("/dev/zero")
    assert scan(workspace, music)["files"] == 1
    for name in ("pipe.mp3", "zero.wav"):
        with pytest.raises(AudioError, match="is no file"):
            load(music / name)
    os.mkfifo(tmp_path / "pipe.csv")
    os.mkfifo(tmp_path / "pipe.zip")
    with pytest.raises(TableError, match="is no file"):
        table_files.read_table(tmp_path / "pipe.csv")
    with pytest.raises(BackupError, match="is no file"):
        restore(Workspace(tmp_path / "other"), tmp_path / "pipe.zip", silent)
    with pytest.raises(SourceError, match="no file or folder"):
        read_metadata(tmp_path / "pipe.zip")
    assert main(["--workspace", str(workspace.folder), "predict", str(music / "pipe.mp3"), "--json"]) == 1
    assert "is no file" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_names_may_hold_anything_but_bytes_that_are_no_text(workspace: Workspace, tmp_path: Path, capsys):
    music = tmp_path / "music"
    for number, name in enumerate(("two\nlines", "tab\there", 'quote\'s "x"', "歌 größe", "-rf", "%s{0}$(id)`")):
        sound(music / f"{name}.flac", number)
    odd = os.fsencode(music) + b"/caf\xe9.flac"
    Path(os.fsdecode(odd)).write_bytes((music / "-rf.flac").read_bytes())
    result = scan(workspace, music)
    assert (result["files"], result["added"], result["rejected"]) == (7, 6, 1)
    assert result["errors"] == {
        rf"{music}/caf\xe9.flac": rf"{music}/caf\xe9.flac has a name with bytes that are no UTF-8: rename the file."
    }
    assert rejects.newest(Catalogue(workspace))["file"].tolist() == [rf"{music}/caf\xe9.flac"]
    assert work_here(workspace, "extract", {"jobs": 1})["extracted"] == 6
    assert scan(workspace, music)["rejected"] == 1, "again changes nothing"
    out = tmp_path / "out.csv"
    assert main(["--workspace", str(workspace.folder), "predict", str(music), "--out", str(out), "--json"]) == 0
    capsys.readouterr()
    table = pd.read_csv(out)
    assert len(table) == 7
    assert table["error"].str.contains("no UTF-8", na=False).sum() == 1


def test_a_file_that_changes_while_it_is_read_is_left_for_the_next_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = sound(tmp_path / "Band - One.flac")

    def grows_meanwhile(path: Path) -> str:
        with path.open("ab") as file:
            file.write(b"more")
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def goes_meanwhile(path: Path) -> str:
        path.unlink()
        return hashlib.sha256(path.read_bytes()).hexdigest()

    monkeypatch.setattr(folders, "sha256_of", grows_meanwhile)
    with pytest.raises(AudioError, match="changed while it was read"):
        folders.examine(path)
    monkeypatch.setattr(folders, "sha256_of", goes_meanwhile)
    with pytest.raises(AudioError, match="There is no file"):
        folders.examine(path)


def test_a_file_that_goes_before_its_tags_are_read_is_gone_as_any_other(tmp_path: Path, monkeypatch):
    path, examine = sound(tmp_path / "Band - One.flac"), folders.examine

    def and_then_it_goes(*arguments, **options):
        file = examine(*arguments, **options)
        path.unlink()
        return file

    monkeypatch.setattr(scan_folder, "examine", and_then_it_goes)
    (found,) = folders.found_files(tmp_path)
    examined = scan_folder.examine_one(found)
    assert (examined.file, examined.missing) == (None, True)
    assert examined.error == f"There is no file {path} any more."


def test_an_array_is_never_kept_under_what_a_file_held_before(workspace: Workspace, tmp_path: Path):
    music = tmp_path / "music"
    changed, touched, gone = (sound(music / f"Band - {number}.flac", number) for number in range(3))
    scan(workspace, music)
    sound(changed, 7)
    os.utime(touched, (1, 1))
    gone.unlink()
    result = work_here(workspace, "extract", {"jobs": 1})
    assert (result["extracted"], result["failed"]) == (1, 2)
    assert result["errors"][str(changed)].endswith("has changed since it was scanned; scan its folder again.")
    assert "There is no file" in result["errors"][str(gone)]
    scan(workspace, music)
    assert work_here(workspace, "extract", {"jobs": 1})["extracted"] == 1
    assert clips.all_clips(Catalogue(workspace)).query("status == 'ok'")["path"].nunique() == 2


def test_a_file_that_may_not_be_read_is_no_broken_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = sound(tmp_path / "Band - One.flac")
    opened = Path.open

    def refused(self: Path, *arguments, **options):
        if self == path:
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(AudioError, match="may not be read: Permission denied"):
        load(path)


def bomb(path: Path, name: str, size: int) -> Path:
    """An archive that unpacks to so many zero bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w", force_zip64=True) as out:
        for _ in range(size >> 20):
            out.write(bytes(1 << 20))
    return path


def test_archives_that_unpack_to_too_much_are_refused_unread(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("store.backup._MANIFEST_BYTES", 1 << 20)
    monkeypatch.setattr("store.sources.fma._LARGEST_TABLE", 1 << 20)
    with pytest.raises(BackupError, match="list of files has"):
        restore(workspace, bomb(tmp_path / "backup.zip", "manifest.json", 2 << 20), silent)
    with pytest.raises(SourceError, match=r"tracks\.csv .* would unpack to"):
        read_metadata(bomb(tmp_path / "fma.zip", "fma_metadata/tracks.csv", 2 << 20))


@pytest.mark.parametrize("size", [-1, -(1 << 40), 1.5, "3", None, [3]])
def test_a_backup_whose_list_says_nonsense_of_sizes_is_refused(workspace: Workspace, tmp_path: Path, size):
    file = tmp_path / "hostile.zip"
    entry = {"name": "catalogue.duckdb", "bytes": size, "sha256": "0" * 64}
    manifest = {"format": 1, "songfeat": "0", "written_at": "", "folder": "/x", "files": [entry]}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        archive.writestr("catalogue.duckdb", bytes(1 << 20))
    with pytest.raises(BackupError, match="damaged"):
        restore(workspace, file, silent)
    assert not workspace.catalogue.exists()


def test_a_backup_with_a_file_where_it_has_a_folder_is_refused(workspace: Workspace, tmp_path: Path):
    file, digest = tmp_path / "hostile.zip", hashlib.sha256(b"abc").hexdigest()
    entries = [{"name": name, "bytes": 3, "sha256": digest} for name in ("runs", "runs/x")]
    manifest = {"format": 1, "songfeat": "0", "written_at": "", "folder": "/x", "files": entries}
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        for entry in entries:
            archive.writestr(entry["name"], "abc")
    with pytest.raises(BackupError, match="damaged"):
        restore(workspace, file, silent)


def test_tables_that_unpack_to_too_much_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(table_files, "_UNPACKED_BYTES", 1 << 20)
    monkeypatch.setattr(table_formats, "_ROWS", 1_000)
    packed = tmp_path / "bomb.csv.gz"
    packed.write_bytes(gzip.compress(b"title,artist\n" + b"a,b\n" * 1_000_000))
    with pytest.raises(TableError, match="unpacks to more than 200 times its size"):
        table_files.read_table(packed)
    repeated = tmp_path / "bomb.parquet"
    pd.DataFrame({"title": ["a"] * 100_000, "energy": 0.5}).to_parquet(repeated)
    with pytest.raises(TableError, match="announces 100,000 rows"):
        table_files.read_table(repeated)


def test_damaged_tables_are_told_in_one_line(tmp_path: Path):
    text = tmp_path / "songs.csv"
    text.write_bytes("title,artist\na,b\n".encode("utf-16") + b"\x00\xd8\x00")
    with pytest.raises(TableError, match="begins like UTF-16 text but is damaged"):
        table_files.read_table(text)
    file, path = io.BytesIO(), tmp_path / "songs.parquet"
    pd.DataFrame({"title": ["a"] * 50, "artist": "b"}).to_parquet(file)
    data = bytearray(file.getvalue())
    data[4:40] = b"\xee" * 36
    path.write_bytes(data)
    with pytest.raises(TableError, match="is a damaged Parquet file") as refused:
        table_files.read_table(path)
    assert "\n" not in str(refused.value)
    column = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.array([0, 2], pa.int32()).buffers()[1], pa.py_buffer(b"\xff\xfe")]
    )
    pq.write_table(pa.table({"title": column}), path)
    with pytest.raises(TableError, match="is a damaged Parquet file"):
        table_files.read_table(path)


def test_columns_of_a_damaged_table_are_named_in_one_line(workspace: Workspace, tmp_path: Path):
    table = tmp_path / "odd.csv"
    table.write_text(
        ",".join(['"a\nb"', "x" * 500, "tab\there", *(f"c{number}" for number in range(200))]) + "\n1,2,3\n"
    )
    with pytest.raises(TableError) as refused:
        work_here(workspace, "import", {"files": [str(table)]})
    assert "Its columns are: a b, xxxx" in str(refused.value)
    assert "and 173 more" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 1000


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("[" * 200_000, id="nested without end"),
        pytest.param('{"format": 1' + "0" * 6000 + "}", id="a number of thousands of digits"),
        pytest.param('{"format": 1, "model": ' + '"x"' * 9 + "}", id="no JSON"),
        pytest.param("null", id="nothing"),
    ],
)
def test_absurd_descriptions_of_models_are_refused(original: Workspace, tmp_path: Path, content: str):
    workspace = Workspace(tmp_path / "w")
    shutil.copytree(original.folder, workspace.folder)
    (run,) = workspace.runs.glob("*ridge*")
    (run / "model.json").write_text(content)
    with pytest.raises(CheckpointError, match=r"model\.json"):
        open_run(Catalogue(workspace), run.name)
