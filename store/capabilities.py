"""What each source can do with the present credentials, found out by asking once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from store import jobs
from store.catalogue import Catalogue
from store.sources.interface import Capability, Work
from store.sources.registry import Source, collected
from store.workspace import Workspace, read_json, write_json

_FILE = "capabilities.json"


def ask(workspace: Workspace) -> dict[str, Any]:
    """Ask every source that is collected from, all at once, and remember what they say.

    Returns
    -------
    dict
        `asked_at` (ISO, UTC) and `sources`: records of source, capability,
        ok (None where it was not tried or nothing can be said) and detail.
    """
    sources = collected()
    with ThreadPoolExecutor(len(sources)) as pool:
        found = pool.map(lambda source: _probe(source, workspace), sources)
        records = [
            {"source": source.name, "capability": one.name, "ok": one.ok, "detail": one.detail}
            for source, capabilities in zip(sources, found, strict=True)
            for one in capabilities
        ]
    answer = {"asked_at": jobs.now(), "sources": records}
    if workspace.folder.is_dir() and workspace.writable:
        write_json(workspace.folder / _FILE, answer)
    return answer


def known(workspace: Workspace) -> dict[str, Any] | None:
    """What the sources said when they were last asked; None if they never were."""
    path = workspace.folder / _FILE
    return read_json(path) if path.exists() else None


def _probe(source: Source, workspace: Workspace) -> list[Capability]:
    work = Work(catalogue=Catalogue(workspace), attempts=1)
    try:
        return list(source.module().probe(work))
    finally:
        work.close()
