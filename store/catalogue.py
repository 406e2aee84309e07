"""The DuckDB catalogue, held by nobody: everybody who reads or writes takes a short lease.

DuckDB lets one process at a time open a file for writing. So a lease opens the
file, works and closes it again, and processes take turns. Two lock files stand
beside the catalogue: ``catalogue.lock`` is held while the file is open,
``catalogue.queue`` while somebody waits for it. Threads of one process share
the open file, but start no new lease while another process waits, so that a
busy dashboard never keeps the others out.
"""

import contextlib
import json
import os
import random
import re
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from songfeat.errors import CatalogueBusy, CatalogueDamaged, WorkspaceError
from store.faults import in_words
from store.migrations import migrate
from store.workspace import Workspace

LEASE_TIMEOUT_S = 30.0
_POLL_S, _LEAST_POLL_S = 0.01, 0.001
# Songfeat works offline: DuckDB must not go and fetch extensions.
_DUCKDB_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


class _Instance:
    """The catalogue file as one process has it open: shared by its threads, counted, closed with the last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.changed = threading.Condition()
        self.writing = threading.Lock()
        self.users = 0
        self.waiting = 0
        self.turn = 0
        self.opening = False
        self.connection: duckdb.DuckDBPyConnection | None = None
        # The last user closes, in whichever thread that is: locks must not be bound to a thread.
        self.held = FileLock(path.with_suffix(".lock"), thread_local=False)
        self.holder = path.with_suffix(".holder")

    def queue(self) -> FileLock:
        return FileLock(self.path.with_suffix(".queue"), thread_local=False)

    def enter(self, deadline: float) -> duckdb.DuckDBPyConnection:
        """Join the open file, or open it; gives a cursor of one's own.

        While another process waits, nobody joins an open file. But when it is
        opened next, a place is kept for each thread that waited meanwhile: in
        a busy dashboard each would else wait for a turn of its own.
        """
        with self.changed:
            turn = self.turn
            self.waiting += 1
            try:
                while self.turn == turn and (self.opening or (self.users and self._somebody_waits())):
                    if time.monotonic() > deadline:
                        raise self._busy()
                    self.changed.wait(_POLL_S)
            except BaseException:
                self._give_up(turn)
                raise
            if self.turn == turn:
                self.waiting -= 1
                self.users += 1
                self.opening = self.connection is None
            if self.connection is not None:
                return self.connection.cursor()
        try:
            connection = self._open(deadline)
        except BaseException:
            with self.changed:
                self.opening, self.users = False, 0
                self.changed.notify_all()
            raise
        with self.changed:
            self.connection, self.opening = connection, False
            self.users, self.waiting, self.turn = 1 + self.waiting, 0, self.turn + 1
            self.changed.notify_all()
            return connection.cursor()

    @contextmanager
    def closed(self, deadline: float) -> Iterator[None]:
        """Keep the file closed for everybody: no lease, of this process or another, while this lasts."""
        with self.changed:
            while self.opening or self.users:
                if time.monotonic() > deadline:
                    raise self._busy()
                self.changed.wait(_POLL_S)
            self.opening = True
        try:
            self._take_locks(deadline)
            try:
                yield
            finally:
                self.held.release()
        finally:
            with self.changed:
                self.opening = False
                self.changed.notify_all()

    def leave(self, cursor: duckdb.DuckDBPyConnection) -> None:
        cursor.close()
        with self.changed:
            self._leave()

    def _leave(self) -> None:
        self.users -= 1
        if self.users == 0 and self.connection is not None:
            self.connection.close()
            self.connection = None
            self.held.release()
        self.changed.notify_all()

    def _give_up(self, turn: int) -> None:
        """Wait no longer; whether one was still counted as waiting depends on whether the file was opened meanwhile."""
        if self.turn == turn:
            self.waiting -= 1
        else:
            self._leave()

    def _somebody_waits(self) -> bool:
        queue = self.queue()
        try:
            queue.acquire(timeout=0)
        except Timeout:
            return True
        queue.release()
        return False

    def _open(self, deadline: float) -> duckdb.DuckDBPyConnection:
        self._take_locks(deadline)
        try:
            connection = _connect(self.path, deadline)
            try:
                migrate(connection)
            except BaseException:
                connection.close()
                raise
            with contextlib.suppress(OSError):  # a full disk must not keep anybody from reading
                self.holder.write_text(json.dumps({"pid": os.getpid(), "command": " ".join(sys.argv)[:200]}))
        except BaseException:
            self.held.release()
            raise
        return connection

    def _take_locks(self, deadline: float) -> None:
        """Wait for one's turn at the file."""
        try:
            queue = self.queue()
            _acquire(queue, deadline)
            try:
                _acquire(self.held, deadline)
            finally:
                queue.release()
        except Timeout as error:
            raise self._busy() from error

    def _busy(self) -> CatalogueBusy:
        who = "another process"
        with contextlib.suppress(OSError, ValueError, KeyError):
            holder = json.loads(self.holder.read_text())
            who = f"process {holder['pid']} ({holder['command']})"
        return CatalogueBusy(f"The catalogue {self.path} has been in use by {who} for too long. Try again, or stop it.")


_instances: dict[Path, _Instance] = {}
_instances_lock = threading.Lock()
_leased = threading.local()


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())


def _acquire(lock: FileLock, deadline: float) -> None:
    """Take a lock, asking more often the longer one waits: where many ask again and again, nobody is left behind."""
    asked = time.monotonic()
    while True:
        try:
            lock.acquire(timeout=0)
            return
        except Timeout:
            if time.monotonic() > deadline:
                raise
        time.sleep(max(_LEAST_POLL_S, _POLL_S / (1 + time.monotonic() - asked)))


def _connect(path: Path, deadline: float, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open the file; a program that holds it without asking for a lease is waited for as well."""
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only, config=_DUCKDB_CONFIG)
        except duckdb.Error as error:
            # "block", where damage is reported, holds a "lock" as well.
            if not re.search(r"\block\b", str(error)):
                if words := in_words(error, path):
                    raise words from error
                raise CatalogueDamaged(
                    f"The catalogue {path} cannot be opened; it may be damaged. `songfeat rebuild` makes a new one from"
                    f" runs, shards and the tables and folders it came from. DuckDB: {str(error).splitlines()[0]}"
                ) from error
            if time.monotonic() > deadline:
                raise CatalogueBusy(
                    f"The catalogue {path} is in use by another program. DuckDB: {str(error).splitlines()[0]}"
                ) from error
            time.sleep(random.uniform(0.01, 0.08))  # noqa: S311 - jitter, no secret


class Catalogue:
    """What a workspace knows: tracks, clips, reference values, runs, scores, predictions, rejects.

    Parameters
    ----------
    workspace : Workspace
        Created when it does not exist yet.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.path = workspace.catalogue
        self._seen: tuple[tuple[int, int], int] | None = None

    @contextmanager
    def lease(self, *, write: bool = False, timeout: float = LEASE_TIMEOUT_S) -> Iterator[duckdb.DuckDBPyConnection]:
        """Hold the catalogue for a short while.

        A writing lease is one transaction: it is committed at the end, or
        rolled back if an exception passes. Nothing long belongs inside a
        lease, and leases do not nest.

        Raises
        ------
        CatalogueBusy
            If others hold it for more than `timeout` seconds.
        WorkspaceError
            If it is damaged, of a newer Songfeat, or `write` and read-only.
        """
        if getattr(_leased, "path", None) == self.path:
            raise RuntimeError("A thread that holds the catalogue asked for it again: leases do not nest.")
        deadline = time.monotonic() + timeout
        _leased.path = self.path
        try:
            if not self.workspace.writable:
                with self._read_only(write, deadline) as db:
                    yield db
            elif write:
                with self._writing(deadline) as db:
                    yield db
            else:
                with self._shared(deadline) as db:
                    yield db
        except (duckdb.Error, OSError) as error:
            if words := in_words(error, self.path):
                raise words from error
            raise
        finally:
            _leased.path = None

    @contextmanager
    def closed(self, timeout: float = LEASE_TIMEOUT_S) -> Iterator[None]:
        """Keep everybody from opening the catalogue, so that its file can be copied or replaced as a whole.

        Raises
        ------
        CatalogueBusy
            If others hold it for more than `timeout` seconds.
        """
        self.workspace.prepare()
        with _instances_lock:
            instance = _instances.setdefault(self.path, _Instance(self.path))
        with instance.closed(time.monotonic() + timeout):
            yield

    def copy_to(self, copy: Path) -> None:
        """Copy the catalogue as it is at one moment, while nobody has it open; raises as `closed` does."""
        with self.closed():
            shutil.copyfile(self.path, copy)
            # Only there if a process died before DuckDB could fold it in.
            log = self.path.with_suffix(".duckdb.wal")
            if log.exists():
                shutil.copyfile(log, copy.with_suffix(".duckdb.wal"))
        duckdb.connect(str(copy)).close()

    def version(self) -> int:
        """A counter that every write raises: what was read at this version stays true until it changes."""
        before = self._stamp()
        if before is not None and self._seen is not None and self._seen[0] == before:
            return self._seen[1]
        with self.lease() as db:
            ((version,),) = db.execute("SELECT version FROM meta").fetchall()
        # Remembered only if nobody wrote meanwhile, or a newer file would pass for this version.
        self._seen = (before, version) if before is not None and before == self._stamp() else None
        return int(version)

    def _stamp(self) -> tuple[int, int] | None:
        """When the file last changed; None while a log beside it may hold newer changes."""
        if self.path.with_suffix(".duckdb.wal").exists() or not self.path.exists():
            return None
        status = self.path.stat()
        return status.st_mtime_ns, status.st_size

    @contextmanager
    def _shared(self, deadline: float) -> Iterator[duckdb.DuckDBPyConnection]:
        self.workspace.prepare()
        with _instances_lock:
            instance = _instances.setdefault(self.path, _Instance(self.path))
        db = instance.enter(deadline)
        try:
            yield db
        finally:
            instance.leave(db)

    @contextmanager
    def _writing(self, deadline: float) -> Iterator[duckdb.DuckDBPyConnection]:
        with _instances_lock:
            instance = _instances.setdefault(self.path, _Instance(self.path))
        if not instance.writing.acquire(timeout=_left(deadline)):
            raise CatalogueBusy(f"Another part of this program has been writing {self.path} for too long.")
        try:
            with self._shared(deadline) as db:
                db.execute("BEGIN")
                try:
                    yield db
                    db.execute("UPDATE meta SET version = version + 1")
                    db.execute("COMMIT")
                except BaseException:
                    # A COMMIT that failed, on a full disk, has ended the transaction already.
                    with contextlib.suppress(duckdb.Error):
                        db.execute("ROLLBACK")
                    raise
        finally:
            instance.writing.release()

    @contextmanager
    def _read_only(self, write: bool, deadline: float) -> Iterator[duckdb.DuckDBPyConnection]:
        if write or not self.path.exists():
            raise WorkspaceError(
                f"The workspace {self.workspace.folder} is read-only: it can be looked at, not changed."
            )
        connection = _connect(self.path, deadline, read_only=True)
        try:
            migrate(connection, read_only=True)
            yield connection
        finally:
            connection.close()
