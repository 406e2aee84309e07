"""An executor of processes that outlives them: the call on which a process dies fails, all others are done."""

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any


class WorkerLost(Exception):  # noqa: N818 - told of a call, and no error of ours
    """Raised for a call on which its worker died, as a decoder may on a damaged file."""


class SturdyProcesses(Executor):
    """Spawned processes, of which any may die.

    When one does, Python gives up all that were its companions. Here others
    take their place, and each call that was under way is made again in a
    process that it has to itself, where it shows which of them was deadly.

    Parameters
    ----------
    count : int
    initializer : callable
        Called in each process before its first call.
    """

    def __init__(self, count: int, initializer: Callable[[], None]) -> None:
        self._new_pool = partial(
            ProcessPoolExecutor,
            # Spawned rather than forked, so that no worker inherits this job's locks.
            mp_context=multiprocessing.get_context("spawn"),
            initializer=initializer,
        )
        self._count, self._lock = count, threading.Lock()
        self._pool = self._new_pool(count)
        self._single: ProcessPoolExecutor | None = None
        self._one_by_one = ThreadPoolExecutor(1)

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """As of any executor; the future raises WorkerLost if the call kills its process."""
        outer: Future[Any] = Future()
        call = partial(function, *arguments, **options)
        with self._lock:
            try:
                inner = self._pool.submit(call)
            except BrokenProcessPool:
                self._pool = self._new_pool(self._count)
                inner = self._pool.submit(call)
        inner.add_done_callback(partial(self._settle, outer, call))
        return outer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes; `cancel_futures` leaves aside what they have not begun."""
        self._one_by_one.shutdown(wait=wait, cancel_futures=cancel_futures)
        for pool in (self._pool, self._single):
            if pool is not None:
                pool.shutdown(wait=wait, cancel_futures=cancel_futures)

    def _settle(self, outer: Future[Any], call: Callable[[], Any], inner: Future[Any]) -> None:
        """Hand an outcome on, unless it only says that some process died."""
        if inner.cancelled():
            outer.cancel()
        elif isinstance(inner.exception(), BrokenProcessPool):
            self._one_by_one.submit(self._call_alone, outer, call)
        elif error := inner.exception():
            outer.set_exception(error)
        else:
            outer.set_result(inner.result())

    def _call_alone(self, outer: Future[Any], call: Callable[[], Any]) -> None:
        self._single = self._single or self._new_pool(1)
        alone = self._single.submit(call)
        if isinstance(alone.exception(), BrokenProcessPool):
            self._single = None
            outer.set_exception(WorkerLost("the process that was at it died"))
        else:
            self._settle(outer, call, alone)
