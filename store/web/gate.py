"""How often a host is asked, and by how many at once."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Gate:
    """Lets at most `concurrency` questions through at once, and one each `interval_s` seconds; counts the `turns`."""

    def __init__(self, *, interval_s: float, concurrency: int) -> None:
        self.interval_s = interval_s
        self.turns = 0
        self._places = threading.BoundedSemaphore(concurrency)
        self._lock = threading.Lock()
        self._next = 0.0

    @contextmanager
    def turn(self, sleep: Callable[[float], None]) -> Iterator[None]:
        """Wait for one's turn, with `sleep`, and hold it."""
        with self._places:
            with self._lock:
                self.turns += 1
                now = time.monotonic()
                start = max(now, self._next)
                self._next = start + self.interval_s
            if start > now:
                sleep(start - now)
            yield

    def hold(self, seconds: float) -> None:
        """Let nobody else through for a while."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)
