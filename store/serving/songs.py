"""Songs of the catalogue in the shape in which Spotify's interface gives them.

A song's id is Spotify's where the catalogue knows it, else the track id without
its colon, as clients accept letters and digits alone.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from songfeat.errors import AudioError, StorageError
from songfeat.labels import ALL_TARGETS, REFERENCE_COLUMNS
from songfeat.locations import is_url
from songfeat.pretrained.song import SongAnswer, predict
from store import tracks
from store.answers import plain
from store.catalogue import Catalogue

Json = dict[str, Any]

_PUBLIC_ID = "coalesce(nullif(t.spotify_id, ''), replace(t.track_id, ':', ''))"
_MOST_FOUND = 1000
_WHOLE = ("key", "mode", "time_signature")


def audio_features(catalogue: Catalogue, ids: Sequence[str], base: str) -> list[Json | None]:
    """The audio features of songs in the order of `ids`; None for an id that is not known, or of which nothing is.

    Beside Spotify's fields stand ``source`` (by feature whose value it is) and
    ``interval`` (by predicted feature what should hold 80 in 100 songs' values).
    """
    rows = _rows(catalogue, ids)
    return [_features(rows[one], one, base) if one in rows else None for one in ids]


def track(catalogue: Catalogue, public_id: str, base: str) -> Json | None:
    """One song as Spotify's track object, of what the catalogue knows; None if there is no such song."""
    rows = _rows(catalogue, [public_id])
    return _track(rows[public_id]["track"], public_id, base) if public_id in rows else None


def search(catalogue: Catalogue, query: str, *, limit: int, offset: int, base: str, address: str) -> Json:
    """A page of songs whose title and artist hold the words of `query`.

    `address` is what asks for another page, with ``{offset}`` in the place of where it begins.
    """
    found = tracks.search(catalogue, query, limit=_MOST_FOUND)
    chosen = list(found["track_id"].iloc[offset : offset + limit])
    rows = {row["track"]["track_id"]: (public, row) for public, row in _by_track_id(catalogue, chosen).items()}
    items = [_track(rows[one][1]["track"], rows[one][0], base) for one in chosen]
    total = len(found)
    return {
        "tracks": {
            "href": address.format(offset=offset),
            "items": items,
            "limit": limit,
            "next": address.format(offset=offset + limit) if offset + limit < total else None,
            "offset": offset,
            "previous": address.format(offset=max(0, offset - limit)) if offset else None,
            "total": total,
        }
    }


def answer_as_features(answer: SongAnswer) -> Json:
    """What the shipped model says of a file, as audio features."""
    told = answer.as_dict()
    return {
        **told["values"],
        "type": "audio_features",
        "duration_ms": round(1000 * told["seconds_of_audio"]),
        "source": dict.fromkeys(told["values"], told["model"]),
        "interval": told["intervals"],
        "low_trust": told["low_trust"],
        "unusual": told["unusual"],
    }


def _rows(catalogue: Catalogue, ids: Sequence[str]) -> dict[str, Json]:
    return _select(catalogue, f"{_PUBLIC_ID} IN (SELECT unnest(?))", ids)


def _by_track_id(catalogue: Catalogue, ids: Sequence[str]) -> dict[str, Json]:
    return _select(catalogue, "t.track_id IN (SELECT unnest(?))", ids)


def _select(catalogue: Catalogue, condition: str, ids: Sequence[str]) -> dict[str, Json]:
    """What is known of songs, by public id: track, reference rows (Spotify's first) and the path of a clip."""
    with catalogue.lease() as db:
        found = db.execute(f"SELECT t.*, {_PUBLIC_ID} AS public FROM tracks t WHERE {condition}", [list(ids)]).df()
        known = list(found["track_id"])
        reference = db.execute(
            "SELECT * FROM reference WHERE track_id IN (SELECT unnest(?)) ORDER BY source <> 'spotify', source", [known]
        ).df()
        clips = db.execute(
            "SELECT track_id, min_by(path, sha256) AS path FROM clips"
            " WHERE status = 'ok' AND track_id IN (SELECT unnest(?)) GROUP BY track_id",
            [known],
        ).df()
    paths = dict(zip(clips["track_id"], clips["path"], strict=True))
    return {
        str(row["public"]): {
            "track": {str(name): plain(value) for name, value in row.items()},
            "reference": reference[reference["track_id"] == row["track_id"]],
            "clip": paths.get(row["track_id"]),
        }
        for row in found.to_dict("records")
    }


def _features(row: Json, public_id: str, base: str) -> Json | None:
    values: Json = {}
    source: dict[str, str] = {}
    for given in row["reference"].to_dict("records"):
        for name in REFERENCE_COLUMNS:
            if name not in values and pd.notna(given[name]):
                values[name] = int(given[name]) if name in _WHOLE else given[name]
                source[name] = given["source"]
    interval: Json = {}
    answer = _heard(row["clip"]) if row["clip"] and not set(ALL_TARGETS) <= set(values) else None
    if answer is not None:
        told = answer.as_dict()
        for name in (name for name in told["values"] if name not in values):
            values[name], source[name], interval[name] = told["values"][name], told["model"], told["intervals"][name]
    if not values:
        return None
    seconds = row["track"]["duration_s"] or (answer.seconds_of_audio if answer else None)
    return {
        **{name: values.get(name) for name in REFERENCE_COLUMNS},
        "type": "audio_features",
        "id": public_id,
        "uri": f"spotify:track:{public_id}",
        "track_href": f"{base}/v1/tracks/{public_id}",
        "duration_ms": None if seconds is None else round(1000 * seconds),
        "source": source,
        "interval": interval,
    }


def _heard(path: str) -> SongAnswer | None:
    """What the shipped model says of a clip, None if the file cannot be heard any more."""
    try:
        # What lies on object storage is asked for once: to look whether it changed would take as long.
        return _predicted(path, 0 if is_url(path) else Path(path).stat().st_mtime_ns)
    except (AudioError, StorageError, OSError):
        return None


@lru_cache(maxsize=4096)
def _predicted(path: str, _modified_ns: int) -> SongAnswer:
    return predict(path)


def _track(row: Json, public_id: str, base: str) -> Json:
    artists = [name.strip() for name in (row["artist"] or "").split(";") if name.strip()]
    return {
        "id": public_id,
        "name": row["title"],
        "artists": [{"name": name, "type": "artist"} for name in artists],
        "album": {"name": row["album"], "release_date": str(row["year"]) if row["year"] else None, "type": "album"},
        "duration_ms": round(1000 * row["duration_s"]) if row["duration_s"] else None,
        "popularity": None if row["popularity"] is None else round(row["popularity"]),
        "external_ids": {"isrc": row["isrc"]} if row["isrc"] else {},
        "preview_url": row["preview_url"],
        "type": "track",
        "uri": f"spotify:track:{public_id}",
        "href": f"{base}/v1/tracks/{public_id}",
        "is_local": not row["spotify_id"],
    }
