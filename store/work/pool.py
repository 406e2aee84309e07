"""Work on many items with several processes, a few at a time, results as they come."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from itertools import islice
from typing import TypeVar

from store.work.sturdy import SturdyProcesses, WorkerLost

Item = TypeVar("Item")
Result = TypeVar("Result")

_UNDER_WAY_PER_PROCESS = 4


def map_unordered(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    processes: int | None = None,
    lost: Callable[[Item, str], Result] | None = None,
) -> Iterator[tuple[Item, Result]]:
    """Each item with its result, in the order in which they are ready.

    Only a few are under way at once, so that memory stays small however many
    there are. The processes end with the iterator, and if this one is killed.

    Parameters
    ----------
    function : callable
    items : sequence
    processes : int, optional
        All cores if not given.
    lost : callable, optional
        Gives the result of an item on which its process died, from the item
        and what happened; without it that ends the work with WorkerLost.
    """
    if not items:
        return
    count = min(processes or os.cpu_count() or 1, len(items))
    pool = SturdyProcesses(count, _begin)
    try:
        waiting = iter(items)
        under_way: dict[Future[Result], Item] = {}
        while True:
            for item in islice(waiting, _UNDER_WAY_PER_PROCESS * count - len(under_way)):
                under_way[pool.submit(function, item)] = item
            if not under_way:
                return
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                item = under_way.pop(future)
                try:
                    result = future.result()
                except WorkerLost as error:
                    if lost is None:
                        raise
                    result = lost(item, str(error))
                yield item, result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    """Make a worker keep to one core, and end with its job, which may be killed; it would wait for items for ever."""
    # Loaded here, so that the limit finds the library: numpy's threads would fight those of the other workers.
    import numpy  # noqa: F401
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("This runs in a worker process only.")

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
