"""The songs of the catalogue that lack something a source may give.

Where a limit says how many of them are chosen, the choice is written down: a
job that goes on after it was stopped has the same songs before it as when it
began, however many of them lack nothing any more.
"""

import json
from collections.abc import Callable
from typing import Any

from store.catalogue import Catalogue
from store.sources.interface import Work
from store.sources.matching import Wanted

WITHOUT_CLIP = "NOT EXISTS (FROM clips c WHERE c.track_id = t.track_id AND c.status = 'ok')"
WITHOUT_ISRC_OR_GENRE = "t.isrc IS NULL OR t.genre IS NULL"

_CHOICES = "choices"
"""Whose answers these are in the journal."""


def lacking(work: Work, condition: str, limit: int | None) -> list[Wanted]:
    """Named songs for which one of the conditions above holds, the oldest in the catalogue first."""
    query = f"""
        SELECT track_id, title, artist, duration_s, isrc, preview_url FROM tracks t
        WHERE title IS NOT NULL AND artist IS NOT NULL AND ({condition})
        ORDER BY added_at, track_id LIMIT ?"""
    names = ("track_id", "title", "artist", "duration_s", "isrc", "preview_url")
    rows = _as_begun(work, condition, limit, lambda: _read(work.catalogue, query, [limit]))
    return [Wanted(**dict(zip(names, row, strict=True))) for row in rows]


def without_values(work: Work, source: str, limit: int | None) -> dict[str, str]:
    """Spotify ids of songs that have no values of this source, with their track ids."""
    query = """
        SELECT spotify_id, min(track_id) FROM tracks t
        WHERE spotify_id IS NOT NULL AND NOT EXISTS (
            FROM reference r WHERE r.track_id = t.track_id AND r.source = ?)
        GROUP BY spotify_id ORDER BY min(added_at), spotify_id LIMIT ?"""
    return dict(_as_begun(work, "songs without values", limit, lambda: _read(work.catalogue, query, [source, limit])))


def clips_without_values(work: Work, source: str, limit: int | None) -> list[dict[str, Any]]:
    """Usable clips, one a song, of songs that have no values of this source: track_id, sha256, path."""
    query = """
        SELECT track_id, min(sha256) AS sha256, arg_min(path, sha256) AS path FROM clips c
        WHERE status = 'ok' AND NOT EXISTS (
            FROM reference r WHERE r.track_id = c.track_id AND r.source = ?)
        GROUP BY track_id ORDER BY track_id LIMIT ?"""
    rows = _as_begun(work, "clips without values", limit, lambda: _read(work.catalogue, query, [source, limit]))
    return [dict(zip(("track_id", "sha256", "path"), row, strict=True)) for row in rows]


def _read(catalogue: Catalogue, query: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with catalogue.lease() as db:
        return db.execute(query, parameters).fetchall()


def _as_begun(work: Work, what: str, limit: int | None, choose: Callable[[], list[Any]]) -> list[Any]:
    """What this job chose when it began; without a limit that is all there is still to do."""
    if limit is None or work.journal is None:
        return choose()
    question = f"{work.scope} {what}"
    if known := work.journal.get(_CHOICES, question):
        chosen: list[Any] = json.loads(known.body)
        return chosen
    chosen = choose()
    work.journal.put(_CHOICES, question, 200, json.dumps(chosen).encode())
    return chosen
