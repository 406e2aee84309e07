"""Work on many items at once, a few at a time, results as they come.

Who does it is a `Workers`: processes or threads of this machine, or a Dask
cluster (`store/work/cluster.py`). All of them are executors in the sense of
:mod:`concurrent.futures`, so that one loop serves them all.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from store.work.sturdy import SturdyProcesses, WorkerLost

Item = TypeVar("Item")
Result = TypeVar("Result")

_UNDER_WAY_PER_WORKER = 3
_LOOK_EVERY_S = 0.2


@dataclass(frozen=True, kw_only=True)
class Workers:
    """Those who work: where to submit, how many of them there are now, and how to take a result."""

    executor: Executor
    count: Callable[[], int]
    take: Callable[[Future[Any]], Any] = Future.result


def map_unordered(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: AbstractContextManager[Workers] | None = None,
    check: Callable[[], None] = lambda: None,
    lost: Callable[[Item, str], Result] | None = None,
) -> Iterator[tuple[Item, Result]]:
    """Each item with its result, in the order in which they are ready.

    Only a few are under way at once, so that memory stays small however many
    there are, and items are taken from `items` only when their turn comes.

    Parameters
    ----------
    function : callable
        Given to other processes, and perhaps machines, as are items and results: all must be picklable.
    items : iterable
    workers : context manager
        :func:`processes` (the default, one a core), :func:`threads` or :func:`store.work.cluster.cluster`.
    check : callable
        Called several times a second; what it raises ends the work.
    lost : callable, optional
        Gives the result of an item over which workers died, from the item and why; without it that ends the work.
    """
    with workers or processes() as ready:
        waiting = iter(items)
        under_way: dict[Future[Result], Item] = {}
        while True:
            room = _UNDER_WAY_PER_WORKER * max(1, ready.count()) - len(under_way)
            for item in islice(waiting, max(0, room)):
                under_way[ready.executor.submit(function, item)] = item
            if not under_way:
                return
            check()
            for future in wait(under_way, timeout=_LOOK_EVERY_S, return_when=FIRST_COMPLETED).done:
                item = under_way.pop(future)
                try:
                    result = ready.take(future)
                except WorkerLost as error:
                    if lost is None:
                        raise
                    result = lost(item, str(error))
                yield item, result


@contextmanager
def processes(count: int | None = None) -> Iterator[Workers]:
    """Processes of this machine, one a core unless `count` says how many; they end with this one, however it ends."""
    count = count or os.cpu_count() or 1
    pool = SturdyProcesses(count, _begin)
    try:
        yield Workers(executor=pool, count=lambda: count)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def threads(count: int | None = None) -> Iterator[Workers]:
    """Threads of this process, one a core unless `count` says how many; for what lets other threads work."""
    from threadpoolctl import threadpool_limits

    count = count or os.cpu_count() or 1
    with threadpool_limits(1):
        pool = ThreadPoolExecutor(count)
        try:
            yield Workers(executor=pool, count=lambda: count)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@cache
def keep_to_one_core() -> None:
    """Keep numpy to one thread in this process: its threads would fight those of the other workers."""
    # Loaded here, so that the limit finds the library.
    import numpy  # noqa: F401
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


def _begin() -> None:
    """Make a worker keep to one core, and end with its job, which may be killed; it would wait for items for ever."""
    keep_to_one_core()
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("This runs in a worker process only.")

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
