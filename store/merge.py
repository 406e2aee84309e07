"""How arriving songs and values join what the catalogue knows.

A song is the same if its id is; a row without an id belongs to the song of the
same artist and title. What is known stays, gaps are filled, several genres are
all kept, and a source's newer values replace that source's older ones. Merging
the same rows again changes nothing.
"""

from dataclasses import dataclass

import duckdb
import pandas as pd

from songfeat.labels import REFERENCE_COLUMNS
from store import name_index

SONG_COLUMNS = {
    "title": "VARCHAR",
    "artist": "VARCHAR",
    "album": "VARCHAR",
    "genre": "VARCHAR",
    "genre_group": "VARCHAR",
    "year": "INTEGER",
    "duration_s": "DOUBLE",
    "popularity": "DOUBLE",
    "isrc": "VARCHAR",
    "spotify_id": "VARCHAR",
    "preview_url": "VARCHAR",
}
"""What a row may say of a song, with its type in the catalogue; besides its id and the keys of its name."""

ROW_COLUMNS = ("row", "track_id", "source", "title_key", "artist_key", *SONG_COLUMNS, *REFERENCE_COLUMNS)
"""The columns of the rows to merge; missing ones count as not known."""


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What merging did, counted in songs.

    `duplicates` counts the rows that spoke of a song that another row of the
    same batch speaks of too. `track_ids` gives the song that each row went to.
    """

    added: int
    updated: int
    unchanged: int
    duplicates: int
    track_ids: pd.Series


def merge(db: duckdb.DuckDBPyConnection, rows: pd.DataFrame) -> Merged:
    """Merge `rows` into tracks and reference values, inside a writing lease.

    Parameters
    ----------
    db : duckdb.DuckDBPyConnection
        A writing lease.
    rows : pandas.DataFrame
        One row a song and source, with columns of :data:`ROW_COLUMNS`; `row` is unique.
        A `track_id` that begins with ``name:`` or ``local:`` is only used where no song of this name is known.
    """
    _stage(db, rows)
    _resolve(db)
    _arrive(db)
    result = db.execute(
        """
        SELECT count(*) FILTER (known IS NULL),
               count(*) FILTER (known IS NOT NULL AND (song_changed OR values_changed)),
               count(*)
        FROM outcome"""
    ).fetchone()
    assert result is not None  # noqa: S101 - an aggregate always has a row
    added, updated, songs = result
    _write(db)
    resolved = db.execute("SELECT row, track_id FROM resolved ORDER BY row").df().set_index("row")["track_id"]
    return Merged(
        added=added,
        updated=updated,
        unchanged=songs - added - updated,
        duplicates=len(rows) - songs,
        track_ids=resolved,
    )


def _stage(db: duckdb.DuckDBPyConnection, rows: pd.DataFrame) -> None:
    types = {"row": "BIGINT", **SONG_COLUMNS, **dict.fromkeys(REFERENCE_COLUMNS, "DOUBLE")}
    db.register("rows_to_merge", rows.reindex(columns=list(ROW_COLUMNS)))
    columns = ", ".join(f"CAST({name} AS {types.get(name, 'VARCHAR')}) AS {name}" for name in ROW_COLUMNS)
    db.execute(f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT {columns} FROM rows_to_merge")
    db.unregister("rows_to_merge")


def _resolve(db: duckdb.DuckDBPyConnection) -> None:
    """Find each row's song: by id, else (without an id of its own) by name, else it is a new one."""
    db.execute(
        """
        CREATE OR REPLACE TEMP TABLE by_id AS
        WITH unnamed AS (  -- songs that came without an id and may take the one of a row of their name
            SELECT title_key, artist_key, min(track_id) AS track_id FROM tracks
            WHERE spotify_id IS NULL AND track_id LIKE 'name:%' AND artist_key <> '' GROUP BY ALL
        ), adopting AS (
            SELECT min(i.track_id) AS given_id, u.track_id FROM incoming i
            JOIN unnamed u USING (title_key, artist_key)
            WHERE i.spotify_id IS NOT NULL AND NOT EXISTS (FROM tracks t WHERE t.track_id = i.track_id)
            GROUP BY u.track_id
        ), spotify AS (
            SELECT spotify_id, min(track_id) AS track_id FROM tracks WHERE spotify_id IS NOT NULL GROUP BY ALL
        )
        SELECT i.row, coalesce(t.track_id, s.track_id, a.track_id) AS found, i.track_id AS given,
               i.track_id LIKE 'name:%' OR i.track_id LIKE 'local:%' AS is_name, i.title_key, i.artist_key
        FROM incoming i
        LEFT JOIN tracks t ON t.track_id = i.track_id
        LEFT JOIN spotify s ON s.spotify_id = i.spotify_id
        LEFT JOIN adopting a ON a.given_id = i.track_id"""
    )
    db.execute(
        """
        CREATE OR REPLACE TEMP TABLE resolved AS
        WITH names AS (
            SELECT title_key, artist_key, track_id, track_id LIKE 'name:%' OR track_id LIKE 'local:%' AS is_name
            FROM tracks WHERE artist_key <> '' AND title_key <> ''
            UNION ALL
            SELECT title_key, artist_key, coalesce(found, given), is_name
            FROM by_id WHERE artist_key <> '' AND title_key <> ''
        ), by_name AS (
            SELECT title_key, artist_key, arg_min(track_id, (is_name, track_id)) AS track_id FROM names GROUP BY ALL
        )
        SELECT b.row, coalesce(b.found, CASE WHEN b.is_name THEN n.track_id END, b.given) AS track_id
        FROM by_id b LEFT JOIN by_name n USING (title_key, artist_key)"""
    )


def _arrive(db: duckdb.DuckDBPyConnection) -> None:
    """Lay out how songs and values will read afterwards, and what of that is new."""
    names = ("title_key", "artist_key", *SONG_COLUMNS)
    first = ", ".join(f"arg_min({name}, row) AS {name}" for name in names)
    # Most songs come in one row, of which nothing has to be chosen.
    db.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE arriving AS
        WITH rows AS (
            SELECT r.track_id, row, {", ".join(names)} FROM incoming i JOIN resolved r USING (row)
        ), several AS (
            SELECT track_id FROM resolved GROUP BY track_id HAVING count(*) > 1
        )
        SELECT track_id, {", ".join(names)}, CASE WHEN genre IS NULL THEN [] ELSE [genre] END AS genres
        FROM rows ANTI JOIN several USING (track_id)
        UNION ALL
        SELECT track_id, {first}, coalesce(list(DISTINCT genre ORDER BY genre) FILTER (genre IS NOT NULL), [])
        FROM rows SEMI JOIN several USING (track_id) GROUP BY track_id"""
    )
    filled = ", ".join(f"coalesce(t.{name}, a.{name}) AS {name}" for name in SONG_COLUMNS)
    db.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE next_tracks AS
        SELECT a.track_id, t.track_id AS known, {filled},
               coalesce(nullif(t.title_key, ''), a.title_key, '') AS title_key,
               coalesce(nullif(t.artist_key, ''), a.artist_key, '') AS artist_key,
               coalesce(t.genres, [])
                   || list_filter(a.genres, lambda genre: NOT coalesce(list_contains(t.genres, genre), false)) AS genres
        FROM arriving a LEFT JOIN tracks t USING (track_id)"""
    )
    given = ", ".join(f"arg_min(i.{name}, i.row) AS {name}" for name in REFERENCE_COLUMNS)
    anything = " OR ".join(f"i.{name} IS NOT NULL" for name in REFERENCE_COLUMNS)
    kept = ", ".join(f"coalesce(g.{name}, r.{name}) AS {name}" for name in REFERENCE_COLUMNS)
    differs = " OR ".join(f"coalesce(g.{name}, r.{name}) IS DISTINCT FROM r.{name}" for name in REFERENCE_COLUMNS)
    db.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE next_reference AS
        WITH given AS (
            SELECT track_id, i.source, {given} FROM (SELECT * EXCLUDE (track_id) FROM incoming) i
            JOIN resolved USING (row)
            WHERE i.source IS NOT NULL AND ({anything}) GROUP BY ALL
        )
        SELECT track_id, source, {kept}, r.track_id IS NULL OR {differs} AS changed
        FROM given g LEFT JOIN reference r USING (track_id, source)"""
    )
    same = " AND ".join(f"n.{name} IS NOT DISTINCT FROM t.{name}" for name in (*SONG_COLUMNS, "genres"))
    same_name = " AND ".join(
        f"n.{name} IS NOT DISTINCT FROM t.{name}" for name in ("title_key", "artist_key", "title", "artist")
    )
    db.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE outcome AS
        SELECT n.track_id, n.known, NOT ({same}) AS song_changed, coalesce(c.changed, false) AS values_changed,
               NOT ({same_name}) AS name_changed
        FROM next_tracks n LEFT JOIN tracks t USING (track_id)
        LEFT JOIN (SELECT track_id, bool_or(changed) AS changed FROM next_reference GROUP BY ALL) c USING (track_id)"""
    )


def _write(db: duckdb.DuckDBPyConnection) -> None:
    song = ("title_key", "artist_key", "genres", *SONG_COLUMNS)
    columns, given = ", ".join(song), ", ".join(f"n.{name}" for name in song)
    db.execute(
        f"""
        MERGE INTO tracks t USING (
            SELECT n.* FROM next_tracks n JOIN outcome o USING (track_id) WHERE o.song_changed AND n.known IS NOT NULL
        ) n ON t.track_id = n.track_id
        WHEN MATCHED THEN UPDATE SET {", ".join(f"{name} = n.{name}" for name in song)}"""
    )
    # Not the other half of that: MERGE takes longer for rows that are all new.
    db.execute(
        f"""
        INSERT INTO tracks (track_id, {columns}, added_at, number)
        WITH arrived AS (
            SELECT track_id, row_number() OVER (ORDER BY min(row)) AS nth FROM resolved
            SEMI JOIN (FROM next_tracks WHERE known IS NULL) USING (track_id) GROUP BY track_id
        )
        SELECT track_id, {given}, now(), (SELECT coalesce(max(number), 0) FROM tracks) + nth
        FROM next_tracks n JOIN arrived USING (track_id)"""
    )
    db.execute("CREATE OR REPLACE TEMP TABLE renamed AS SELECT track_id FROM outcome WHERE name_changed")
    name_index.add(db, "renamed")
    db.execute(
        f"""
        MERGE INTO reference r USING (SELECT * FROM next_reference WHERE changed) n
        ON r.track_id = n.track_id AND r.source = n.source
        WHEN MATCHED THEN UPDATE SET {", ".join(f"{name} = n.{name}" for name in REFERENCE_COLUMNS)}, fetched_at = now()
        WHEN NOT MATCHED THEN INSERT (track_id, source, {", ".join(REFERENCE_COLUMNS)}, fetched_at)
            VALUES (n.track_id, n.source, {", ".join(f"n.{name}" for name in REFERENCE_COLUMNS)}, now())"""
    )
