"""Songs as pages and commands ask for them: by name, with whose values they have."""

from typing import Any

import duckdb
import pandas as pd

from songfeat.errors import UnknownName
from songfeat.labels import REFERENCE_COLUMNS
from store.catalogue import Catalogue
from store.name_search import find


def search(catalogue: Catalogue, query: str, *, limit: int = 20) -> pd.DataFrame:
    """Songs whose names hold every word of `query`, the likeliest first; see :func:`store.name_search.find`.

    Returns
    -------
    pandas.DataFrame
        track_id, title, artist, genre, genre_group, year, duration_s, has_clip.
    """
    with catalogue.lease() as db:
        return _listed(db, find(db, query, limit))


def by_id(catalogue: Catalogue, track_id: str) -> pd.DataFrame:
    """The one song of this id in the form of :func:`search`; empty if there is none."""
    with catalogue.lease() as db:
        found = db.execute(
            "SELECT $id AS track_id, coalesce(bool_or(status = 'ok'), false) AS has_clip FROM clips"
            " WHERE track_id = $id",
            {"id": track_id},
        ).df()
        return _listed(db, found)


def _listed(db: duckdb.DuckDBPyConnection, found: pd.DataFrame) -> pd.DataFrame:
    """What lists tell of the songs that were found, by their track_id and has_clip."""
    # Written out, as DuckDB looks up keys in its index for a list alone.
    ids = ", ".join("?" for _ in found["track_id"]) or "NULL"
    table = db.execute(
        f"SELECT track_id, title, artist, genre, genre_group, year, duration_s FROM tracks WHERE track_id IN ({ids})",
        list(found["track_id"]),
    ).df()
    return found.merge(table, on="track_id")[[*table, "has_clip"]]


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
        track = db.execute("SELECT * EXCLUDE (number) FROM tracks WHERE track_id = ?", [track_id]).df()
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
