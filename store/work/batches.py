"""Work on many items in batches that take seconds, however long one item takes."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from itertools import islice
from typing import TypeVar

from store.work.pool import Workers, map_unordered

Item = TypeVar("Item")
Result = TypeVar("Result")

Batch = tuple[Item, ...]

# What is lost when a worker dies, and how long it takes to stop.
_TARGET_S = 4.0
_FIRST_ITEMS = 8


def map_batches(
    function: Callable[[Batch[Item]], Result],
    items: Iterable[Item],
    *,
    hire: Callable[[], AbstractContextManager[Workers]],
    check: Callable[[], None],
    lost: Callable[[Item, str], Result],
    most: int,
) -> Iterator[tuple[Batch[Item], Result]]:
    """Each batch of items with its result, as they are ready.

    Batches begin small and grow to what takes four seconds, `most` items at the
    utmost. The items of a batch over which workers died are done again, each
    alone, at the end: one file that kills its decoder costs no other its place.

    Parameters
    ----------
    function : callable
        Does a batch.
    items : iterable
    hire : callable
        Gives workers, as for :func:`store.work.pool.map_unordered`.
    check, lost : callable
        As there; `lost` is for an item that was alone.
    most : int
    """
    suspects: list[Item] = []
    size = _FIRST_ITEMS

    def batches() -> Iterator[Batch[Item]]:
        rest = iter(items)
        while batch := tuple(islice(rest, size)):
            yield batch

    timed = partial(_timed, function)
    # Generous types: what a lost batch gives is no result but None, until each of its items is done alone.
    for batch, (seconds, result) in map_unordered(timed, batches(), workers=hire(), check=check, lost=_nothing):
        if result is None:
            suspects += batch
            continue
        size = max(1, min(most, round(_TARGET_S * len(batch) / max(seconds, 1e-9))))
        yield batch, result
    if suspects:
        alone = [(item,) for item in suspects]
        last = partial(_lost_alone, lost)
        for single, (_, result) in map_unordered(timed, alone, workers=hire(), check=check, lost=last):
            if result is not None:
                yield single, result


def _timed(function: Callable[[Batch[Item]], Result], batch: Batch[Item]) -> tuple[float, Result | None]:
    started = time.monotonic()
    result = function(batch)
    return time.monotonic() - started, result


def _nothing(_batch: object, _why: str) -> tuple[float, None]:
    return 0.0, None


def _lost_alone(lost: Callable[[Item, str], Result], batch: Batch[Item], why: str) -> tuple[float, Result | None]:
    return 0.0, lost(batch[0], why)
