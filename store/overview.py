"""What a workspace holds, counted."""

from typing import Any

import pandas as pd

from songfeat.labels import TARGETS
from store.catalogue import Catalogue


def counts(catalogue: Catalogue) -> dict[str, int]:
    """How many tracks, clips, broken clips, reference rows, runs and rejects there are."""
    with catalogue.lease() as db:
        row: tuple[Any, ...] = db.execute(
            """
            SELECT (SELECT count(*) FROM tracks), (SELECT count(*) FROM clips WHERE status = 'ok'),
                   (SELECT count(*) FROM clips WHERE status <> 'ok'), (SELECT count(*) FROM reference),
                   (SELECT count(*) FROM runs), (SELECT count(*) FROM rejects)"""
        ).fetchall()[0]
    return dict(zip(("tracks", "clips", "broken_clips", "reference", "runs", "rejects"), row, strict=True))


def coverage_by_source(catalogue: Catalogue) -> pd.DataFrame:
    """Per source: tracks with any value, with all five targets, with a clip too, and with predictions.

    Columns: source, tracks, complete, with_clip, with_predictions.
    """
    complete = " AND ".join(f"r.{name} IS NOT NULL" for name in TARGETS)
    with catalogue.lease() as db:
        return db.execute(
            f"""
            WITH heard AS (SELECT DISTINCT track_id FROM clips WHERE status = 'ok'),
                 predicted AS (SELECT DISTINCT track_id FROM predictions)
            SELECT r.source, count(*) AS tracks, count(*) FILTER ({complete}) AS complete,
                   count(h.track_id) AS with_clip, count(p.track_id) AS with_predictions
            FROM reference r LEFT JOIN heard h USING (track_id) LEFT JOIN predicted p USING (track_id)
            GROUP BY r.source ORDER BY tracks DESC, r.source"""
        ).df()


def tracks_by_genre(catalogue: Catalogue) -> pd.DataFrame:
    """Per genre group: tracks and clips. Columns genre_group, tracks, clips; the largest first."""
    with catalogue.lease() as db:
        return db.execute(
            """
            SELECT coalesce(t.genre_group, 'not known') AS genre_group, count(*) AS tracks,
                   count(c.track_id) AS clips
            FROM tracks t LEFT JOIN (SELECT DISTINCT track_id FROM clips WHERE status = 'ok') c USING (track_id)
            GROUP BY ALL ORDER BY tracks DESC, genre_group"""
        ).df()


def sources(catalogue: Catalogue) -> list[str]:
    """The sources of reference values, the largest first."""
    with catalogue.lease() as db:
        rows = db.execute("SELECT source FROM reference GROUP BY source ORDER BY count(*) DESC, source").fetchall()
    return [source for (source,) in rows]
