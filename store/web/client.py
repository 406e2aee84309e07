"""One way to ask a provider: a session of requests that keeps to its hosts, its pace and our limits.

Whoever takes a :class:`requests.Session`, as spotipy does, can be given one of
these, and then keeps to all of it too. An answer is whole and of success, or an
:class:`~store.web.failures.AnswerError` says why there is none.
"""

import io
import json
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
import tenacity
import urllib3
from requests.structures import CaseInsensitiveDict

from songfeat import __version__
from store.web import failures
from store.web.failures import AnswerError
from store.web.gate import Gate
from store.web.journal import Journal
from store.web.patience import Patience
from store.web.provider import Provider, local_server

ATTEMPTS = 4
_REDIRECTS = 3
_UNANSWERED = 6  # questions in a row that were asked to no avail, all their attempts included
_BLOCK_BYTES = 1 << 16
_BACKOFF_S, _LOCAL_BACKOFF_S = 0.5, 0.01
_KEPT_STATUSES = (200, 404)


class Client(requests.Session):
    """A session with one provider.

    Parameters
    ----------
    provider : Provider
    journal : Journal, optional
        Answers to GET requests are kept there and given again from there.
    scope : str
        The collection at work: answers of lists serve this one only.
    patience : Patience, optional
    contact : str, optional
        How the provider can reach whoever runs this; becomes part of the user agent.

    attempts : int
        How often a question is asked that something passing prevents from being answered.

    Attributes
    ----------
    answered_at : str
        When the last answer that this session gave was received, in UTC.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        journal: Journal | None = None,
        scope: str = "",
        patience: Patience | None = None,
        contact: str | None = None,
        attempts: int = ATTEMPTS,
    ) -> None:
        super().__init__()
        self.provider = provider
        self.patience = patience or Patience()
        self.answered_at = ""
        self._journal = journal
        self._scope = scope
        self._attempts = attempts
        self._unanswered = 0
        local = local_server() is not None
        # A server of one's own needs no courtesy, nor a proxy.
        self.trust_env = not local
        self._backoff_s = _LOCAL_BACKOFF_S if local else _BACKOFF_S
        self._gate = Gate(interval_s=0.0 if local else provider.interval_s, concurrency=provider.concurrency)
        pool = requests.adapters.HTTPAdapter(pool_connections=1, pool_maxsize=provider.concurrency)
        self.mount("https://", pool)
        self.mount("http://", pool)
        self.headers["User-Agent"] = f"Songfeat/{__version__}" + (f" ({contact})" if contact else "")

    @property
    def asked(self) -> int:
        """How many times the provider was asked over the network."""
        return self._gate.turns

    def ask(self, path: str, **params: Any) -> Any:
        """The JSON that a GET of `path` answers; parameters that are None are left out."""
        return self.get(self.provider.url(path), params=params).json()

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Ask, and ask again where that may help.

        Raises
        ------
        AnswerError
            If there is no answer of success.
        Cancelled
            If the collection is stopped meanwhile.
        """
        question = self._question(request)
        if question and self._journal and (known := self._journal.get(self.provider.name, question)):
            self.answered_at = known.asked_at
            return self._answer(request, known.status, known.body)
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, AnswerError) and error.transient),
            stop=tenacity.stop_after_attempt(self._attempts),
            wait=self._wait_s,
            sleep=self.patience.pause,
            reraise=True,
        )
        try:
            response = retrying(self._attempt, request, options)
        except AnswerError as error:
            self._unanswered += error.transient
            if self._unanswered >= _UNANSWERED:
                message = f"{self.provider.name} has stopped answering; resume the job later. At last: {error}"
                raise AnswerError("down", message) from error
            raise
        self._unanswered = 0
        body = response.raw.read()
        self.answered_at = datetime.now(UTC).isoformat(timespec="seconds")
        if question and self._journal and response.status_code in _KEPT_STATUSES:
            self._journal.put(self.provider.name, question, response.status_code, body)
        return self._answer(request, response.status_code, body)

    def _question(self, request: requests.PreparedRequest) -> str | None:
        """What is asked, in the form in which answers are kept; None if they are not."""
        base = self.provider.url()
        if request.method != "GET" or not (self.provider.json and self.provider.kept):
            return None
        if not (request.url or "").startswith(base):
            return None
        path = (request.url or "").removeprefix(base)
        return f"{self._scope} {path}" if path.startswith(self.provider.lists) and self.provider.lists else path

    def _attempt(self, request: requests.PreparedRequest, options: dict[str, Any]) -> requests.Response:
        """One try: gives a whole answer of success, or a refusal that is final for what was asked (404)."""
        with self._gate.turn(self.patience.pause):
            try:
                response, body = self._exchange(request, options)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                kind = type(error).__name__
                raise AnswerError(
                    "network", f"{self.provider.name} did not answer {_words(request)} ({kind})."
                ) from error
        status = response.status_code
        if not response.ok and status != 404:
            raise failures.of_status(self.provider.name, _words(request), status, response.headers, body)
        if response.ok and self.provider.json:
            self._check_json(request, body)
        response.raw = io.BytesIO(body)
        return response

    def _exchange(self, request: requests.PreparedRequest, options: dict[str, Any]) -> tuple[requests.Response, bytes]:
        limits = {"stream": True, "allow_redirects": False, "timeout": self.provider.timeout_s}
        deadline = time.monotonic() + self.provider.deadline_s
        following: requests.PreparedRequest | None = request
        for _ in range(1 + _REDIRECTS):
            if following is None:
                break
            self.provider.check(following.url or "")
            response = super().send(following, **{**options, **limits})
            if not response.is_redirect:
                with response:
                    return response, self._body(response, deadline)
            following = response.next
            response.close()
        raise AnswerError("refused", f"{self.provider.name} redirects {_words(request)} again and again.")

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        """The whole body; one that comes too slowly or is too large is left."""
        parts, size = [], 0
        # read1 gives what has arrived: to wait for a whole block would let a body drip for ever.
        while block := response.raw.read1(_BLOCK_BYTES, decode_content=True):
            parts.append(block)
            size += len(block)
            if size > self.provider.max_bytes:
                raise AnswerError("refused", f"{self.provider.name} sends more than {self.provider.max_bytes:,} bytes.")
            if time.monotonic() > deadline:
                raise AnswerError("network", f"{self.provider.name} sends so slowly that the answer was left.")
            if self.patience.stop.is_set():
                self.patience.pause(0)
        return b"".join(parts)

    def _check_json(self, request: requests.PreparedRequest, body: bytes) -> None:
        try:
            content = json.loads(body)
        except ValueError as error:
            raise AnswerError(
                "bad_payload", f"{self.provider.name} answered {_words(request)} with something else than JSON."
            ) from error
        if self.provider.complaint and (failure := self.provider.complaint(content)):
            raise failure

    def _answer(self, request: requests.PreparedRequest, status: int, body: bytes) -> requests.Response:
        if status == 404:
            raise failures.of_status(self.provider.name, _words(request), status, {}, body)
        response = requests.Response()
        response.status_code, response.request, response.url = status, request, request.url or ""
        response.headers = CaseInsensitiveDict({"Content-Type": "application/json" if self.provider.json else ""})
        response.encoding = "utf-8"
        response.raw = io.BytesIO(body)
        return response

    def _wait_s(self, state: tenacity.RetryCallState) -> float:
        """How long to wait before the next try: as asked, else longer each time; with jitter, and within the budget."""
        error = state.outcome.exception() if state.outcome else None
        asked_s = error.retry_after_s if isinstance(error, AnswerError) else None
        jitter = tenacity.wait_random_exponential(multiplier=self._backoff_s, max=30.0)(state)
        wait_s = jitter if asked_s is None else asked_s + min(jitter, 1.0)
        self.patience.spend(self.provider.name, wait_s)
        if asked_s is not None:
            self._gate.hold(wait_s)
        return wait_s


def _words(request: requests.PreparedRequest) -> str:
    """A request as it may be shown and kept: without its query, which can hold signatures."""
    return f"{request.method} {urlsplit(request.url or '').path}"
