"""Long pieces of work, each in a process and a folder of its own.

A job's folder holds ``config.json`` (what to do), ``progress.jsonl`` (how far
it is), ``status.json`` (how it stands) and ``worker.log``. While a worker is at
it, it holds the lock ``alive``, which the operating system frees when the
process dies, however it dies: a job that says "running" without that lock is lost.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from songfeat.errors import JobError, UnknownName
from store.progress import Step
from store.workspace import Workspace, read_json, write_json

LIVE = ("queued", "running")
RESUMABLE = ("failed", "cancelled", "lost")
_START_GRACE_S = 20.0
_SILENT_S = 60.0
_MOMENT, _MOMENT_LENGTH = "%Y%m%d-%H%M%S", 15


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as its folder tells.

    `state` is queued, running, done, failed, cancelled or lost (its process died).
    """

    job_id: str
    kind: str
    title: str
    state: str
    created_at: str
    finished_at: str | None
    params: dict[str, Any]
    step: Step | None
    result: dict[str, Any] | None
    error: dict[str, str] | None
    folder: Path

    @property
    def live(self) -> bool:
        return self.state in LIVE


def create(workspace: Workspace, kind: str, params: dict[str, Any], *, title: str = "") -> str:
    """Write down a piece of work; it starts with `start` or when it is run in this process."""
    workspace.prepare()
    job_id = f"{_next_moment(workspace):{_MOMENT}}-{kind}-{uuid.uuid4().hex[:6]}"
    folder = workspace.jobs / job_id
    folder.mkdir()
    config = {"kind": kind, "title": title or kind, "params": params, "created_at": now()}
    # A folder without config.json is no job yet, so that one whose creation was killed half-way is not seen.
    write_status(folder, state="queued")
    write_json(folder / "config.json", config)
    return job_id


def start(workspace: Workspace, job_id: str) -> None:
    """Start (or resume) a job in a process of its own, which outlives this one.

    Raises
    ------
    JobError
        If it is running already, or is done.
    """
    job = get(workspace, job_id)
    prepare_again(job)
    root = str(Path(__file__).resolve().parent.parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))}
    with (job.folder / "worker.log").open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "store.worker", str(job.folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=root,
            env=environment,
            start_new_session=True,
        )


def prepare_again(job: Job) -> None:
    """Make a job that stopped ready to be worked at.

    Raises
    ------
    JobError
        If it is running, or is done.
    """
    if job.state == "done":
        raise JobError(f"The job {job.job_id} is done; there is nothing left to do.")
    if is_alive(job.folder):
        raise JobError(f"The job {job.job_id} is running already.")
    (job.folder / "cancel").unlink(missing_ok=True)
    write_status(job.folder, state="queued")


def launch(workspace: Workspace, kind: str, params: dict[str, Any], *, title: str = "") -> str:
    """Create a job and start it; gives its id."""
    job_id = create(workspace, kind, params, title=title)
    start(workspace, job_id)
    return job_id


def cancel(workspace: Workspace, job_id: str) -> None:
    """Ask a job to stop; it does so at its next step.

    Raises
    ------
    JobError
        If it is not running or queued.
    """
    job = get(workspace, job_id)
    if not job.live:
        raise JobError(f"The job {job_id} is {job.state}: there is nothing to cancel.")
    (job.folder / "cancel").touch()


def get(workspace: Workspace, job_id: str) -> Job:
    """One job.

    Raises
    ------
    UnknownName
        If there is none of this id; the message lists the newest.
    """
    folder = workspace.child(workspace.jobs, job_id, "job")
    if not (folder / "config.json").exists():
        raise UnknownName("job", job_id, [path.name for path in _folders(workspace)[:10]])
    return _read(folder)


def jobs(workspace: Workspace, *, kind: str | None = None, limit: int | None = 50) -> list[Job]:
    """The jobs of a workspace, newest first."""
    found = (_read(folder) for folder in _folders(workspace))
    return list(islice((job for job in found if kind is None or job.kind == kind), limit))


def unfinished(workspace: Workspace, kind: str, params: dict[str, Any]) -> Job | None:
    """The newest job of a kind that was to do just this and stopped before its end."""
    same = (job for job in jobs(workspace, kind=kind) if job.state in RESUMABLE and job.params == params)
    return next(same, None)


def live(workspace: Workspace) -> list[Job]:
    """The jobs that run or wait, newest first."""
    return [job for job in jobs(workspace) if job.live]


def write_status(folder: Path, **status: Any) -> None:
    write_json(folder / "status.json", {"updated_at": now(), **status})


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@contextmanager
def alive(folder: Path) -> Iterator[None]:
    """Hold a job's lock while working at it.

    Raises
    ------
    JobError
        If another process is at it.
    """
    lock = FileLock(folder / "alive")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise JobError(f"Another process is working at the job {folder.name}.") from error
    try:
        yield
    finally:
        lock.release()


def is_alive(folder: Path) -> bool:
    """Whether a process works at a job now."""
    lock = folder / "alive"
    if not lock.exists():
        return False
    if not os.access(lock, os.W_OK):
        # In a workspace that may only be read nobody can try the lock; a job at work tells of itself every second.
        progress = folder / "progress.jsonl"
        return progress.exists() and abs(time.time() - progress.stat().st_mtime) < _SILENT_S
    try:
        with alive(folder):
            return False
    except JobError:
        return True


def _next_moment(workspace: Workspace) -> datetime:
    """Now, or a second after the newest job's id: newest first stays true in a second, and with a clock set back."""
    now = datetime.now(UTC).replace(tzinfo=None)
    for newest in _folders(workspace):
        with contextlib.suppress(ValueError):  # a folder of another name
            return max(now, datetime.strptime(newest.name[:_MOMENT_LENGTH], _MOMENT) + timedelta(seconds=1))
    return now


def _folders(workspace: Workspace) -> list[Path]:
    if not workspace.jobs.is_dir():
        return []
    found = [path for path in workspace.jobs.iterdir() if (path / "config.json").exists()]
    return sorted(found, key=lambda path: path.name, reverse=True)


def _read(folder: Path) -> Job:
    config = read_json(folder / "config.json")
    status = read_json(folder / "status.json")
    state = status["state"]
    if state in LIVE and not is_alive(folder) and not _just_queued(status):
        # The worker may have finished between the two looks.
        status = read_json(folder / "status.json")
        state = "lost" if status["state"] in LIVE else status["state"]
    return Job(
        job_id=folder.name,
        kind=config["kind"],
        title=config["title"],
        state=state,
        created_at=config["created_at"],
        finished_at=status.get("finished_at"),
        params=config["params"],
        step=_last_step(folder),
        result=status.get("result"),
        error=status.get("error"),
        folder=folder,
    )


def _just_queued(status: dict[str, Any]) -> bool:
    """A worker takes a moment to start and to take its lock."""
    age = datetime.now(UTC) - datetime.fromisoformat(status["updated_at"])
    # What is younger than nothing was queued before the clock was set back.
    return status["state"] == "queued" and abs(age.total_seconds()) < _START_GRACE_S


def _last_step(folder: Path) -> Step | None:
    path = folder / "progress.jsonl"
    if not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        lines = file.read().decode("utf-8", errors="replace").split("\n")
    # What follows the last line break is still being written, and a worker that was killed may have left half a line.
    for line in reversed(lines[:-1]):
        with contextlib.suppress(ValueError):
            return Step(**json.loads(line))
    return None
