"""A Dask cluster as workers: processes on other machines that do what `map_unordered` submits.

Functions, items and results travel as pickles, in both directions. So a cluster
is for machines that trust one another; over a network that others share, by
``tls://`` with certificates that Dask's own configuration names.
"""

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from songfeat import __version__
from songfeat.errors import ClusterError, ConfigError
from songfeat.locations import is_url
from store.work.pool import Workers, keep_to_one_core, processes
from store.work.sturdy import WorkerLost

Result = TypeVar("Result")

_ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}")
_CONNECT_S = 20.0
_COUNT_EVERY_S = 2.0
_WITHOUT_WORKERS_S = 120.0


def check_address(address: str) -> str:
    """A scheduler's address as it is.

    Raises
    ------
    ConfigError
        If it is not of the form ``tcp://HOST:PORT`` or ``tls://HOST:PORT``.
    """
    if not _ADDRESS.fullmatch(address):
        raise ConfigError(
            f"{address!r} is no address of a Dask scheduler; expected tcp://HOST:PORT or tls://HOST:PORT."
        )
    return address


def hired(params: dict[str, Any]) -> AbstractContextManager[Workers]:
    """The workers that a job's params ask for: `dask` is a scheduler's address, `jobs` a number of processes."""
    return cluster(params["dask"]) if params.get("dask") else processes(params.get("jobs"))


@contextmanager
def cluster(address: str) -> Iterator[Workers]:
    """The workers of a Dask cluster.

    What a worker that dies was at is done again by the others.

    Raises
    ------
    ClusterError
        If there is no scheduler at the address, it has no workers or is lost later; if a worker has another version
        of Songfeat, or none.
    ConfigError
        If the address is none, or Dask is not installed.
    """
    check_address(address)
    try:
        from distributed import Client
    except ImportError:
        raise ConfigError("Dask is not installed here: install songfeat[cluster].") from None
    # It would print tracebacks of what is said in words here.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(f"There is no Dask scheduler at {address} that answers: {error}") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_CONNECT_S)
        except TimeoutError:
            raise ClusterError(f"{_no_workers(address)}.") from None
        executor = client.get_executor(pure=False)
        try:
            yield Workers(executor=_Submitting(executor), count=_Counter(client, address), take=partial(_take, address))
        finally:
            executor.shutdown(wait=False)


class _Submitting(Executor):
    """Dask's executor, with what has to be seen to on a worker."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        return self._executor.submit(partial(_do, __version__, function), *arguments, **options)


class _Counter:
    """How many threads the workers have, asked every few seconds; raises ClusterError where nobody works any more."""

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address
        self._asked, self._seen = float("-inf"), time.monotonic()
        self._count = 0

    def __call__(self) -> int:
        now = time.monotonic()
        if now - self._asked < _COUNT_EVERY_S:
            return self._count
        try:
            self._count = sum(self._client.nthreads().values())
        except (OSError, ValueError) as error:
            raise _scheduler_lost(self._address) from error
        self._asked = time.monotonic()
        if self._count:
            self._seen = self._asked
        elif self._asked - self._seen > _WITHOUT_WORKERS_S:
            raise ClusterError(f"{_no_workers(self._address)}; it has had none for {_WITHOUT_WORKERS_S:.0f} s.")
        return self._count


def _do(version: str, function: Callable[..., Result], *arguments: Any) -> Result:
    """Do a piece of work, on a worker; `version` is the Songfeat of who asks for it."""
    if version != __version__:
        raise ClusterError(f"A worker has Songfeat {__version__}, not {version}: install the same on all machines.")
    keep_to_one_core()
    return function(*arguments)


def _take(address: str, future: Future[Any]) -> Any:
    """What a worker answered, faults of the cluster in words."""
    from distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker as error:
        times = error.allowed_failures + 1
        raise WorkerLost(f"{times} workers died, one after the other, while they were at it") from error
    except CancelledError as error:
        raise _scheduler_lost(address) from error
    except ImportError as error:
        raise ClusterError(
            f"The workers at {address} cannot do this: {error}. Install the same Songfeat on all machines."
        ) from error


def _no_workers(address: str) -> str:
    return f"The Dask scheduler at {address} has no workers (start some: dask worker {address})"


def _scheduler_lost(address: str) -> ClusterError:
    return ClusterError(f"The Dask scheduler at {address} is gone. What was done is kept; do it again to go on.")


def check_seen_by_workers(missing: Iterable[str]) -> None:
    """Tell files that are gone from files that only the workers cannot see.

    Parameters
    ----------
    missing : iterable of str
        Those that workers did not find.

    Raises
    ------
    ClusterError
        If one of them is there, on this machine.
    """
    for path in missing:
        if not is_url(path) and Path(path).is_file():
            raise ClusterError(
                f"A worker does not see {path}, which is there on this machine. Put sound where all machines see it"
                " under the same name: on object storage (s3://…) or on a shared disk."
            )
