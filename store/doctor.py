"""Whether everything is in order: versions, decoders, the workspace, the sources."""

import importlib.util
import platform
from collections.abc import Iterable
from importlib import metadata
from typing import Any

import soundfile

from songfeat import __version__
from songfeat.errors import SongfeatError
from store import capabilities, jobs
from store.catalogue import Catalogue
from store.integrity import check_catalogue, damaged_arrays, damaged_runs
from store.workspace import Workspace

_PACKAGES = ("torch", "torchaudio", "streamlit", "duckdb", "pandas", "numpy", "librosa", "soundfile")

Check = dict[str, Any]


def checks(workspace: Workspace) -> list[Check]:
    """Records of `name`, `ok` and `detail`; `ok` is None for what may be missing."""
    return [*_versions(), *_decoders(), _cluster(), *_workspace(workspace), *_sources(workspace)]


def _versions() -> list[Check]:
    found = [_check("songfeat", True, f"{__version__} on Python {platform.python_version()}")]
    for name in _PACKAGES:
        try:
            found.append(_check(name, True, metadata.version(name)))
        except metadata.PackageNotFoundError:
            found.append(_check(name, False, f"not installed; pip install {name}"))
    return found


def _decoders() -> list[Check]:
    formats = soundfile.available_formats()
    known = [_check(f"decode {name}", name.upper() in formats, "libsndfile") for name in ("mp3", "flac", "ogg", "wav")]
    av = importlib.util.find_spec("av") is not None
    return [*known, _check("decode m4a", av or None, "PyAV" if av else "not installed; pip install 'songfeat[m4a]'")]


def _workspace(workspace: Workspace) -> list[Check]:
    where = str(workspace.folder)
    if not workspace.catalogue.exists():
        return [_check("workspace", None, f"{where} is empty")]
    found = [_check("workspace", workspace.writable or None, where if workspace.writable else f"{where} is read-only")]
    try:
        check_catalogue(Catalogue(workspace))
        with Catalogue(workspace).lease() as db:
            orphans = db.execute(
                "SELECT (SELECT count(*) FROM reference ANTI JOIN tracks USING (track_id)),"
                " (SELECT count(*) FROM clips ANTI JOIN tracks USING (track_id)),"
                " (SELECT count(*) FROM predictions ANTI JOIN runs USING (run_id))"
            ).fetchall()[0]
            broken = db.execute("SELECT count(*) FROM clips WHERE status <> 'ok'").fetchall()[0][0]
    except SongfeatError as error:
        return [*found, _check("catalogue", False, str(error))]
    whole = (
        "every row can be read; nothing stands alone" if not any(orphans) else f"{sum(orphans)} rows belong to nothing"
    )
    runs = damaged_runs(workspace)
    lost = [job.job_id for job in jobs.jobs(workspace) if job.state == "lost"]
    return [
        *found,
        _check("catalogue", not any(orphans), whole),
        _check("clips", None if broken else True, f"{broken} cannot be used" if broken else "all can be used"),
        _arrays(workspace),
        _check(
            "runs", not runs, _damage((f"{run}: {', '.join(files)}" for run, files in runs.items()), "training again")
        ),
        _check("jobs", None if lost else True, f"lost: {', '.join(lost)}" if lost else "none was lost"),
    ]


def _arrays(workspace: Workspace) -> Check:
    try:
        shards = damaged_arrays(workspace)
    except SongfeatError as error:  # object storage that cannot be reached
        return _check("arrays", False, str(error))
    return _check("arrays", not shards, _damage(shards, "songfeat extract"))


def _cluster() -> Check:
    missing = [name for name in ("distributed", "s3fs") if importlib.util.find_spec(name) is None]
    if missing:
        return _check("cluster", None, "not installed; pip install 'songfeat[cluster]'")
    return _check("cluster", True, f"Dask {metadata.version('distributed')}, s3fs {metadata.version('s3fs')}")


def _sources(workspace: Workspace) -> list[Check]:
    """What sources can do; what they refuse is no fault of this installation."""
    return [
        _check(f"{one['source']}: {one['capability']}", one["ok"] or None, one["detail"])
        for one in capabilities.ask(workspace)["sources"]
    ]


def _damage(found: Iterable[str], remedy: str) -> str:
    named = "; ".join(found)
    return f"damaged: {named}; {remedy} makes them anew" if named else "every file is what it was when it was written"


def _check(name: str, ok: bool | None, detail: str) -> Check:
    return {"name": name, "ok": ok, "detail": detail}
