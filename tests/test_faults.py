"""The machine fails: a full disk, no more files to open, a clock set back, a process killed at any moment."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from store import jobs
from store.catalogue import Catalogue
from store.doctor import checks
from store.faults import in_words
from store.web.journal import Journal
from store.worker import work_here
from store.workspace import Workspace, write_json
from tests.killing import kill_and_finish, outcome, prepare
from tests.living import content, write_sources

ROOT = Path(__file__).resolve().parent.parent
DISK_BYTES = 8_000_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of eight megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a disk of its own can only be mounted by root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def songfeat(workspace: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "songfeat", "--workspace", str(workspace), *arguments, "--json"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def error_of(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1, done.stderr
    return str(json.loads(done.stdout)["error"]["message"])


def test_a_full_disk_is_told_and_harms_nothing(small_disk: Path, tmp_path: Path):
    table, _ = write_sources(tmp_path / "sources")
    workspace = Workspace(small_disk / "w")
    work_here(workspace, "import", {"files": [str(table)], "source": "spotify"})
    before = content(workspace)
    filler = small_disk / "filler"
    free = shutil.disk_usage(small_disk).free
    filler.write_bytes(bytes(free - 40_000))
    many = tmp_path / "many.csv"
    many.write_text("title,artist,energy\n" + "".join(f"Song {n},Band {n},0.5\n" for n in range(30_000)))
    assert "disk is full" in error_of(songfeat(workspace.folder, "import", str(many), "--source", "spotify"))
    assert content(workspace) == before, "what was there can be read while the disk is full"
    filler.unlink()
    # Whatever DuckDB wrote meanwhile is gone, and the work can go on.
    assert content(workspace) == before
    assert [check for check in checks(workspace) if check["ok"] is False] == []
    table.write_text("title,artist,energy\nOne more,Band,0.5\n")
    assert work_here(workspace, "import", {"files": [str(table)], "source": "spotify"})["added"] == 1


NO_FILES_LEFT = """
import os, resource, sys
from pathlib import Path
import pandas, pyarrow.parquet
from songfeat.errors import SongfeatError
from store.catalogue import Catalogue
from store.worker import work_here
from store.workspace import Workspace
catalogue = Catalogue(Workspace(Path(sys.argv[1])))
catalogue.version()
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
taken = []
try:
    while True: taken.append(os.open(os.devnull, os.O_RDONLY))
except OSError: pass
for free in range(6):
    try:
        with catalogue.lease(write=True) as db: db.execute("DELETE FROM rejects")
        with catalogue.lease() as db: db.execute("FROM tracks").fetchall()
        print(free, "done")
    except SongfeatError as error: print(free, error)
    os.close(taken.pop())
for one in taken: os.close(one)
with catalogue.lease() as db: print("runs", len(db.execute("FROM runs").fetchall()))
"""


def test_no_more_files_to_open_is_told_in_words_and_passes(original: Workspace, tmp_path: Path):
    workspace = Workspace(tmp_path / "w")
    shutil.copytree(original.folder, workspace.folder)
    done = subprocess.run(
        [sys.executable, "-c", NO_FILES_LEFT, str(workspace.folder)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    *tries, last = done.stdout.splitlines()
    assert "open no more files" in tries[0]
    assert all("open no more files" in line or line.endswith("done") for line in tries), tries
    assert (tries[-1], last) == ("5 done", "runs 2")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(28, "No space left on device", "/x/y"), "The disk is full: /x/y"),
        (OSError("write failed: No space left on device"), "The disk is full: /w"),
        (OSError(24, "Too many open files"), "ulimit -n"),
        (OSError(30, "Read-only file system", "/x"), "/x may not be written"),
        (duckdb.IOException("IO Error: Could not write file: No space left on device"), "The disk is full"),
        (duckdb.IOException("Corrupt database file: computed checksum 1 in block 2"), "songfeat rebuild"),
    ],
)
def test_faults_of_the_machine_in_words(error: Exception, says: str):
    assert says in str(in_words(error, Path("/w")))


def test_bugs_stay_bugs():
    assert in_words(ValueError("x"), Path("/w")) is None
    assert in_words(OSError(2, "No such file", "/x"), Path("/w")) is None
    assert in_words(duckdb.BinderException("no such column"), Path("/w")) is None


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.95])
def test_damage_is_never_taken_for_another_program_at_work(original: Workspace, tmp_path: Path, share: float):
    """DuckDB speaks of a corrupt "block", in which there is a "lock"."""
    workspace = Workspace(tmp_path / "w")
    workspace.folder.mkdir()
    data = bytearray(original.catalogue.read_bytes())
    for place in range(int(share * len(data)), min(len(data), int(share * len(data)) + 300_000), 4096):
        data[place] ^= 0xFF
    workspace.catalogue.write_bytes(data)
    started = time.monotonic()
    damaged = {check["name"]: check for check in checks(workspace)}["catalogue"]
    assert time.monotonic() - started < 25, "nobody was waited for"
    assert damaged["ok"] is True or "songfeat rebuild" in damaged["detail"]


def test_a_clock_set_back_upsets_no_order_and_no_job(original: Workspace, tmp_path: Path):
    workspace = Workspace(tmp_path / "w")
    shutil.copytree(original.folder, workspace.folder)
    future = workspace.jobs / jobs.create(workspace, "extract", {})
    status = json.loads((future / "status.json").read_text())
    (future / "status.json").write_text(json.dumps({**status, "updated_at": "2099-01-01T00:00:00+00:00"}))
    with Catalogue(workspace).lease(write=True) as db:
        db.execute("UPDATE runs SET finished_at = finished_at + INTERVAL 80 YEAR")
    for path in workspace.folder.glob("catalogue.*"):
        os.utime(path, (4e9, 4e9))
    before = Catalogue(workspace).version()
    assert work_here(workspace, "train", {"model": "mean"})["status"] == "done"
    assert Catalogue(workspace).version() > before
    assert len(content(workspace)["runs"]) == 3
    jobs.start(workspace, future.name)
    end = time.monotonic() + 60
    while jobs.get(workspace, future.name).state != "done":
        assert time.monotonic() < end
        time.sleep(0.2)


class _Clock(datetime):
    """A clock that says what it was told to."""

    says = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)

    @classmethod
    def now(cls, tz=None):
        return cls.says.astimezone(tz)


def test_newest_first_holds_within_a_second_and_when_the_clock_is_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(jobs, "datetime", _Clock)
    workspace, made = Workspace(tmp_path / "w"), []
    for back_s in (0, 0, 3600, 3600, 86_400):
        monkeypatch.setattr(_Clock, "says", datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC) - timedelta(seconds=back_s))
        made.append(jobs.create(workspace, "extract", {}))
    assert [job.job_id for job in jobs.jobs(workspace)] == made[::-1]
    (workspace.jobs / "notes").mkdir()
    (workspace.jobs / "notes" / "config.json").write_text("{}")
    assert jobs.create(workspace, "extract", {}) > made[-1], "a folder of another name is passed over"


def test_a_job_from_a_time_that_is_yet_to_come_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    workspace = Workspace(tmp_path / "w")
    folder = workspace.jobs / jobs.create(workspace, "extract", {})
    assert jobs.get(workspace, folder.name).state == "queued"
    later = (datetime.now(UTC) + timedelta(days=400)).isoformat(timespec="seconds")
    write_json(folder / "status.json", {"updated_at": later, "state": "queued"})
    assert jobs.get(workspace, folder.name).state == "lost"
    # In a workspace that may only be read, a job at work is known by when it told of itself.
    monkeypatch.setattr(jobs.os, "access", lambda *_: False)
    (folder / "alive").touch()
    (folder / "progress.jsonl").touch()
    assert jobs.is_alive(folder)
    os.utime(folder / "progress.jsonl", (4e9, 4e9))
    assert not jobs.is_alive(folder)


def test_answers_of_tomorrow_are_as_old_as_those_of_last_year(tmp_path: Path):
    path = tmp_path / "answers.sqlite"
    journal = Journal(path)
    for question, days in {"old": -31, "fresh": -29, "new": 0, "ahead": 400}.items():
        journal.put("Deezer", question, 200, b"{}")
        asked_at = (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")
        with sqlite3.connect(path) as db:
            db.execute("UPDATE answers SET asked_at = ? WHERE question = ?", [asked_at, question])
        db.close()
    journal.close()
    journal = Journal(path)
    kept = [question for question in ("old", "fresh", "new", "ahead") if journal.get("Deezer", question)]
    journal.close()
    assert kept == ["fresh", "new"]


@pytest.mark.parametrize(("kind", "share"), [("import", 0.6), ("migration", 0.5)])
def test_a_killed_process_costs_nothing(kind: str, share: float, tmp_path: Path):
    """Extraction and training have tests of their own; all of them many times over in ``make soak``."""
    prepared = prepare(kind, tmp_path / "prepared")
    workspace, _ = kill_and_finish(prepared, tmp_path / "w", share)
    assert [check for check in checks(workspace) if check["ok"] is False] == []
    assert outcome(prepared, workspace) == prepared.result
