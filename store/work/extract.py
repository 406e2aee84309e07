"""The job that computes arrays for every clip that lacks them, on all cores."""

import time
from functools import partial
from typing import Any

import numpy as np

from songfeat.errors import AudioError, ConfigError
from songfeat.specs import Spec, get_spec
from store import clips
from store.catalogue import Catalogue
from store.progress import Progress
from store.shards import Shards
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
    todo = list(zip(lacking["sha256"].astype(str), lacking["path"].astype(str), strict=True))
    errors: dict[str, str] = {}
    ready: dict[str, np.ndarray] = {}
    written = time.monotonic()
    progress.update(0, len(todo), f"extracting to {spec.shape}")
    results = map_unordered(partial(_extract_one, spec=spec), todo, processes=params.get("jobs"))
    for done, ((sha, _), result) in enumerate(results, start=1):
        if isinstance(result, str):
            errors[sha] = result
        else:
            ready[sha] = result
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
        "errors": {path: errors[sha] for sha, path in todo if sha in errors},
    }


def _extract_one(clip: tuple[str, str], spec: Spec) -> np.ndarray | str:
    """The array of one clip, or why there is none."""
    from songfeat.extraction import extract

    try:
        return extract(clip[1], spec)
    except AudioError as error:
        return str(error)
