"""What did not get in, and why: one row a value, row or file."""

import duckdb
import pandas as pd

from store.catalogue import Catalogue

COLUMNS = ("file", "line", "column", "value", "reason")


def replace(db: duckdb.DuckDBPyConnection, files: list[str], rejects: pd.DataFrame) -> None:
    """Put `rejects` (columns of :data:`COLUMNS`) in the place of what was rejected from `files` before."""
    db.execute("DELETE FROM rejects WHERE list_contains(?, file)", [files])
    if rejects.empty:
        return
    db.register("rejects_to_add", rejects.reindex(columns=list(COLUMNS)))
    db.execute(
        'INSERT INTO rejects SELECT CAST(file AS VARCHAR), CAST(line AS BIGINT), CAST("column" AS VARCHAR),'
        " CAST(value AS VARCHAR), CAST(reason AS VARCHAR), now() FROM rejects_to_add"
    )
    db.unregister("rejects_to_add")


def newest(catalogue: Catalogue, limit: int = 500) -> pd.DataFrame:
    """The newest rejects, as a table for people."""
    with catalogue.lease() as db:
        return db.execute("SELECT * FROM rejects ORDER BY seen_at DESC, file, line LIMIT ?", [limit]).df()
