"""Songs as pages and commands ask for them: by name, with whose values they have."""

from typing import Any

import duckdb
import pandas as pd

from songfeat.errors import UnknownName
from songfeat.labels import REFERENCE_COLUMNS
from songfeat.text import normalise
from store.catalogue import Catalogue

_NEAR_ENOUGH = 0.85
_OTHER_ARTISTS = "CASE WHEN lower(artist) <> artist_key THEN strip_accents(lower(artist)) END"
"""What the key of the first artist does not say; most songs have nothing of the kind, and accents cost time."""


def search(catalogue: Catalogue, query: str, *, limit: int = 20) -> pd.DataFrame:
    """Songs whose title and artist hold every word of `query`, the likeliest first.

    Where no song does, those whose title, or title and artist, are spelt
    nearly like it.

    Returns
    -------
    pandas.DataFrame
        track_id, title, artist, genre, genre_group, year, duration_s, has_clip, has_predictions.
    """
    wanted = normalise(query)
    if not wanted:
        return _found(catalogue, "false", "0", {"limit": limit})
    words = {f"word_{place}": word for place, word in enumerate(wanted.split())}
    params: dict[str, Any] = {"query": wanted, "limit": limit, **words}
    every_word = " AND ".join(f"contains(name, ${name})" for name in words)
    exact_first = (
        "CASE WHEN title_key = $query OR name = $query THEN 2 WHEN starts_with(name, $query) THEN 1 ELSE 0 END"
    )
    found = _found(catalogue, every_word, exact_first, params)
    if len(found):
        return found
    nearness = "greatest(jaro_winkler_similarity(title_key, $query), jaro_winkler_similarity(name, $query))"
    near = {"query": wanted, "limit": limit, "near": _NEAR_ENOUGH}
    return _found(catalogue, f"{nearness} >= $near", nearness, near)


def _found(catalogue: Catalogue, condition: str, rank: str, params: dict[str, Any]) -> pd.DataFrame:
    with catalogue.lease() as db:
        found = db.execute(
            f"""
            WITH named AS (
                SELECT track_id, title_key, popularity, title, concat_ws(' ', title_key, artist_key, {_OTHER_ARTISTS})
                       AS name
                FROM tracks
            ), hits AS (
                SELECT track_id, popularity, title, {rank} AS rank FROM named WHERE {condition}
            ), first AS (
                SELECT h.*, EXISTS (FROM clips c WHERE c.track_id = h.track_id AND c.status = 'ok') AS has_clip
                FROM hits h ORDER BY rank DESC, has_clip DESC, popularity DESC NULLS LAST, title, track_id LIMIT $limit
            )
            SELECT track_id, t.title, t.artist, t.genre, t.genre_group, t.year, t.duration_s, has_clip
            FROM first JOIN tracks t USING (track_id)
            ORDER BY rank DESC, has_clip DESC, t.popularity DESC NULLS LAST, t.title, track_id""",
            params,
        ).df()
        # Asked for these few alone: joined to all hits, it would read every prediction there is.
        predicted = db.execute(
            "SELECT DISTINCT track_id FROM predictions"
            " SEMI JOIN (SELECT unnest(?::VARCHAR[]) AS track_id) USING (track_id)",
            [found["track_id"].tolist()],
        ).fetchall()
    return found.assign(has_predictions=found["track_id"].isin([track for (track,) in predicted]))


def song(catalogue: Catalogue, track_id: str) -> dict[str, Any]:
    """Everything that is known of one song.

    Returns
    -------
    dict
        `track` (dict of its columns), `reference` and `predictions` (long
        tables with whose value each is), `clips` (table).

    Raises
    ------
    UnknownName
        If there is no such track.
    """
    with catalogue.lease() as db:
        track = db.execute("SELECT * FROM tracks WHERE track_id = ?", [track_id]).df()
        if track.empty:
            raise UnknownName("track", track_id, ())
        return {
            "track": {name: value for name, value in track.iloc[0].items() if not _missing(value)},
            "reference": _reference(db, track_id),
            "predictions": _predictions(db, track_id),
            "clips": db.execute("SELECT * FROM clips WHERE track_id = ? ORDER BY status DESC, path", [track_id]).df(),
        }


def _missing(value: Any) -> bool:
    return bool(pd.isna(value)) if pd.api.types.is_scalar(value) else len(value) == 0


def _reference(db: duckdb.DuckDBPyConnection, track_id: str) -> pd.DataFrame:
    """Columns source, feature, value, fetched_at; only values that are there."""
    return db.execute(
        f"""
        SELECT source, feature, value, fetched_at FROM (
            UNPIVOT (SELECT * FROM reference WHERE track_id = ?) ON {", ".join(REFERENCE_COLUMNS)}
            INTO NAME feature VALUE value
        ) ORDER BY source""",
        [track_id],
    ).df()


def _predictions(db: duckdb.DuckDBPyConnection, track_id: str) -> pd.DataFrame:
    """Columns run_id, model, feature, value, split, finished_at; the newest run first."""
    return db.execute(
        """
        SELECT p.run_id, r.model, p.feature, p.value, p.split, r.finished_at
        FROM predictions p JOIN runs r USING (run_id) WHERE p.track_id = ? ORDER BY r.finished_at DESC, p.run_id""",
        [track_id],
    ).df()
