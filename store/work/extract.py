"""The job that computes arrays for every clip that lacks them: on all cores, or on the workers of a Dask cluster.

Whoever computes arrays writes them as well: the job gets to know only which
clips are done. What is written twice, because a worker died after it wrote, is
the same and counts once.
"""

import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from songfeat.errors import AudioError, ClusterError, ConfigError, MissingFile
from songfeat.specs import Spec, get_spec
from store import clips
from store.catalogue import Catalogue
from store.progress import Progress
from store.shards import Shards
from store.work.batches import Batch, map_batches
from store.work.cluster import check_seen_by_workers, hired
from store.workspace import Workspace

_CLIPS_A_SHARD = 64

Clip = tuple[str, str]
"""A clip's digest and the path of its file."""


@dataclass(kw_only=True)
class Extracted:
    """What was done of a batch: the shard that was written, if any, and why there is no array of some clips.

    `missing` are the paths of files that were not found.
    """

    shard: str | None = None
    errors: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def run(workspace: Workspace, params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Extract; `params` may hold `spec` (a name), `dask` (a scheduler's address) or `jobs` (processes; all cores)."""
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
    errors = _extract(workspace, shards, todo, params, progress)
    if errors:
        with catalogue.lease(write=True) as db:
            clips.mark_broken(db, errors)
    return {
        "clips": len(table),
        "extracted": len(todo) - len(errors),
        "failed": len(errors),
        "seconds": round(time.monotonic() - started, 3),
        "spec": spec.digest,
        "damaged_shards": damaged,
        "errors": {path: errors[sha] for sha, path in todo if sha in errors},
    }


def _extract(
    workspace: Workspace, shards: Shards, todo: list[Clip], params: dict[str, Any], progress: Progress
) -> dict[str, str]:
    """Have the arrays of clips computed and written; gives why there is none, by the digest of the clip."""
    errors: dict[str, str] = {}
    done, note = 0, f"extracting to {shards.spec.shape}"
    progress.update(done, len(todo), note)
    batches = map_batches(
        partial(extract_batch, workspace, shards.spec),
        todo,
        hire=partial(hired, params),
        check=progress.check,
        lost=_lost,
        most=_CLIPS_A_SHARD,
    )
    for batch, extracted in batches:
        check_seen_by_workers(extracted.missing)
        if extracted.shard and not shards.has(extracted.shard):
            raise ClusterError(
                f"A worker wrote {shards.place.where(extracted.shard)}, which is not there on this machine: set"
                " SONGFEAT_SHARDS to a place that all machines see, such as s3://BUCKET/PATH."
            )
        errors |= extracted.errors
        done += len(batch)
        progress.update(done, len(todo), note)
    return errors


def extract_batch(workspace: Workspace, spec: Spec, batch: Batch[Clip]) -> Extracted:
    """Compute the arrays of some clips and write them as one shard, in a worker."""
    from songfeat.extraction import extract

    done, arrays = Extracted(), {}
    for sha, path in batch:
        try:
            arrays[sha] = extract(path, spec)
        except AudioError as error:
            done.errors[sha] = str(error)
            if isinstance(error, MissingFile):
                done.missing.append(path)
    if arrays:
        done.shard = Shards(workspace, spec).write(arrays)
    return done


def _lost(clip: Clip, why: str) -> Extracted:
    sha, path = clip
    return Extracted(errors={sha: f"{path} cannot be decoded: {why}."})
