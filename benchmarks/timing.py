"""What the benchmarks share."""

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path


def compare(ours: Callable[[], object], against: Callable[[], object], *, rounds: int, what: str) -> dict[str, object]:
    """Time two functions in turn and give the medians and the median of the rounds' ratios."""
    pairs = [(seconds(ours), seconds(against)) for _ in range(rounds)]
    return {
        "what": what,
        "seconds": statistics.median(one for one, _ in pairs),
        "against_seconds": statistics.median(other for _, other in pairs),
        "ratio": statistics.median(one / other for one, other in pairs),
        "rounds": rounds,
        "cores": os.cpu_count(),
    }


def seconds(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def processor_seconds(function: Callable[[], object]) -> float:
    """What all cores together spend on it, which other programs on the machine change less."""
    started = time.process_time()
    function()
    return time.process_time() - started


def real_data() -> Path | None:
    """The folder of real songs that SONGFEAT_REAL_DATA names."""
    folder = os.environ.get("SONGFEAT_REAL_DATA")
    return Path(folder) if folder else None
