"""Where a song stands among others: in its genre, and next to which songs, by values or by sound."""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from songfeat.labels import ALL_TARGETS
from store.catalogue import Catalogue

MOST = 8
"""So many of the nearest songs are given unless a number is asked for."""

_ABOUT = ("track_id", "title", "artist", "genre", "genre_group", "year", "duration_s")


@dataclass(frozen=True, kw_only=True)
class Whose:
    """Whose values songs are compared by: a source's reference values, or else what a run predicts."""

    source: str = ""
    run: str = ""

    @property
    def table(self) -> str:
        """One row a song with a column a target, in SQL; ``$whose`` stands for the name."""
        if self.source:
            return f"(SELECT track_id, {', '.join(ALL_TARGETS)} FROM reference WHERE source = $whose)"
        columns = (f"any_value(value) FILTER (feature = '{name}')::DOUBLE AS {name}" for name in ALL_TARGETS)
        return f"(SELECT track_id, {', '.join(columns)} FROM predictions WHERE run_id = $whose GROUP BY track_id)"

    @property
    def name(self) -> str:
        return self.source or self.run


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


def similar(catalogue: Catalogue, track_id: str, whose: Whose, *, limit: int = MOST) -> pd.DataFrame:
    """The songs whose targets are nearest to a song's, all by the same source or run; see :func:`nearest`."""
    with catalogue.lease() as db:
        row = db.execute(
            f"SELECT {', '.join(ALL_TARGETS)} FROM {whose.table} WHERE track_id = $track",
            {"whose": whose.name, "track": track_id},
        ).fetchone()
        values = dict(zip(ALL_TARGETS, row, strict=True)) if row else {}
        return _nearest(db, values, whose, but=track_id, limit=limit)


def nearest(
    catalogue: Catalogue, values: Mapping[str, float | None], whose: Whose, *, limit: int = MOST
) -> pd.DataFrame:
    """The songs whose targets are nearest to these values, as a source gives or a run predicts them.

    The distance is Euclidean over the targets that are given, each in units of
    its standard deviation over the songs of the source or run; songs that lack
    one of them are left out.

    Returns
    -------
    pandas.DataFrame
        track_id, title, artist, genre, genre_group, year, duration_s, distance; the nearest first.
    """
    with catalogue.lease() as db:
        return _nearest(db, values, whose, but=None, limit=limit)


def similar_by_sound(
    catalogue: Catalogue, statistics: pd.DataFrame, track_id: str, *, limit: int = MOST
) -> pd.DataFrame:
    """The songs whose clips sound most like a song's, by what :func:`store.clip_statistics.statistics` gives.

    The distance is Euclidean over all means and deviations of the
    coefficients, each in units of its standard deviation over the songs: the
    timbre as a bag of frames, without their order (Logan & Salomon 2001;
    Mandel & Ellis 2005).

    Returns
    -------
    pandas.DataFrame
        As of :func:`nearest`; empty where the song has no array, or is alone.
    """
    apart = pd.Series(dtype=float)
    if track_id in statistics.index:
        deviation = statistics.std(ddof=0)
        away = (statistics - statistics.loc[track_id]) / deviation.where(deviation > 0)
        apart = np.sqrt(np.square(away).sum(axis=1)).drop(track_id).nsmallest(limit)
    found = pd.DataFrame({"track_id": pd.Series(apart.index, dtype="str"), "distance": apart.to_numpy(dtype=float)})
    with catalogue.lease() as db:
        db.register("found", found)
        songs = db.execute(
            f"SELECT {', '.join(_ABOUT)}, distance FROM found JOIN tracks USING (track_id) ORDER BY distance, track_id"
        ).df()
        db.unregister("found")
    return songs


def _nearest(
    db: duckdb.DuckDBPyConnection, values: Mapping[str, float | None], whose: Whose, *, but: str | None, limit: int
) -> pd.DataFrame:
    known = _known(db, values, whose)
    squares = " + ".join(f"((v.{name} - ${name}) / {name}_sd) ** 2" for name in known)
    deviations = ", ".join(f"stddev_pop({name}) AS {name}_sd" for name in known)
    return db.execute(
        f"""
        WITH v AS MATERIALIZED {whose.table}, sd AS (SELECT {deviations or "0"} FROM v)
        SELECT {", ".join(_ABOUT)}, sqrt({squares or "NULL"}) AS distance
        FROM v JOIN tracks USING (track_id), sd
        WHERE track_id IS DISTINCT FROM $but AND distance IS NOT NULL
        ORDER BY distance, track_id LIMIT $limit""",
        {"whose": whose.name, "but": but, "limit": limit, **known},
    ).df()


def _known(db: duckdb.DuckDBPyConnection, values: Mapping[str, float | None], whose: Whose) -> dict[str, float]:
    """The given values of targets that vary over the songs of the source or run, by name."""
    varies = ", ".join(f"coalesce(stddev_pop({name}), 0) > 0" for name in ALL_TARGETS)
    row = db.execute(f"SELECT {varies} FROM {whose.table}", {"whose": whose.name}).fetchone() or ()
    return {
        name: value
        for name, varying in zip(ALL_TARGETS, row, strict=True)
        if varying and (value := values.get(name)) is not None
    }
