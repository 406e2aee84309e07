"""Thirty seconds of sound for songs that have none: from the link they came with, from Deezer, from iTunes.

What a provider finds is checked against title, artist and length before it is
fetched, and decoded before it is kept. How it went for a song is written down
at once, so that a collection that was stopped asks for nothing twice.
"""

import importlib.util
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from songfeat.errors import AudioError
from store.sources import deezer, itunes, wanting
from store.sources.interface import Capability, Origin, Reject, Song, Work
from store.sources.matching import Candidate, Wanted
from store.sources.sound_files import keep
from store.web.client import Client
from store.web.failures import AnswerError
from store.web.provider import Provider

OWN = Provider(name="Spotify's previews", base="https://p.scdn.co/", route="/own/", concurrency=4, json=False)


class _Place:
    """A place to get previews from.

    Parameters
    ----------
    find : callable
        The candidate for a song, or why there is none.
    fetch : Client
        Who fetches what a candidate links to.
    renew : callable, optional
        The same candidate with a fresh link, where links expire.
    """

    def __init__(
        self,
        name: str,
        work: Work,
        find: Callable[[Wanted], Candidate | str],
        fetch: Client,
        *,
        threads: int,
        renew: Callable[[Candidate], Candidate | None] | None = None,
    ) -> None:
        self.name = name
        self.threads = threads
        self._work, self._find, self._fetch, self._renew = work, find, fetch, renew
        self._closed: str | None = None

    def get(self, wanted: Wanted) -> Song | str:
        """A song's clip from here, or why there is none; what was found out is written down."""
        if self._closed:
            return self._closed
        question = f"{self._work.scope} {wanted.track_id}"
        journal = self._work.journal
        if journal and (known := journal.get(self._place, question)):
            return _song(wanted, json.loads(known.body), known.asked_at)
        outcome = self._try(wanted)
        if isinstance(outcome, AnswerError):
            if outcome.hopeless:
                self._closed = str(outcome)
                self._work.notes.append(f"Previews from {self.name} ended early. {outcome}")
            return str(outcome)
        if journal:
            journal.put(self._place, question, 200, json.dumps(outcome).encode())
        return _song(wanted, outcome, self._fetch.answered_at)

    @property
    def _place(self) -> str:
        return f"previews from {self.name}"

    def _try(self, wanted: Wanted) -> dict[str, Any] | AnswerError:
        """The clip with where it is from, or the final reason why there is none, or what may go better later."""
        try:
            found = self._find(wanted)
        except AnswerError as error:
            return {"reason": str(error)} if error.kind == "not_found" else error
        if isinstance(found, str):
            return {"reason": found}
        reason = ""
        for again in (False, True):
            candidate = self._renew(found) if again and self._renew else found
            if candidate is None:
                break
            try:
                content = self._fetch.get(candidate.link).content
                clip = keep(content, self._work.catalogue.workspace.audio)
            except AudioError as error:
                reason = str(error)
            except AnswerError as error:
                if error.transient:
                    return error
                reason = str(error)
            else:
                return {"clip": clip, "request": f"{self.name} {candidate.provider_id}".strip()}
        return {"reason": reason}


def _song(wanted: Wanted, outcome: dict[str, Any], asked_at: str) -> Song | str:
    if "reason" in outcome:
        return str(outcome["reason"])
    origin = Origin(request=f"preview: {outcome['request']}", asked_at=asked_at)
    return Song(row={"track_id": wanted.track_id}, clip=outcome["clip"], origin=origin)


def _places(work: Work) -> list[_Place]:
    own = work.client(OWN)
    catalogue, sounds = work.client(deezer.API), work.client(deezer.PREVIEWS)
    store, samples = work.client(itunes.API), work.client(itunes.PREVIEWS)
    return [
        _Place("its own link", work, _own_link, own, threads=4),
        _Place(
            "Deezer", work, partial(deezer.find, catalogue), sounds, threads=8, renew=partial(deezer.renewed, catalogue)
        ),
        _Place("iTunes", work, partial(itunes.find, store), samples, threads=2),
    ]


def _own_link(wanted: Wanted) -> Candidate | str:
    if not wanted.preview_url:
        return "it came without one"
    return Candidate(
        title=wanted.title, artist=wanted.artist, duration_s=wanted.duration_s, link=wanted.preview_url, provider_id=""
    )


def collect(options: dict[str, Any], work: Work) -> Iterator[Song | Reject]:
    """A clip for each song that has none, from the first place that has the right one."""
    wanted = wanting.lacking(work, wanting.WITHOUT_CLIP, options["limit"])
    reasons: dict[str, list[str]] = {one.track_id: [] for one in wanted}
    for place in _places(work):
        for done, (one, outcome) in enumerate(work.map(place.get, wanted, threads=place.threads), start=1):
            if isinstance(outcome, Song):
                del reasons[one.track_id]
                yield outcome
            else:
                reasons[one.track_id].append(f"{place.name}: {outcome}")
            work.tell(done, len(wanted), f"previews from {place.name}")
        wanted = [one for one in wanted if one.track_id in reasons]
    for track_id, why in reasons.items():
        yield Reject(subject=track_id, column="preview", reason="; ".join(why))


def probe(work: Work) -> Iterator[Capability]:
    """Whether Deezer and iTunes find a song that both have had for decades."""
    song = Wanted(track_id="", title="Billie Jean", artist="Michael Jackson")
    for name, find, api in (("Deezer", deezer.find, deezer.API), ("iTunes", itunes.find, itunes.API)):
        try:
            found = find(work.client(api), song)
        except AnswerError as error:
            yield Capability(name=name, ok=False, detail=str(error))
            continue
        detail = "yes; it needs no key" if isinstance(found, Candidate) else f"it answers, but {found}"
        yield Capability(name=name, ok=True, detail=detail)
    m4a = importlib.util.find_spec("av") is not None
    detail = "PyAV is installed" if m4a else "not installed, so that iTunes' previews cannot be read: songfeat[m4a]"
    yield Capability(name="decoding M4A", ok=m4a or None, detail=detail)
