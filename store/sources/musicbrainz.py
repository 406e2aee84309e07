"""MusicBrainz: ISRCs and genres for songs that lack them."""

import os
import re
from collections.abc import Iterator
from typing import Any

from songfeat.errors import SourceError
from songfeat.genres import genre_group
from songfeat.text import isrc
from store.sources import wanting
from store.sources.interface import Capability, Origin, Reject, Song, Work
from store.sources.matching import Candidate, Wanted, best
from store.sources.payload import dict_of, dicts_of, number_of, text_of
from store.web.client import Client
from store.web.failures import AnswerError
from store.web.provider import Provider

CONTACT = "SONGFEAT_CONTACT"
# One question a second for each address; more, and all are refused for a while.
API = Provider(name="MusicBrainz", base="https://musicbrainz.org/ws/2/", route="/mb/", interval_s=1.1)
_LEAST_SCORE = 85
_SPECIAL = re.compile(r'([+\-&|!(){}\[\]^"~*?:\\/])')


def collect(options: dict[str, Any], work: Work) -> Iterator[Song | Reject]:
    """ISRC and genre of songs that lack one of them."""
    client = _client(work)
    wanted = wanting.lacking(work, wanting.WITHOUT_ISRC_OR_GENRE, options["limit"])
    for done, one in enumerate(wanted):
        work.tell(done, len(wanted), "asking MusicBrainz")
        try:
            answer = client.ask("recording", query=_query(one), limit=10, fmt="json")
        except AnswerError as error:
            if error.hopeless:
                raise
            yield Reject(subject=one.track_id, reason=str(error))
            continue
        found = read_recording(one, answer)
        if isinstance(found, str):
            yield Reject(subject=one.track_id, reason=f"MusicBrainz: {found}")
        else:
            origin = Origin(request=f"recording {found.pop('mbid')}", asked_at=client.answered_at)
            yield Song(row={"track_id": one.track_id, **found}, origin=origin)
    work.tell(len(wanted), len(wanted), "asking MusicBrainz")


def _query(wanted: Wanted) -> str:
    if wanted.isrc:
        return f"isrc:{wanted.isrc}"
    title, artist = (_SPECIAL.sub(r"\\\1", name) for name in (wanted.title, wanted.artist.split(";")[0]))
    return f'recording:"{title}" AND artist:"{artist}"'


def read_recording(wanted: Wanted, answer: Any) -> dict[str, str | None] | str:
    """What an answer says of a song: `mbid`, `isrc`, `genre` and `genre_group`; else why it says nothing."""
    recordings = {
        text_of(one.get("id")): one
        for one in dicts_of(dict_of(answer).get("recordings"))
        if (number_of(one.get("score")) or 0) >= _LEAST_SCORE
    }
    found = best(wanted, (_candidate(mbid, one) for mbid, one in recordings.items()))
    if isinstance(found, str):
        return found
    recording = recordings[found.provider_id]
    genre = _genre(recording.get("tags"))
    code = wanted.isrc or found.isrc
    if not genre and code == wanted.isrc:
        return "it knows the recording, but neither an ISRC nor a genre of it"
    return {"mbid": found.provider_id, "isrc": code, "genre": genre, "genre_group": genre and genre_group(genre)}


def _candidate(mbid: str, recording: dict[str, Any]) -> Candidate:
    names = [text_of(one.get("name")) for one in dicts_of(recording.get("artist-credit"))]
    codes = recording.get("isrcs")
    known = [code for text in codes if (code := isrc(text_of(text)))] if isinstance(codes, list) else []
    length_ms = number_of(recording.get("length"))
    return Candidate(
        title=text_of(recording.get("title")),
        artist=";".join(names),
        duration_s=length_ms and length_ms / 1000,
        link="",
        provider_id=mbid,
        isrc=min(known, default=None),
    )


def _genre(tags: Any) -> str | None:
    """The tag that most people agree on among those that name a genre."""
    counted = [(number_of(one.get("count")) or 0, text_of(one.get("name"))) for one in dicts_of(tags)]
    genres = [(count, name) for count, name in counted if count > 0 and genre_group(name) not in (None, "other")]
    return min(genres, key=lambda one: (-one[0], one[1]))[1] if genres else None


def _client(work: Work) -> Client:
    """Say who we are, without which MusicBrainz turns everybody away.

    Raises
    ------
    SourceError
        If no contact is set.
    """
    contact = os.environ.get(CONTACT, "").strip()
    if not contact:
        raise SourceError(f"{CONTACT} is not set; MusicBrainz expects a mail or web address where it can reach you.")
    return work.client(API, contact=contact)


def probe(work: Work) -> Iterator[Capability]:
    """A search, asked once."""
    try:
        _client(work).ask("recording", query='recording:"Billie Jean"', limit=1, fmt="json")
    except SourceError as error:
        yield Capability(name="ISRC and genres", ok=False, detail=str(error))
        return
    yield Capability(name="ISRC and genres", ok=True, detail="yes; one question a second")
