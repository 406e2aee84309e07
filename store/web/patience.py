"""Waiting for providers: as long as they ask, but not for ever, and not after somebody said stop."""

import threading

from store.progress import Cancelled
from store.web.failures import quota

_BUDGET_S = 1800.0


class Patience:
    """The waiting of one collection, shared by all its threads.

    Parameters
    ----------
    budget_s : float
        How long it may wait for refusals in total, before it gives up and
        asks to be resumed later. Keeping a provider's pace does not count.
    """

    def __init__(self, budget_s: float = _BUDGET_S) -> None:
        self.stop = threading.Event()
        self._left_s = budget_s
        self._lock = threading.Lock()

    def pause(self, seconds: float) -> None:
        """Wait.

        Raises
        ------
        Cancelled
            As soon as `stop` is set.
        """
        if self.stop.wait(seconds):
            raise Cancelled

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
