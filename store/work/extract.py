"""The job that computes arrays for every clip that lacks them, on all cores."""

import time
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from songfeat.errors import AudioError, ConfigError
from songfeat.files import sha256_of
from songfeat.specs import Spec, get_spec
from store import clips
from store.catalogue import Catalogue
from store.progress import Progress
from store.shards import Shards
from store.sources.folder import stamp
from store.work.pool import map_unordered
from store.workspace import Workspace

_CLIPS_A_SHARD = 64
# A job that dies loses at most this many seconds of work.
_SHARD_AT_LEAST_EVERY_S = 10.0


def run(workspace: Workspace, params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Extract; `params` may hold `spec` (a name) and `jobs` (processes; all cores if missing)."""
    started = time.monotonic()
    catalogue, spec = Catalogue(workspace), get_spec(params.get("spec") or "report")
    if not spec.by_clip:
        raise ConfigError(
            f"Arrays of the spec {params['spec']!r} cannot be computed from clips: import a table that has them."
        )
    shards = Shards(workspace, spec)
    damaged = shards.set_aside_damaged()
    known = shards.known()
    table = clips.all_clips(catalogue)
    lacking = table[(table["status"] == "ok") & ~table["sha256"].isin(list(known))]
    columns = (lacking["sha256"].astype(str), lacking["path"].astype(str), lacking["bytes"], lacking["modified_ns"])
    todo = [_Clip(sha, path, (int(size), int(when))) for sha, path, size, when in zip(*columns, strict=True)]
    errors: dict[str, str] = {}
    ready: dict[str, np.ndarray] = {}
    written = time.monotonic()
    progress.update(0, len(todo), f"extracting to {spec.shape}")
    results = map_unordered(
        partial(_extract_one, spec=spec),
        todo,
        processes=params.get("jobs"),
        lost=_lost,
    )
    for done, (clip, result) in enumerate(results, start=1):
        if isinstance(result, str):
            errors[clip.sha256] = result
        else:
            ready[clip.sha256] = result
        if ready and (len(ready) >= _CLIPS_A_SHARD or time.monotonic() - written > _SHARD_AT_LEAST_EVERY_S):
            shards.write(ready)
            ready, written = {}, time.monotonic()
        progress.update(done, len(todo), f"extracting to {spec.shape}")
    if ready:
        shards.write(ready)
    if errors:
        with catalogue.lease(write=True) as db:
            clips.mark_broken(db, errors)
    return {
        "clips": len(table),
        "extracted": len(todo) - len(errors),
        "failed": len(errors),
        "seconds": round(time.monotonic() - started, 3),
        "spec": spec.digest,
        "damaged_shards": [str(path) for path in damaged],
        "errors": {clip.path: errors[clip.sha256] for clip in todo if clip.sha256 in errors},
    }


class _Clip(NamedTuple):
    sha256: str
    path: str
    stamp: tuple[int, int]
    """Size and time of the file when it was scanned."""


def _extract_one(clip: _Clip, spec: Spec) -> np.ndarray | str:
    """The array of one clip, or why there is none."""
    from songfeat.extraction import extract

    try:
        array = extract(clip.path, spec)
    except AudioError as error:
        return str(error)
    # An array is kept under what the file holds, so it must still hold that.
    now = stamp(Path(clip.path))
    if now != clip.stamp and (now is None or sha256_of(Path(clip.path)) != clip.sha256):
        return f"{clip.path} has changed since it was scanned; scan its folder again."
    return array


def _lost(clip: _Clip, why: str) -> str:
    return f"{clip.path} cannot be decoded: {why}."
