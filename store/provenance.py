"""Where songs, values and sound were collected from: by which request, when, and under which licence."""

import duckdb
import pandas as pd

from store.catalogue import Catalogue

COLUMNS = ("track_id", "source", "gave", "request", "terms", "asked_at")


def record(db: duckdb.DuckDBPyConnection, rows: pd.DataFrame) -> None:
    """Write down origins (columns of :data:`COLUMNS`), inside a writing lease; the newest of a kind stays.

    `gave` is ``song``, ``values`` or ``sound``; `asked_at` an ISO date in UTC.
    """
    if rows.empty:
        return
    newest = rows.sort_values("asked_at", kind="stable").drop_duplicates(["track_id", "source", "gave"], keep="last")
    db.register("origins", newest.reindex(columns=list(COLUMNS)))
    db.execute(
        """
        INSERT OR REPLACE INTO provenance
        SELECT track_id, source, gave, request, CAST(terms AS VARCHAR), CAST(asked_at AS TIMESTAMPTZ) AT TIME ZONE 'UTC'
        FROM origins"""
    )
    db.unregister("origins")


def of_track(catalogue: Catalogue, track_id: str) -> pd.DataFrame:
    """What is known of where one song comes from; columns of :data:`COLUMNS`."""
    with catalogue.lease() as db:
        return db.execute("SELECT * FROM provenance WHERE track_id = ? ORDER BY asked_at, gave", [track_id]).df()
