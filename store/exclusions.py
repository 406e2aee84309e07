"""What is kept from training, and why: single songs, or all that a source says.

An excluded song is neither trained nor measured on; it is still shown and
predicted for. Each run remembers what was excluded when it was trained.
"""

from collections.abc import Iterable, Sequence

import duckdb
import pandas as pd

from songfeat.errors import ConfigError, DataError, UnknownName
from store.catalogue import Catalogue

SONG, SOURCE = "song", "source"

EXCLUDED_SONGS = f"SELECT name FROM exclusions WHERE kind = '{SONG}'"
EXCLUDED_SOURCES = f"SELECT name FROM exclusions WHERE kind = '{SOURCE}'"


def exclude_songs(catalogue: Catalogue, track_ids: Sequence[str], reason: str) -> int:
    """Keep songs from training; gives how many were not excluded before.

    Raises
    ------
    UnknownName
        If one of them is not in the catalogue; then none is excluded.
    ConfigError
        If no reason is given.
    """
    with catalogue.lease(write=True) as db:
        known = db.execute("SELECT track_id FROM tracks WHERE list_contains(?, track_id)", [list(track_ids)]).fetchall()
        if unknown := sorted(set(track_ids) - {track_id for (track_id,) in known}):
            raise UnknownName("track", unknown[0], ())
        return _exclude(db, SONG, track_ids, reason)


def exclude_source(catalogue: Catalogue, source: str, reason: str) -> int:
    """Keep all that a source says from training.

    Raises
    ------
    UnknownName
        If it gives no reference values.
    ConfigError
        If no reason is given.
    """
    with catalogue.lease(write=True) as db:
        known = [name for (name,) in db.execute("SELECT DISTINCT source FROM reference").fetchall()]
        if source not in known:
            raise UnknownName("source with reference values", source, known)
        return _exclude(db, SOURCE, [source], reason)


def _exclude(db: duckdb.DuckDBPyConnection, kind: str, names: Iterable[str], reason: str) -> int:
    if not reason.strip():
        raise ConfigError("Say why: an exclusion is kept with its reason.")
    rows = [(kind, name, reason.strip()) for name in dict.fromkeys(names)]
    before = _count(db)
    if rows:
        db.executemany("INSERT OR IGNORE INTO exclusions VALUES (?, ?, ?, now())", rows)
    return _count(db) - before


def _count(db: duckdb.DuckDBPyConnection) -> int:
    return int(db.execute("SELECT count(*) FROM exclusions").fetchall()[0][0])


def take_back(catalogue: Catalogue, names: Sequence[str]) -> int:
    """Let songs or sources be trained on again; gives how many were excluded."""
    with catalogue.lease(write=True) as db:
        before = _count(db)
        db.execute("DELETE FROM exclusions WHERE list_contains(?, name)", [list(names)])
        return before - _count(db)


def listed(catalogue: Catalogue) -> pd.DataFrame:
    """All exclusions, newest first: kind, name, title, artist, reason, excluded_at."""
    with catalogue.lease() as db:
        return db.execute(
            """
            SELECT e.kind, e.name, t.title, t.artist, e.reason, e.excluded_at
            FROM exclusions e LEFT JOIN tracks t ON e.kind = ? AND t.track_id = e.name
            ORDER BY e.excluded_at DESC, e.kind, e.name""",
            [SONG],
        ).df()


def reasons(catalogue: Catalogue, track_ids: Iterable[str]) -> pd.Series:
    """Those of the songs that are excluded: the reason by track id."""
    with catalogue.lease() as db:
        table = db.execute(
            "SELECT name, reason FROM exclusions WHERE kind = ? AND list_contains(?, name) ORDER BY name",
            [SONG, list(track_ids)],
        ).df()
    return table.set_index("name")["reason"].rename_axis("track_id")


def check_sources(catalogue: Catalogue, sources: Sequence[str]) -> None:
    """Refuse to train on what an excluded source says.

    Raises
    ------
    DataError
    """
    with catalogue.lease() as db:
        found = db.execute(
            "SELECT name, reason FROM exclusions WHERE kind = ? AND list_contains(?, name)", [SOURCE, list(sources)]
        ).fetchall()
    for name, reason in found:
        raise DataError(
            f"The source {name!r} is excluded from training: {reason}. Choose another, or take the exclusion back."
        )


def record_run(db: duckdb.DuckDBPyConnection, run_id: str, excluded: pd.Series) -> None:
    """Remember which songs a run left out (:func:`reasons`), inside a writing lease."""
    db.execute("DELETE FROM run_exclusions WHERE run_id = ?", [run_id])
    if len(excluded):
        rows = [(run_id, track_id, reason) for track_id, reason in excluded.items()]
        db.executemany("INSERT INTO run_exclusions VALUES (?, ?, ?)", rows)


def of_runs(catalogue: Catalogue) -> pd.DataFrame:
    """How many songs each run left out, by reason: run_id, reason, songs."""
    with catalogue.lease() as db:
        return db.execute(
            "SELECT run_id, reason, count(*) AS songs FROM run_exclusions GROUP BY ALL"
            " ORDER BY run_id, songs DESC, reason"
        ).df()
