"""Whether what a provider found is the song that was looked for."""

from collections.abc import Iterable
from dataclasses import dataclass

from songfeat.text import artist_key, normalise, title_key

NEAR_S = 3.0
"""Recordings whose lengths differ by more are other recordings."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The song that is looked for; `duration_s` is None where it is not known."""

    track_id: str
    title: str
    artist: str
    duration_s: float | None = None
    isrc: str | None = None
    preview_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What a provider found; `link` is what one wants of it."""

    title: str
    artist: str
    duration_s: float | None
    link: str
    provider_id: str
    isrc: str | None = None


def best(wanted: Wanted, candidates: Iterable[Candidate]) -> Candidate | str:
    """The candidate that is the song, the nearest in length of several; else why none is."""
    found = list(candidates)
    if not found:
        return "nothing was found"
    named = [one for one in found if same_name(wanted, one)]
    if not named:
        return f"found was {found[0].title!r} by {found[0].artist!r}, another title or artist"
    near = [one for one in named if _apart_s(wanted, one) <= NEAR_S]
    if not near:
        closest = min(_apart_s(wanted, one) for one in named)
        return f"its length differs by {closest:.0f} s; at most {NEAR_S:.0f} s are the same recording"
    return min(near, key=lambda one: (_apart_s(wanted, one), one.provider_id))


def same_name(wanted: Wanted, candidate: Candidate) -> bool:
    """Whether title and artist are the same, however they are written.

    A version named in the title ("Live", "Mixed", "Karaoke") makes another
    song. Of several artists one in common is enough.
    """
    if title_key(wanted.title) != title_key(candidate.title):
        return False
    ours, theirs = _artists(wanted.artist), _artists(candidate.artist)
    return bool(ours & theirs) or artist_key(wanted.artist) == artist_key(candidate.artist)


def _artists(names: str) -> set[str]:
    return {key for name in names.split(";") if (key := normalise(name))}


def _apart_s(wanted: Wanted, candidate: Candidate) -> float:
    """How much the lengths differ in seconds; 0 where one of them is not known."""
    if not wanted.duration_s or not candidate.duration_s:
        return 0.0
    return abs(wanted.duration_s - candidate.duration_s)
