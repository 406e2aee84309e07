"""Extraction by the workers of a Dask cluster on this machine, against as many plain processes."""

import logging
import os
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from benchmarks.extraction import _clips
from benchmarks.timing import compare
from songfeat.files import sha256_of
from songfeat.specs import REPORT_SPEC
from store.sources.folder import stamp
from store.work.batches import map_batches
from store.work.cluster import cluster
from store.work.extract import Clip, Extracted, extract_batch
from store.work.pool import Workers, processes
from store.workspace import Workspace


def _clip(path: Path) -> Clip:
    now = stamp(path)
    assert now is not None
    return Clip(sha256_of(path), str(path), now)


def run() -> dict[str, object]:
    from distributed import LocalCluster

    cores = os.cpu_count() or 1
    with (
        tempfile.TemporaryDirectory() as name,
        LocalCluster(
            n_workers=cores, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=logging.ERROR
        ) as machines,
    ):
        folder = Path(name)
        clips = [_clip(Path(path)) for path in _clips(folder)]

        def extract(hire: Callable[[], AbstractContextManager[Workers]]) -> None:
            work = partial(extract_batch, Workspace(folder / "w"), REPORT_SPEC)
            done = map_batches(work, clips, hire=hire, check=lambda: None, lost=lambda clip, why: Extracted(), most=64)
            assert sum(len(batch) for batch, _ in done) == len(clips)

        hire = partial(cluster, machines.scheduler_address)
        extract(hire)  # loads what workers need, which plain processes do each time
        return compare(
            lambda: extract(hire),
            lambda: extract(partial(processes, cores)),
            rounds=3,
            what=f"MFCCs of {len(clips)} mp3 clips by {cores} Dask workers, against as many processes started for it",
        )
