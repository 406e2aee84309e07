"""Waiting for providers: as long as they ask, but not for ever, and not after somebody said stop."""

import threading
import time
from collections.abc import Callable

from store.progress import Cancelled
from store.web.failures import quota

_BUDGET_S = 1800.0
_LOOK_EVERY_S = 0.5


class Patience:
    """The waiting of one collection, shared by all its threads.

    Parameters
    ----------
    budget_s : float
        How long it may wait for refusals in total, before it gives up and
        asks to be resumed later. Keeping a provider's pace does not count.
    check : callable, optional
        Raises if the collection should stop; asked again and again while waiting.
    """

    def __init__(self, budget_s: float = _BUDGET_S, check: Callable[[], None] = lambda: None) -> None:
        self.stop = threading.Event()
        self._check = check
        self._left_s = budget_s
        self._lock = threading.Lock()

    def pause(self, seconds: float) -> None:
        """Wait.

        Raises
        ------
        Cancelled
            As soon as `stop` is set.
        """
        end = time.monotonic() + seconds
        while True:
            self._check()
            left_s = end - time.monotonic()
            if self.stop.wait(max(0.0, min(left_s, _LOOK_EVERY_S))):
                raise Cancelled
            if left_s <= _LOOK_EVERY_S:
                return

    def spend(self, provider: str, seconds: float) -> None:
        """Count a wait against the budget.

        Raises
        ------
        AnswerError
            If too little is left.
        """
        with self._lock:
            if seconds > self._left_s:
                raise quota(provider, seconds)
            self._left_s -= seconds
