"""Rows as the catalogue merges them, from what providers say of songs; what cannot be is turned away."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from songfeat.genres import genre_group
from songfeat.labels import FEATURES
from songfeat.text import artist_key, isrc, title_key
from store.sources.interface import Origin, Reject, Song
from store.sources.table_cells import Quantity, shown

_QUANTITIES = {name: Quantity(limits=feature) for name, feature in FEATURES.items()}


def song_row(
    track_id: str,
    *,
    title: str,
    artists: Iterable[str],
    album: str | None = None,
    genre: str | None = None,
    year: int | None = None,
    duration_s: float | None = None,
    isrc_text: str | None = None,
    spotify_id: str | None = None,
    preview_url: str | None = None,
    popularity: float | None = None,
) -> dict[str, Any]:
    """A song's row; what is not known is left None."""
    artist = ";".join(name.strip() for name in artists if name and name.strip())
    return {
        "track_id": track_id,
        "title": title.strip() or None,
        "artist": artist or None,
        "title_key": title_key(title),
        "artist_key": artist_key(artist),
        "album": album,
        "genre": genre,
        "genre_group": genre_group(genre) if genre else None,
        "year": year,
        "duration_s": duration_s,
        "isrc": isrc(isrc_text or ""),
        "spotify_id": spotify_id,
        "preview_url": preview_url,
        "popularity": popularity,
    }


def read_values(
    given: Any, track_id: str, *, source: str, origin: Origin, spotify_id: str | None = None
) -> Iterator[Song | Reject]:
    """An object of audio features as reference values of a source, and what of it cannot be."""
    if not isinstance(given, dict):
        yield Reject(subject=track_id, column="values", reason=f"{source} has no values of this track")
        return
    values, rejects = values_row(given, track_id)
    yield from rejects
    if values:
        row = {"track_id": track_id, "spotify_id": spotify_id, "source": source, **values}
        yield Song(row=row, origin=origin)
    elif not rejects:
        yield Reject(subject=track_id, column="values", reason=f"{source} has no values of this track")


def values_row(given: Mapping[str, Any], track_id: str) -> tuple[dict[str, float], list[Reject]]:
    """The features that are possible values, and why the others are not; what is not given is left out."""
    values, rejects = {}, []
    for name, quantity in _QUANTITIES.items():
        cell = given.get(name)
        if cell is None:
            continue
        # As text whatever is no plain number is read as what it is: no number.
        value, reason = quantity.read(cell if isinstance(cell, float) else str(cell))
        if reason:
            rejects.append(Reject(subject=track_id, column=name, value=shown(str(cell)), reason=reason))
        elif not math.isnan(value):
            values[name] = value
    return values, rejects


def year_of(date: str | None) -> int | None:
    """The year of a date that begins with one; providers give days, months, years or ``0000``."""
    text = (date or "")[:4]
    return int(text) if text.isascii() and text.isdigit() and int(text) >= 1000 else None
