"""The job that measures how loud clips are, on all cores, for those that were not measured yet."""

import math
from typing import Any

import numpy as np

from songfeat.audio import load, to_mono
from songfeat.errors import AudioError
from store import clips
from store.catalogue import Catalogue
from store.progress import Progress
from store.quality import clips_to_measure
from store.work.pool import map_unordered, processes
from store.workspace import Workspace

_BATCH = 200
_MOST_SECONDS = 600.0
"""Of a longer file only so much is measured: one of days would not fit into memory."""


def run(workspace: Workspace, params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Measure; `params` may hold `jobs` (processes; all cores if missing)."""
    catalogue = Catalogue(workspace)
    table = clips_to_measure(catalogue)
    paths = dict(zip(table["path"].astype(str), table["sha256"].astype(str), strict=True))
    levels: dict[str, float] = {}
    errors: dict[str, str] = {}
    progress.update(0, len(paths), "measuring levels")
    workers = processes(params.get("jobs"))
    measured = map_unordered(level_db, list(paths), workers=workers, check=progress.check, lost=_lost)
    for done, (path, level) in enumerate(measured, start=1):
        if isinstance(level, str):
            errors[paths[path]] = level
        else:
            levels[paths[path]] = level
        if len(levels) + len(errors) >= _BATCH or done == len(paths):
            with catalogue.lease(write=True) as db:
                clips.set_levels(db, levels)
                if errors:
                    clips.mark_broken(db, errors)
            levels, errors = {}, {}
        progress.update(done, len(paths), "measuring levels")
    return {"clips": len(paths)}


def _lost(path: str, why: str) -> str:
    return f"{path} cannot be decoded: {why}."


def level_db(path: str) -> float | str:
    """The level of a clip, root mean square in dB of full scale, or why it cannot be measured."""
    try:
        mono = to_mono(load(path, max_seconds=_MOST_SECONDS))
    except AudioError as error:
        return str(error)
    mean_square = float(np.mean(np.square(mono, dtype=np.float64)))
    return 10 * math.log10(mean_square) if mean_square > 0 else -math.inf
