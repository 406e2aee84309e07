"""Leases: short, shared, fair, whole; and what a catalogue refuses."""

import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock

from songfeat.errors import CatalogueBusy, WorkspaceError
from store.catalogue import Catalogue, _Instance, _instances
from store.migrations import MIGRATIONS
from store.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
INSERT = "INSERT INTO rejects SELECT ?, range, NULL, NULL, 'a reason', now() FROM range(?)"


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(Workspace.locate(tmp_path / "w"))


def _insert_and_fail(db: duckdb.DuckDBPyConnection) -> None:
    db.execute(INSERT, ["a.csv", 3])
    db.execute("SELECT CAST('three' AS INTEGER)")


def rejects(catalogue: Catalogue) -> int:
    with catalogue.lease() as db:
        return db.execute("SELECT count(*) FROM rejects").fetchall()[0][0]


def test_a_write_is_kept_and_raises_the_version(catalogue: Catalogue):
    before = catalogue.version()
    with catalogue.lease(write=True) as db:
        db.execute(INSERT, ["a.csv", 3])
    assert rejects(catalogue) == 3
    assert catalogue.version() == before + 1
    assert Catalogue(catalogue.workspace).version() == before + 1


def test_reading_leaves_the_version(catalogue: Catalogue):
    before = catalogue.version()
    rejects(catalogue)
    assert catalogue.version() == before


def test_an_exception_rolls_everything_back(catalogue: Catalogue):
    before = catalogue.version()
    with pytest.raises(duckdb.ConversionException), catalogue.lease(write=True) as db:
        _insert_and_fail(db)
    assert rejects(catalogue) == 0
    assert catalogue.version() == before


def test_leases_do_not_nest(catalogue: Catalogue):
    with catalogue.lease(), pytest.raises(RuntimeError, match="do not nest"), catalogue.lease():
        pass


def test_threads_share_and_lose_nothing(catalogue: Catalogue):
    errors: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for _ in range(15):
                with catalogue.lease(write=True) as db:
                    db.execute(INSERT, [name, 10])
                assert rejects(catalogue) > 0
        except BaseException as error:  # noqa: BLE001 - reported below
            errors.append(error)

    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert rejects(catalogue) == 4 * 15 * 10


def _hammer(folder: str, name: str, seconds: float) -> tuple[int, int]:
    catalogue, written, leases = Catalogue(Workspace.locate(folder)), 0, 0
    chance, end = random.Random(name), time.monotonic() + seconds
    while time.monotonic() < end:
        leases += 1
        if chance.random() < 0.5:
            with catalogue.lease(write=True) as db:
                db.execute(INSERT, [name, 7])
            written += 7
        else:
            rejects(catalogue)
    return written, leases


@pytest.mark.slow
def test_six_processes_at_once_lose_nothing(catalogue: Catalogue):
    folder = str(catalogue.workspace.folder)
    with multiprocessing.get_context("spawn").Pool(6) as pool:
        done = pool.starmap(_hammer, [(folder, str(number), 4.0) for number in range(6)])
    assert all(leases > 0 for _, leases in done)
    assert rejects(catalogue) == sum(written for written, _ in done) > 0


def test_a_busy_process_lets_another_in(catalogue: Catalogue):
    """Overlapping leases of a busy dashboard must not keep the file open for ever."""
    rejects(catalogue)
    stop = threading.Event()

    def overlap() -> None:
        while not stop.is_set():
            with catalogue.lease() as db:
                db.execute("SELECT count(*) FROM rejects").fetchall()
                time.sleep(0.05)

    threads = [threading.Thread(target=overlap) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            written, leases = pool.apply(_hammer, (str(catalogue.workspace.folder), "other", 2.0))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert leases >= 1
    assert rejects(catalogue) == written


def test_all_threads_that_wait_share_the_next_turn(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch):
    """Or a dashboard with many readers, beside busy writers, would need a turn for each of them."""
    rejects(catalogue)
    monkeypatch.setattr(_Instance, "_somebody_waits", lambda _: True)
    together, met = threading.Barrier(6), []

    def look() -> None:
        with catalogue.lease() as db:
            together.wait(20)
            met.append(db.execute("SELECT count(*) FROM rejects").fetchall()[0][0])

    threads = [threading.Thread(target=look) for _ in range(6)]
    with FileLock(catalogue.path.with_suffix(".lock")):  # as another process has it
        for thread in threads:
            thread.start()
        instance = _instances[catalogue.path]
        while instance.waiting < 5:
            time.sleep(0.01)
    for thread in threads:
        thread.join()
    assert met == [0] * 6
    assert (instance.users, instance.waiting, instance.connection) == (0, 0, None)


def test_whoever_waits_in_vain_leaves_no_place_taken(catalogue: Catalogue):
    rejects(catalogue)
    with FileLock(catalogue.path.with_suffix(".lock")):
        errors = []

        def look() -> None:
            try:
                with catalogue.lease(timeout=0.2):
                    pass
            except CatalogueBusy as error:
                errors.append(error)

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(errors) == 4
    assert rejects(catalogue) == 0
    instance = _instances[catalogue.path]
    assert (instance.users, instance.waiting, instance.connection) == (0, 0, None)


def test_a_holder_that_stays_is_named(catalogue: Catalogue):
    rejects(catalogue)
    code = (
        "import sys, time; from store.workspace import Workspace; from store.catalogue import Catalogue\n"
        "with Catalogue(Workspace.locate(sys.argv[1])).lease(): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(catalogue.workspace.folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "held"
        with pytest.raises(CatalogueBusy, match=f"process {holder.pid}"), catalogue.lease(timeout=0.3):
            pass
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    assert rejects(catalogue) == 0, "a killed holder must leave the catalogue open to others"


def test_a_program_that_takes_no_lease_is_waited_for_and_named(catalogue: Catalogue):
    rejects(catalogue)
    code = "import duckdb, sys, time; db = duckdb.connect(sys.argv[1]); print('held', flush=True); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", code, str(catalogue.path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(CatalogueBusy, match="another program"), catalogue.lease(timeout=0.3):
            pass
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def test_a_newer_catalogue_is_refused(catalogue: Catalogue):
    with catalogue.lease(write=True) as db:
        db.execute("INSERT INTO migrations VALUES ('9999_from_the_future', now())")
    with pytest.raises(WorkspaceError, match=r"newer Songfeat.*9999_from_the_future"), catalogue.lease():
        pass


def test_a_damaged_catalogue_is_said_to_be(catalogue: Catalogue):
    catalogue.workspace.prepare()
    catalogue.path.write_bytes(b"this is no database" * 1000)
    with pytest.raises(WorkspaceError, match="cannot be opened"), catalogue.lease():
        pass


def test_migrations_are_named_once_and_applied_once(catalogue: Catalogue):
    names = [name for name, _ in MIGRATIONS]
    assert len(set(names)) == len(names)
    assert names == sorted(names)
    for _ in range(2):
        with catalogue.lease() as db:
            assert [name for (name,) in db.execute("SELECT name FROM migrations ORDER BY name").fetchall()] == names


def test_a_migration_that_fails_leaves_nothing(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch):
    def half_way(db: duckdb.DuckDBPyConnection) -> None:
        db.execute("CREATE TABLE half (x INTEGER)")
        raise ZeroDivisionError

    monkeypatch.setattr("store.migrations.MIGRATIONS", (*MIGRATIONS, ("0999_half_way", half_way)))
    with pytest.raises(ZeroDivisionError), catalogue.lease():
        pass
    monkeypatch.undo()
    with catalogue.lease() as db:
        assert db.execute("SELECT count(*) FROM information_schema.tables WHERE table_name = 'half'").fetchall() == [
            (0,)
        ]


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root needs setpriv to be refused")
def test_a_read_only_workspace_can_be_looked_at(catalogue: Catalogue):
    with catalogue.lease(write=True) as db:
        db.execute(INSERT, ["a.csv", 3])
    code = (
        "import sys; from store.workspace import Workspace; from store.catalogue import Catalogue\n"
        "from songfeat.errors import WorkspaceError\n"
        "catalogue = Catalogue(Workspace.locate(sys.argv[1]))\n"
        "with catalogue.lease() as db: print(db.execute('SELECT count(*) FROM rejects').fetchall()[0][0])\n"
        "try:\n    with catalogue.lease(write=True): pass\nexcept WorkspaceError as error: print(error)"
    )
    # Root may write anywhere unless it gives up the right to.
    prefix = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] if os.geteuid() == 0 else []
    folder = catalogue.workspace.folder
    folder.chmod(0o555)
    try:
        done = subprocess.run(
            [*prefix, sys.executable, "-c", code, str(folder)], cwd=ROOT, capture_output=True, text=True, check=True
        )
    finally:
        folder.chmod(0o755)
    count, refusal = done.stdout.splitlines()
    assert count == "3"
    assert "read-only" in refusal
