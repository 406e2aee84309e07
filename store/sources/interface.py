"""What passes between a source and the job that collects from it."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from store.catalogue import Catalogue
from store.progress import Progress
from store.web.client import ATTEMPTS, Client
from store.web.journal import Journal
from store.web.patience import Patience
from store.web.provider import Provider

Item = TypeVar("Item")
Result = TypeVar("Result")

_LOOK_EVERY_S = 0.2


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a record comes from: the request in words, when it was answered (ISO, UTC), and under which licence."""

    request: str
    asked_at: str
    terms: str | None = None


@dataclass(frozen=True, kw_only=True)
class Song:
    """What a source says of one song.

    Attributes
    ----------
    row : dict
        Columns of :data:`store.merge.ROW_COLUMNS` but `row`; at least `track_id`.
        `source` says whose reference values it holds, if it holds any.
    clip : dict or None
        Its sound: columns of :data:`store.clips.COLUMNS` but `track_id`.
    origin : Origin
    """

    row: dict[str, Any]
    origin: Origin
    clip: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Reject:
    """What could not be had: of which track or request, which part of it, and why."""

    subject: str
    reason: str
    column: str | None = None
    value: str | None = None


@dataclass(frozen=True, kw_only=True)
class Capability:
    """Whether a source can do something with the present credentials; `ok` is None for what was not asked."""

    name: str
    ok: bool | None
    detail: str


@dataclass(kw_only=True)
class Work:
    """What a source works with.

    Attributes
    ----------
    catalogue : Catalogue
    journal : Journal or None
        None where answers are not kept, as when a source is only probed.
    scope : str
        The job: answers that list things serve it alone.
    progress : Progress or None
    attempts : int
        How often a question is asked that something passing prevents from being answered.
    notes : list of str
        What a person should know of how it went; becomes part of the result.
    """

    catalogue: Catalogue
    journal: Journal | None = None
    scope: str = ""
    progress: Progress | None = None
    notes: list[str] = field(default_factory=list)
    attempts: int = ATTEMPTS
    patience: Patience = field(default_factory=Patience)
    clients: list[Client] = field(default_factory=list)

    def client(self, provider: Provider, *, contact: str | None = None) -> Client:
        """A session with a provider that keeps its answers."""
        client = Client(
            provider,
            journal=self.journal,
            scope=self.scope,
            patience=self.patience,
            contact=contact,
            attempts=self.attempts,
        )
        self.clients.append(client)
        return client

    def tell(self, done: int, total: int | None, note: str) -> None:
        """Tell how far it is.

        Raises
        ------
        Cancelled
            If the job should stop.
        """
        if self.progress:
            self.progress.update(done, total, note)

    def map(
        self, function: Callable[[Item], Result], items: Iterable[Item], *, threads: int
    ) -> Iterator[tuple[Item, Result]]:
        """Each item with its result, as they are ready, from several threads; stops with the job."""
        waiting = iter(items)
        with ThreadPoolExecutor(threads) as pool:
            try:
                under_way = {pool.submit(function, item): item for item in islice(waiting, threads)}
                while under_way:
                    if self.progress:
                        self.progress.check()
                    for future in wait(under_way, timeout=_LOOK_EVERY_S, return_when=FIRST_COMPLETED).done:
                        item = under_way.pop(future)
                        for following in islice(waiting, 1):
                            under_way[pool.submit(function, following)] = following
                        yield item, future.result()
            except BaseException:
                self.patience.stop.set()
                raise

    def close(self) -> None:
        """Close the connections and the journal."""
        for client in self.clients:
            client.close()
        if self.journal:
            self.journal.close()
