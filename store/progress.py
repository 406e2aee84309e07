"""How a long piece of work tells how far it is, and learns that it should stop."""

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

REPORT_EVERY_S = 0.25
_RATE_WINDOW = 40


class Cancelled(Exception):  # noqa: N818 - no error: somebody asked for it
    """Raised inside a job whose cancellation was asked for."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """How far a job is: `done` of `total` (None where not known) items, its pace and what it is at.

    `rate` is items per second, `eta_s` the seconds left; None until known.
    """

    done: int
    total: int | None
    note: str
    elapsed_s: float
    rate: float | None
    eta_s: float | None


class Progress:
    """Appends steps to ``progress.jsonl`` and raises `Cancelled` once ``cancel`` stands beside it.

    Parameters
    ----------
    folder : Path
        The job's folder.
    listener : callable, optional
        Gets every step as well, for a progress bar.
    """

    def __init__(self, folder: Path, listener: Callable[[Step], None] | None = None) -> None:
        self.folder = folder
        self._listener = listener
        self._started = time.monotonic()
        self._reported = float("-inf")
        self._recent: deque[tuple[float, int]] = deque(maxlen=_RATE_WINDOW)
        self._note = ""

    def update(self, done: int, total: int | None = None, note: str = "") -> None:
        """Tell that `done` of `total` items are done; cheap enough to be called for each item.

        Raises
        ------
        Cancelled
            If the job should stop.
        """
        now = time.monotonic()
        self.check()
        if note != self._note and self._recent and done < self._recent[-1][1]:
            self._recent.clear()  # another stage began, with another pace
        last = total is not None and done >= total
        if now - self._reported < REPORT_EVERY_S and note == self._note and not last:
            return
        self._reported, self._note = now, note
        self._recent.append((now, done))
        step = self._step(now, done, total, note)
        with (self.folder / "progress.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(step)) + "\n")
        if self._listener:
            self._listener(step)

    def check(self) -> None:
        """Raise `Cancelled` if the job should stop; for loops that have nothing to tell."""
        if (self.folder / "cancel").exists():
            raise Cancelled

    def _step(self, now: float, done: int, total: int | None, note: str) -> Step:
        (first_time, first_done), rate = self._recent[0], None
        if now > first_time and done > first_done:
            rate = (done - first_done) / (now - first_time)
        return Step(
            done=done,
            total=total,
            note=note,
            elapsed_s=round(now - self._started, 3),
            rate=rate,
            eta_s=(total - done) / rate if rate and total is not None else None,
        )


class Within(Progress):
    """The progress of one part of a larger piece of work: what it tells is told with a name before it.

    Parameters
    ----------
    whole : Progress
        Of the larger piece of work.
    name : str
        Such as ``"3 of 12"``.
    """

    def __init__(self, whole: Progress, name: str) -> None:
        super().__init__(whole.folder)
        self._whole, self._name = whole, name

    def update(self, done: int, total: int | None = None, note: str = "") -> None:
        self._whole.update(done, total, f"{self._name}: {note}")
