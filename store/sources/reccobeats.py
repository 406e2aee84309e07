"""ReccoBeats: reference values for Spotify ids, and for sound that one sends."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from songfeat.text import spotify_id
from store.sources import wanting
from store.sources.interface import Capability, Origin, Reject, Song, Work
from store.sources.payload import dict_of, dicts_of, text_of
from store.sources.songs import read_values
from store.web.client import Client
from store.web.failures import AnswerError
from store.web.provider import Provider

NAME = "reccobeats"
API = Provider(name="ReccoBeats", base="https://api.reccobeats.com/v1/", route="/rb/v1/", interval_s=1.5)
IDS_A_CALL = 40
LARGEST_UPLOAD = 5_000_000
_A_TRACK = "11dFghVXANMlKmJXsNCbNl"


def collect(options: dict[str, Any], work: Work) -> Iterator[Song | Reject]:
    """Values of the songs that have none of ReccoBeats' yet."""
    client = work.client(API)
    yield from _uploads(client, work, options["limit"]) if options["upload"] else _by_id(client, work, options["limit"])


def _by_id(client: Client, work: Work, limit: int | None) -> Iterator[Song | Reject]:
    wanted = wanting.without_values(work, NAME, limit)
    ids = list(wanted)
    for start in range(0, len(ids), IDS_A_CALL):
        work.tell(start, len(ids), "values from ReccoBeats")
        asked = ids[start : start + IDS_A_CALL]
        try:
            answer = client.ask("audio-features", ids=",".join(asked))
        except AnswerError as error:
            if error.hopeless:
                raise
            yield from (Reject(subject=wanted[bare], column="values", reason=str(error)) for bare in asked)
            continue
        given = read_features(answer)
        origin = Origin(request="audio-features", asked_at=client.answered_at)
        for bare in asked:
            yield from read_values(given.get(bare), wanted[bare], source=NAME, origin=origin)
    work.tell(len(ids), len(ids), "values from ReccoBeats")


def read_features(answer: Any) -> dict[str, dict[str, Any]]:
    """The objects of an answer by Spotify id, which stands at the end of their ``href``; the order says nothing."""
    found: dict[str, dict[str, Any]] = {}
    for one in dicts_of(dict_of(answer).get("content")):
        if bare := spotify_id(text_of(one.get("href"))):
            found.setdefault(bare, one)
    return found


def _uploads(client: Client, work: Work, limit: int | None) -> Iterator[Song | Reject]:
    clips = wanting.clips_without_values(work, NAME, limit)
    for done, clip in enumerate(clips):
        work.tell(done, len(clips), "sending clips to ReccoBeats")
        path, track_id = Path(clip["path"]), str(clip["track_id"])
        question = f"analysis {clip['sha256']}"
        known = work.journal.get(NAME, question) if work.journal else None
        try:
            if known is None:
                answer = _analyse(client, path)
                asked_at = client.answered_at
                if work.journal:
                    work.journal.put(NAME, question, 200, json.dumps(answer).encode())
            else:
                answer, asked_at = json.loads(known.body), known.asked_at
        except (AnswerError, OSError, ValueError) as error:
            if isinstance(error, AnswerError) and error.hopeless:
                raise
            yield Reject(subject=track_id, column="values", value=path.name, reason=str(error))
            continue
        origin = Origin(request="analysis of a clip", asked_at=asked_at)
        yield from read_values(answer, track_id, source=NAME, origin=origin)
    work.tell(len(clips), len(clips), "sending clips to ReccoBeats")


def _analyse(client: Client, path: Path) -> Any:
    if not path.is_file():
        raise ValueError("the file of the clip is not on this machine")
    if (size := path.stat().st_size) > LARGEST_UPLOAD:
        raise ValueError(f"the clip has {size:,} bytes; ReccoBeats takes at most {LARGEST_UPLOAD:,}")
    with path.open("rb") as file:
        return client.post(API.url("analysis/audio-features"), files={"audioFile": (path.name, file)}).json()


def probe(work: Work) -> Iterator[Capability]:
    """Reference values, asked for one track."""
    try:
        found = read_features(work.client(API).ask("audio-features", ids=_A_TRACK))
    except AnswerError as error:
        yield Capability(name="values for Spotify ids", ok=False, detail=str(error))
        return
    detail = "yes; it needs no key" if found else "it answers, but does not know the track that was asked for"
    yield Capability(name="values for Spotify ids", ok=True, detail=detail)
    yield Capability(name="analysis of clips", ok=None, detail="not tried: it would send sound")
