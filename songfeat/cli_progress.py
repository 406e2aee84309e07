"""How far a command has come, on standard error."""

import sys
from typing import Any, Self


class Bar:
    """A progress bar on standard error, started anew for each stage of a job."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.stage: tuple[str, int | None] | None = None
        self.bar: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def show(self, step: Any) -> None:
        """Show a job's :class:`store.progress.Step`."""
        self.tell(step.done, step.total, step.note)

    def tell(self, done: int, total: int | None, note: str) -> None:
        """Show how many of how many are done, and of what; another `note` or `total` is another stage."""
        from tqdm import tqdm

        stage = (note, total)
        if stage != self.stage:
            self._close()
            self.stage = stage
            every_s = 0.5 if sys.stderr.isatty() else 10.0
            self.bar = tqdm(total=total, desc=note or self.kind, file=sys.stderr, mininterval=every_s)
        self.bar.update(done - self.bar.n)

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.close()
