"""The clips of a catalogue: which file holds the sound of which track."""

import duckdb
import pandas as pd

from store.catalogue import Catalogue

COLUMNS = (
    "sha256",
    "track_id",
    "path",
    "bytes",
    "modified_ns",
    "seconds",
    "sample_rate",
    "channels",
    "status",
    "error",
)


def add(db: duckdb.DuckDBPyConnection, clips: pd.DataFrame) -> int:
    """Add or update clips (columns of :data:`COLUMNS`), inside a writing lease; gives how many are new.

    A clip whose file moved or was touched keeps its identity, as that is its content.
    """
    db.register("clips_to_add", clips.reindex(columns=list(COLUMNS)).drop_duplicates("sha256"))
    new = db.execute("SELECT count(*) FROM clips_to_add a ANTI JOIN clips c USING (sha256)").fetchall()[0][0]
    db.execute(
        f"""
        MERGE INTO clips c USING (SELECT * REPLACE (CAST(error AS VARCHAR) AS error) FROM clips_to_add) a
        ON c.sha256 = a.sha256
        WHEN MATCHED THEN UPDATE SET {", ".join(f"{name} = a.{name}" for name in COLUMNS[1:])}
        WHEN NOT MATCHED THEN INSERT ({", ".join(COLUMNS)}, added_at)
            VALUES ({", ".join(f"a.{name}" for name in COLUMNS)}, now())"""
    )
    db.unregister("clips_to_add")
    return int(new)


def owners(db: duckdb.DuckDBPyConnection, digests: list[str]) -> dict[str, str]:
    """Which song each of these clips belongs to, as far as they are known: track id by digest."""
    rows = db.execute("SELECT sha256, track_id FROM clips WHERE list_contains(?, sha256)", [digests]).fetchall()
    return dict(rows)


def owner(catalogue: Catalogue, digest: str) -> str | None:
    """The song that a clip belongs to, by the clip's digest; None where it is not known."""
    with catalogue.lease() as db:
        return owners(db, [digest]).get(digest)


def all_clips(catalogue: Catalogue) -> pd.DataFrame:
    """Every clip, in the order of its digest."""
    with catalogue.lease() as db:
        return db.execute("SELECT * FROM clips ORDER BY sha256").df()


def one_a_track(catalogue: Catalogue) -> pd.Series:
    """One usable clip a track, that with the smallest digest: its digest, by track id in its order."""
    with catalogue.lease() as db:
        table = db.execute(
            "SELECT track_id, min(sha256) AS sha256 FROM clips WHERE status = 'ok' GROUP BY track_id ORDER BY track_id"
        ).df()
    return table.set_index("track_id")["sha256"]


def set_levels(db: duckdb.DuckDBPyConnection, levels: dict[str, float]) -> None:
    """Record how loud clips are, in dB of full scale, inside a writing lease."""
    if levels:
        db.executemany(
            "UPDATE clips SET level_db = ? WHERE sha256 = ?", [(level, sha) for sha, level in levels.items()]
        )


def mark_broken(db: duckdb.DuckDBPyConnection, errors: dict[str, str]) -> None:
    """Record why clips cannot be used, inside a writing lease."""
    db.executemany(
        "UPDATE clips SET status = 'broken', error = ? WHERE sha256 = ?", [(why, sha) for sha, why in errors.items()]
    )
