"""Who may be asked, where, and how often."""

import ipaddress
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from songfeat.errors import ConfigError
from store.web.failures import AnswerError

LOCAL_SERVER = "SONGFEAT_PROVIDERS_URL"
"""Names a server on this machine that stands in for all providers, such as http://127.0.0.1:9000; for tests."""


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A provider's address, manners and limits.

    Attributes
    ----------
    name : str
    base : str
        Where its paths begin; ends in ``/``.
    route : str
        Where they begin on a local server that stands in for it; ends in ``/``.
    hosts : tuple of str
        The hosts that may be asked, besides the one of `base`; ``".example.org"``
        means all below it.
    interval_s : float
        The shortest time from one question to the next.
    concurrency : int
        How many questions may be under way at once.
    timeout_s, deadline_s : float
        How long it may be silent, and how long an answer may take as a whole.
    max_bytes : int
        The largest answer that is read.
    json : bool
        Whether answers are JSON.
    kept : bool
        Whether answers to GET are kept, if they are JSON.
    lists : tuple of str
        Paths (their beginnings) that list what changes; an answer to them
        serves only the collection that asked.
    complaint : callable, optional
        Finds the failure in an answer whose status claims success.
    """

    name: str
    base: str
    route: str
    hosts: tuple[str, ...] = ()
    interval_s: float = 0.0
    concurrency: int = 1
    timeout_s: float = 10.0
    deadline_s: float = 60.0
    max_bytes: int = 8_000_000
    json: bool = True
    kept: bool = True
    lists: tuple[str, ...] = ()
    complaint: Callable[[Any], AnswerError | None] | None = None

    def url(self, path: str = "") -> str:
        """The address of a path, on the provider's own host or on the local server that stands in for it."""
        local = local_server()
        return (f"{local}{self.route}" if local else self.base) + path

    def check(self, url: str) -> None:
        """Refuse to ask anybody else than the provider itself, or without encryption.

        Raises
        ------
        AnswerError
        """
        parts, local = urlsplit(url), local_server()
        if local:
            allowed = f"{parts.scheme}://{parts.netloc}" == local
        else:
            host, own = parts.hostname or "", (urlsplit(self.base).hostname or "", *self.hosts)
            known = any(host == name or (name.startswith(".") and host.endswith(name)) for name in own)
            allowed = known and parts.scheme == "https" and parts.port in (None, 443) and parts.username is None
        if not allowed:
            where = f"{parts.scheme}://{parts.hostname}"
            raise AnswerError("refused", f"{self.name} points to {where}, which is none of its own hosts over https.")


def local_server() -> str | None:
    """The address that :data:`LOCAL_SERVER` sets, without a slash at its end.

    Raises
    ------
    ConfigError
        If it is no address on this machine.
    """
    address = os.environ.get(LOCAL_SERVER, "").rstrip("/")
    if not address:
        return None
    parts = urlsplit(address)
    try:
        loopback = ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        loopback = False
    if parts.scheme != "http" or not loopback or parts.path:
        raise ConfigError(
            f"{LOCAL_SERVER} is {address!r}; expected an address on this machine, as http://127.0.0.1:9000."
        )
    return address
