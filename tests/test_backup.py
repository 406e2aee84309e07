"""A workspace in one file, and back: the same, checked before anything changes, while others are at work."""

import json
import multiprocessing
import shutil
import time
import zipfile
from pathlib import Path

import pytest

from songfeat.cli import main
from songfeat.errors import BackupError, WorkspaceError
from store import jobs
from store.backup import backup, restore
from store.catalogue import Catalogue
from store.doctor import checks
from store.workspace import Workspace
from tests.living import arrays, content


def silent(_done: int, _total: int, _note: str) -> None:
    pass


@pytest.fixture(scope="module")
def file(original: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("backups") / "songs.zip"
    backup(original, path, silent)
    return path


def files(workspace: Workspace) -> dict[str, bytes]:
    """Everything in the workspace's folders; locks are of the moment."""
    paths = [path for path in workspace.folder.glob("*/**/*") if path.is_file() and path.name != "alive"]
    return {
        path.relative_to(workspace.folder).as_posix(): path.read_bytes() for path in paths if path.suffix != ".turn"
    }


def test_a_restored_workspace_equals_the_original(original: Workspace, file: Path, tmp_path: Path):
    restored = Workspace(tmp_path / "elsewhere" / 'Lieder\'s "größte" 歌')
    restore(restored, file, silent)
    assert content(restored, times=True) == content(original, times=True)
    assert files(restored) == files(original)
    assert arrays(restored) == arrays(original)
    assert Catalogue(restored).version() == Catalogue(original).version()
    assert [check["name"] for check in checks(restored) if check["ok"] is False] == []


def test_clips_that_the_workspace_holds_move_with_it(original: Workspace, tmp_path: Path):
    first, second = Workspace(tmp_path / "first"), Workspace(tmp_path / "second")
    shutil.copytree(original.folder, first.folder)
    kept = first.audio / "kept.flac"
    kept.write_text("only the path matters here")
    with Catalogue(first).lease(write=True) as db:
        db.execute("UPDATE clips SET path = ? WHERE sha256 = (SELECT min(sha256) FROM clips)", [str(kept)])
    assert backup(first, tmp_path / "b.zip", silent)["clips_elsewhere"] == 4
    restore(second, tmp_path / "b.zip", silent)
    with Catalogue(second).lease() as db:
        paths = [path for (path,) in db.execute("SELECT path FROM clips ORDER BY sha256").fetchall()]
    assert paths[0] == str(second.audio / "kept.flac")
    assert Path(paths[0]).exists()
    assert not any(path.startswith(str(tmp_path)) for path in paths[1:]), "a person's own files stay where they are"


def _browse_and_write(folder: str, seconds: float) -> int:
    """What a dashboard and a job do meanwhile; every write is of two rows that belong together."""
    catalogue, end, pairs = Catalogue(Workspace(Path(folder))), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        with catalogue.lease(write=True) as db:
            for _ in range(2):
                db.execute("INSERT INTO rejects VALUES ('pair', ?, NULL, NULL, 'a reason', now())", [pairs])
        pairs += 1
        catalogue.version()
    return pairs


@pytest.mark.slow
def test_a_backup_while_others_write_holds_whole_transactions(original: Workspace, tmp_path: Path):
    busy = Workspace(tmp_path / "busy")
    shutil.copytree(original.folder, busy.folder)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        at_work = [pool.apply_async(_browse_and_write, (str(busy.folder), 6.0)) for _ in range(2)]
        time.sleep(2.5)
        for number in range(3):
            backup(busy, tmp_path / f"{number}.zip", silent)
        written = sum(one.get() for one in at_work)
    seen = []
    for number in range(3):
        restored = Workspace(tmp_path / f"restored {number}")
        restore(restored, tmp_path / f"{number}.zip", silent)
        with Catalogue(restored).lease() as db:
            seen.append(db.execute("SELECT count(*) FROM rejects WHERE file = 'pair'").fetchall()[0][0])
    assert all(count % 2 == 0 for count in seen), seen
    assert seen == sorted(seen)
    with Catalogue(busy).lease() as db:
        assert db.execute("SELECT count(*) FROM rejects WHERE file = 'pair'").fetchall() == [(2 * written,)]


def test_a_workspace_in_use_is_only_replaced_when_asked_and_kept_then(original: Workspace, file: Path, tmp_path: Path):
    mine = Workspace(tmp_path / "w")
    shutil.copytree(original.folder, mine.folder)
    with Catalogue(mine).lease(write=True) as db:
        db.execute("DELETE FROM rejects")
    before, seen = content(mine), Catalogue(mine)
    version = seen.version()
    with pytest.raises(BackupError, match="--replace"):
        restore(mine, file, silent)
    assert content(mine) == before
    done = restore(mine, file, silent, replace=True)
    assert content(mine) == content(original)
    assert seen.version() > version, "a page that has seen the old content would show it for ever"
    assert content(Workspace(Path(done["moved_aside"]))) == before


def test_work_under_way_is_not_replaced(file: Path, tmp_path: Path):
    workspace = Workspace(tmp_path / "w")
    job = jobs.create(workspace, "extract", {})
    with jobs.alive(workspace.jobs / job), pytest.raises(WorkspaceError, match=job):
        restore(workspace, file, silent, replace=True)


def test_every_flipped_byte_is_found_and_nothing_is_changed(file: Path, tmp_path: Path):
    data = file.read_bytes()
    damaged = tmp_path / "damaged.zip"
    for place in (100, len(data) // 3, len(data) // 2, len(data) - 3000):
        damaged.write_bytes(data[:place] + bytes([data[place] ^ 0x20]) + data[place + 1 :])
        workspace = Workspace(tmp_path / f"w{place}")
        with pytest.raises(BackupError, match="damaged"):
            restore(workspace, damaged, silent)
        assert not workspace.catalogue.exists()
        assert [path for path in workspace.folder.rglob("*") if path.is_file() and path.suffix != ".lock"] == []
    damaged.write_bytes(data[: len(data) // 2])
    with pytest.raises(BackupError, match="damaged or no backup"):
        restore(Workspace(tmp_path / "cut"), damaged, silent)


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "runs/../../outside", "runs\\..\\outside", ""])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str):
    file = tmp_path / "hostile.zip"
    entry = {"name": name, "bytes": 3, "sha256": "0" * 64}
    manifest = {"format": 1, "songfeat": "0", "written_at": "", "folder": "/x", "files": [entry]}
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        archive.writestr(name or "x", "abc")
    with pytest.raises(BackupError):
        restore(Workspace(tmp_path / "w"), file, silent)
    assert not (tmp_path / "outside").exists()


def test_an_entry_that_holds_more_than_it_says_stops_there(tmp_path: Path):
    file = tmp_path / "bomb.zip"
    entry = {"name": "catalogue.duckdb", "bytes": 10, "sha256": "0" * 64}
    manifest = {"format": 1, "songfeat": "0", "written_at": "", "folder": "/x", "files": [entry]}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        archive.writestr("catalogue.duckdb", bytes(50_000_000))
    with pytest.raises(BackupError, match=r"damaged: catalogue\.duckdb"):
        restore(Workspace(tmp_path / "w"), file, silent)


def test_refusals_in_words(original: Workspace, tmp_path: Path):
    with pytest.raises(BackupError, match="nothing to back up"):
        backup(Workspace(tmp_path / "none"), tmp_path / "b.zip", silent)
    with pytest.raises(BackupError, match="outside of it"):
        backup(original, original.folder / "b.zip", silent)
    with pytest.raises(BackupError, match="no folder"):
        backup(original, tmp_path / "no" / "b.zip", silent)
    with pytest.raises(BackupError, match="There is no file"):
        restore(Workspace(tmp_path / "w"), tmp_path / "b.zip", silent)


def test_the_commands(original: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file, elsewhere = tmp_path / "b.zip", tmp_path / "w"
    assert main(["--workspace", str(original.folder), "backup", str(file), "--json"]) == 0
    copied = json.loads(capsys.readouterr().out)
    assert main(["--workspace", str(elsewhere), "restore", str(file), "--json"]) == 0
    restored = json.loads(capsys.readouterr().out)
    assert restored["files"] == copied["files"] > 10
    assert main(["--workspace", str(elsewhere), "restore", str(file), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["type"] == "BackupError"
