"""Where a song stands among others: in its genre, and next to which songs, by reference values."""

import duckdb
import pandas as pd

from songfeat.labels import ALL_TARGETS
from store.catalogue import Catalogue


def standing(catalogue: Catalogue, track_id: str, source: str) -> pd.DataFrame:
    """Which share of the songs of its genre group lies below a song, as one source sees them.

    Columns: feature, value, below (from 0 to 1; equal values count half), n
    (songs of the genre with a value, itself among them). Empty where the song
    has no genre group or no values.
    """
    of_target = [
        f"""
        SELECT '{name}' AS feature, own.{name} AS value,
               (count(*) FILTER (r.{name} < own.{name}) + 0.5 * count(*) FILTER (r.{name} = own.{name})) / count(*)
               AS below, count(*) AS n
        FROM peers r, own WHERE r.{name} IS NOT NULL AND own.{name} IS NOT NULL GROUP BY own.{name}"""
        for name in ALL_TARGETS
    ]
    with catalogue.lease() as db:
        table = db.execute(
            f"""
            WITH song AS (SELECT genre_group FROM tracks WHERE track_id = $track),
                 own AS (FROM reference WHERE track_id = $track AND source = $source),
                 peers AS MATERIALIZED (
                    SELECT {", ".join(ALL_TARGETS)} FROM reference JOIN tracks USING (track_id)
                    WHERE source = $source AND genre_group = (SELECT genre_group FROM song))
            {" UNION ALL ".join(of_target)}""",
            {"track": track_id, "source": source},
        ).df()
    order = {name: place for place, name in enumerate(ALL_TARGETS)}
    return table.sort_values("feature", key=lambda names: names.map(order), ignore_index=True)


def similar(catalogue: Catalogue, track_id: str, source: str, *, limit: int = 8) -> pd.DataFrame:
    """The songs whose targets are nearest to a song's, as one source sees them.

    The distance is Euclidean over the targets that are known of the song, each
    in units of its standard deviation over the source's songs; songs that lack
    one of them are left out.

    Returns
    -------
    pandas.DataFrame
        track_id, title, artist, genre, genre_group, year, duration_s, distance; the nearest first.
    """
    with catalogue.lease() as db:
        known = _known(db, track_id, source)
        squares = " + ".join(f"(({name} - ${name}) / {name}_sd) ** 2" for name in known)
        deviations = ", ".join(f"stddev_pop({name}) AS {name}_sd" for name in known)
        return db.execute(
            f"""
            WITH sd AS (SELECT {deviations or "0"} FROM reference WHERE source = $source)
            SELECT track_id, title, artist, genre, genre_group, year, duration_s, sqrt({squares or "NULL"}) AS distance
            FROM reference JOIN tracks USING (track_id), sd
            WHERE source = $source AND track_id <> $track AND distance IS NOT NULL
            ORDER BY distance, track_id LIMIT $limit""",
            {"source": source, "track": track_id, "limit": limit, **known},
        ).df()


def _known(db: duckdb.DuckDBPyConnection, track_id: str, source: str) -> dict[str, float]:
    """The song's targets that vary over the source's songs, by name."""
    columns = ", ".join(
        f"CASE WHEN (SELECT stddev_pop({name}) FROM reference WHERE source = $source) > 0 THEN {name} END"
        for name in ALL_TARGETS
    )
    row = db.execute(
        f"SELECT {columns} FROM reference WHERE track_id = $track AND source = $source",
        {"track": track_id, "source": source},
    ).fetchone()
    return {} if row is None else {name: v for name, v in zip(ALL_TARGETS, row, strict=True) if v is not None}
