"""What can go wrong with an answer, and whether asking again may help."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from songfeat.errors import SourceError

LONGEST_WAIT_S = 120.0
"""A provider that asks for more patience than this is come back to later."""

_A_MONTH_S = 30 * 86_400.0

_TRANSIENT = ("rate", "server", "network", "bad_payload")
_HOPELESS = ("auth", "forbidden", "quota", "down")
_MESSAGE_LENGTH = 200


class AnswerError(SourceError):
    """An answer that is none.

    Attributes
    ----------
    kind : str
        ``bad_request``, ``auth`` (401), ``forbidden`` (403), ``not_found``,
        ``rate`` (429 with a short wait), ``quota`` (429 with a long one, or the
        budget of waiting is used up), ``server`` (5xx), ``network``,
        ``bad_payload`` (another thing than was asked for), ``refused`` (by us:
        another host, too large) or ``down`` (it answers nothing any more).
    retry_after_s : float or None
        How long the provider asks to wait.
    """

    def __init__(self, kind: str, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after_s = retry_after_s

    @property
    def transient(self) -> bool:
        """Whether the same request may be answered a little later."""
        return self.kind in _TRANSIENT

    @property
    def hopeless(self) -> bool:
        """Whether other requests to this provider would fail as well."""
        return self.kind in _HOPELESS


def of_status(provider: str, what: str, status: int, headers: Mapping[str, str], body: bytes) -> AnswerError:
    """The failure that a status other than 2xx tells of; `what` is the request in words."""
    said, reason = _said(body)
    text = f"{provider} answered {status} to {what}" + (f": {said}" if said else "") + "."
    if status == 429:
        wait = retry_after_s(headers)
        if reason == "QUOTA_EXCEEDED" or (wait or 0.0) > LONGEST_WAIT_S:
            return quota(provider, wait)
        return AnswerError("rate", text, retry_after_s=wait)
    if status >= 500:
        return AnswerError("server", text, retry_after_s=_short(retry_after_s(headers)))
    kinds = {401: "auth", 403: "forbidden", 404: "not_found", 410: "not_found"}
    return AnswerError(kinds.get(status, "bad_request"), text)


def quota(provider: str, wait_s: float | None) -> AnswerError:
    """A provider that wants to be left alone for longer than anybody would sit and wait."""
    when = "later"
    if wait_s is not None:
        when = f"after {datetime.now(UTC) + timedelta(seconds=wait_s):%Y-%m-%d %H:%M} UTC"
    message = f"{provider} takes no more questions for now. What was answered is kept: resume the job {when}."
    return AnswerError("quota", message, retry_after_s=wait_s)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that ``Retry-After`` asks for, given as a number or as a date; None where it says neither."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _A_MONTH_S)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def _short(wait_s: float | None) -> float | None:
    return None if wait_s is None else min(wait_s, LONGEST_WAIT_S)


def _said(body: bytes) -> tuple[str, str | None]:
    """What a provider says went wrong, and its reason code; providers put it into JSON, text or HTML as they like."""
    text = body[:10_000].decode("utf-8", errors="replace").strip()
    reason = None
    try:
        content: Any = json.loads(text)
    except ValueError:
        content = None
    if isinstance(content, dict):
        error = content.get("error", content)
        if isinstance(error, dict):
            reason = error.get("reason") if isinstance(error.get("reason"), str) else None
            text = str(error.get("message") or "")
        else:
            text = str(content.get("error_description") or error)
    elif text.startswith("<"):
        text = ""
    return " ".join(text.split())[:_MESSAGE_LENGTH].rstrip("."), reason
