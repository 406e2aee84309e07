"""What an empty workspace begins with."""

from filelock import FileLock

from store import jobs, overview
from store.catalogue import Catalogue

DEMO_SONGS = 240


def start_demo(catalogue: Catalogue) -> str | None:
    """Start building the demo library if the workspace is empty and this was never tried; gives the job's id.

    However many programs ask at once, it starts once. A demo job in any state
    counts, so one that a person cancelled does not come back.
    """
    workspace = catalogue.workspace
    if not workspace.writable or overview.counts(catalogue)["tracks"]:
        return None
    with FileLock(workspace.folder / "first-start.lock"):
        if jobs.jobs(workspace, kind="demo"):
            return None
        return jobs.launch(workspace, "demo", {"songs": DEMO_SONGS}, title="Demo library")
