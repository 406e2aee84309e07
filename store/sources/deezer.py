"""Deezer's catalogue, as far as previews need it: tracks by ISRC, by id and by name."""

from collections.abc import Iterator
from typing import Any

from store.sources.matching import Candidate, Wanted, best
from store.sources.payload import dict_of, dicts_of, number_of, text_of
from store.web.client import Client
from store.web.failures import AnswerError
from store.web.provider import Provider

_KINDS: dict[float | None, str] = {4: "rate", 700: "rate", 800: "not_found"}
"""What its error codes mean: too many questions, too busy, no such track."""


def complaint(content: Any) -> AnswerError | None:
    """The error in an answer; Deezer sends them with status 200."""
    given = dict_of(content).get("error")
    if not given:
        return None
    error = dict_of(given)
    said = text_of(error.get("message")) or text_of(given) or "an error without words"
    return AnswerError(_KINDS.get(number_of(error.get("code")), "bad_request"), f"Deezer: {said}.")


# Fifty questions in five seconds are allowed. Links to previews expire, so no answer is kept.
API = Provider(
    name="Deezer", base="https://api.deezer.com/", route="/dz/", interval_s=0.125, concurrency=4, kept=False,
    complaint=complaint,
)  # fmt: skip
PREVIEWS = Provider(
    name="Deezer's previews", base="https://cdnt-preview.dzcdn.net/", route="/dzp/", hosts=(".dzcdn.net",),
    concurrency=6, json=False,
)  # fmt: skip


def find(client: Client, wanted: Wanted) -> Candidate | str:
    """The song's preview, by ISRC where that is known, else by name; or why there is none."""
    if wanted.isrc:
        try:
            found = best(wanted, candidates([client.ask(f"track/isrc:{wanted.isrc}")]))
            if isinstance(found, Candidate):
                return found
        except AnswerError as error:
            if error.kind != "not_found":
                raise
    # Filters in the query find less than plain words do.
    answer = client.ask("search", q=f"{wanted.title} {wanted.artist.split(';')[0]}")
    return best(wanted, candidates(dict_of(answer).get("data")))


def renewed(client: Client, candidate: Candidate) -> Candidate | None:
    """The same track with a fresh link, as links live some minutes only."""
    return next(candidates([client.ask(f"track/{candidate.provider_id}")]), None)


def candidates(items: Any) -> Iterator[Candidate]:
    """The tracks of an answer that have a preview."""
    for item in dicts_of(items):
        if not (link := text_of(item.get("preview"))):
            continue
        yield Candidate(
            title=text_of(item.get("title")),
            artist=text_of(dict_of(item.get("artist")).get("name")),
            duration_s=number_of(item.get("duration")),
            link=link,
            provider_id=str(item.get("id")),
            isrc=text_of(item.get("isrc")) or None,
        )
