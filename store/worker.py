"""Does one job: ``python -m store.worker JOB_FOLDER``, or in this process for the command line."""

import contextlib
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from songfeat.errors import SongfeatError
from store import jobs
from store.faults import in_words
from store.progress import Cancelled, Progress, Step
from store.work import load_work
from store.workspace import Workspace, read_json

_QUEUE_POLL_S = 0.5
# The turn that a kind of job waits for. One training at a time, whoever trains: two would only slow each other down.
_TURNS = dict.fromkeys(("train", "sweep", "report"), "train")


def work(folder: Path, listener: Callable[[Step], None] | None = None) -> dict[str, Any]:
    """Do the job in `folder` and record how it ended; gives its result.

    Raises
    ------
    SongfeatError
        What went wrong, in words for a person; recorded in ``status.json`` too.
    Cancelled
        If somebody cancelled it.
    """
    workspace = Workspace(folder.parent.parent)
    config = read_json(folder / "config.json")
    with jobs.alive(folder):
        progress = Progress(folder, listener)
        try:
            with _turn(workspace, config["kind"], progress):
                jobs.write_status(folder, state="running", started_at=jobs.now())
                result = load_work(config["kind"])(workspace, config["params"], progress)
            jobs.write_status(folder, state="done", finished_at=jobs.now(), result=result)
        except (Cancelled, KeyboardInterrupt) as stop:
            jobs.write_status(folder, state="cancelled", finished_at=jobs.now())
            raise Cancelled from stop
        except SongfeatError as error:
            _record_failure(folder, type(error).__name__, str(error))
            raise
        except BaseException as error:
            if words := in_words(error, workspace.folder):
                _record_failure(folder, type(words).__name__, str(words))
                raise words from error
            _record_failure(folder, type(error).__name__, f"An internal error: {error}. The details are in worker.log.")
            raise
        return result


def work_here(
    workspace: Workspace,
    kind: str,
    params: dict[str, Any],
    *,
    title: str = "",
    listener: Callable[[Step], None] | None = None,
) -> dict[str, Any]:
    """Create a job and do it in this process, seen by the dashboard like any other."""
    return work(workspace.jobs / jobs.create(workspace, kind, params, title=title), listener)


@contextmanager
def _turn(workspace: Workspace, kind: str, progress: Progress) -> Iterator[None]:
    """Wait until no other job that takes the same turn is at work."""
    if kind not in _TURNS:
        yield
        return
    lock = FileLock(workspace.jobs / f"{_TURNS[kind]}.turn")
    while True:
        progress.check()
        try:
            lock.acquire(timeout=0)
            break
        except Timeout:
            time.sleep(_QUEUE_POLL_S)
    try:
        yield
    finally:
        lock.release()


def _record_failure(folder: Path, kind: str, message: str) -> None:
    # Where not even that can be written any more, the job counts as lost; what went wrong is raised all the same.
    with contextlib.suppress(OSError):
        jobs.write_status(folder, state="failed", finished_at=jobs.now(), error={"type": kind, "message": message})


def main() -> int:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    folder = Path(sys.argv[1]).resolve()
    try:
        work(folder)
    except Cancelled:
        return 130
    except SongfeatError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201 - into worker.log
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
