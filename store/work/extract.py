"""The job that computes arrays for every clip that lacks them: on all cores, or on the workers of a Dask cluster.

Whoever computes arrays writes them as well: the job gets to know only which
clips are done. What is written twice, because a worker died after it wrote, is
the same and counts once.
"""

import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from songfeat.errors import AudioError, ClusterError, ConfigError, MissingFile
from songfeat.files import sha256_of
from songfeat.locations import is_url
from songfeat.specs import Spec, get_spec
from store import clips
from store.catalogue import Catalogue
from store.progress import Progress
from store.shards import Shards
from store.sources.folder import stamp
from store.work.batches import Batch, map_batches
from store.work.cluster import check_seen_by_workers, hired
from store.workspace import Workspace

_CLIPS_A_SHARD = 64


class Clip(NamedTuple):
    """A clip's digest, the path or URL of its file, and size and time of that when it was scanned."""

    sha256: str
    path: str
    stamp: tuple[int, int]


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
    columns = (lacking["sha256"].astype(str), lacking["path"].astype(str), lacking["bytes"], lacking["modified_ns"])
    todo = [Clip(sha, path, (int(size), int(when))) for sha, path, size, when in zip(*columns, strict=True)]
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
        "errors": {clip.path: errors[clip.sha256] for clip in todo if clip.sha256 in errors},
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
    done, arrays = Extracted(), {}
    for clip in batch:
        try:
            arrays[clip.sha256] = array_of(clip, spec)
        except AudioError as error:
            done.errors[clip.sha256] = str(error)
            if isinstance(error, MissingFile):
                done.missing.append(clip.path)
    if arrays:
        done.shard = Shards(workspace, spec).write(arrays)
    return done


def array_of(clip: Clip, spec: Spec) -> np.ndarray:
    """The array of one clip.

    Raises
    ------
    AudioError
        If its sound cannot be used, or its file is not the one that was scanned any more.
    """
    from songfeat.extraction import extract

    array = extract(clip.path, spec)
    if not is_url(clip.path):
        # An array is kept under what the file holds, so it must still hold that.
        now = stamp(Path(clip.path))
        if now != clip.stamp and (now is None or sha256_of(Path(clip.path)) != clip.sha256):
            raise AudioError(f"{clip.path} has changed since it was scanned; scan its folder again.")
    return array


def _lost(clip: Clip, why: str) -> Extracted:
    return Extracted(errors={clip.sha256: f"{clip.path} cannot be decoded: {why}."})
