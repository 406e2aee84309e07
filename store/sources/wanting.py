"""The songs of the catalogue that lack something a source may give."""

from typing import Any

import pandas as pd

from store.catalogue import Catalogue
from store.sources.matching import Wanted

WITHOUT_CLIP = "NOT EXISTS (FROM clips c WHERE c.track_id = t.track_id AND c.status = 'ok')"
WITHOUT_ISRC_OR_GENRE = "t.isrc IS NULL OR t.genre IS NULL"


def lacking(catalogue: Catalogue, condition: str, limit: int | None) -> list[Wanted]:
    """Named songs for which one of the conditions above holds, the oldest in the catalogue first."""
    with catalogue.lease() as db:
        rows = db.execute(
            f"""
            SELECT track_id, title, artist, duration_s, isrc, preview_url FROM tracks t
            WHERE title IS NOT NULL AND artist IS NOT NULL AND ({condition})
            ORDER BY added_at, track_id LIMIT ?""",
            [limit],
        ).fetchall()
    names = ("track_id", "title", "artist", "duration_s", "isrc", "preview_url")
    return [Wanted(**dict(zip(names, row, strict=True))) for row in rows]


def without_values(catalogue: Catalogue, source: str, limit: int | None) -> dict[str, str]:
    """Spotify ids of songs that have no values of this source, with their track ids."""
    with catalogue.lease() as db:
        rows = db.execute(
            """
            SELECT spotify_id, min(track_id) FROM tracks t
            WHERE spotify_id IS NOT NULL AND NOT EXISTS (
                FROM reference r WHERE r.track_id = t.track_id AND r.source = ?)
            GROUP BY spotify_id ORDER BY min(added_at), spotify_id LIMIT ?""",
            [source, limit],
        ).fetchall()
    return dict(rows)


def clips_without_values(catalogue: Catalogue, source: str, limit: int | None) -> list[dict[str, Any]]:
    """Usable clips, one a song, of songs that have no values of this source: track_id, sha256, path."""
    with catalogue.lease() as db:
        table: pd.DataFrame = db.execute(
            """
            SELECT track_id, min(sha256) AS sha256, arg_min(path, sha256) AS path FROM clips c
            WHERE status = 'ok' AND NOT EXISTS (
                FROM reference r WHERE r.track_id = c.track_id AND r.source = ?)
            GROUP BY track_id ORDER BY track_id LIMIT ?""",
            [source, limit],
        ).df()
    return [{str(name): value for name, value in row.items()} for row in table.to_dict(orient="records")]
