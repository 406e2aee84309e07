"""How values of features are spread over genres and sources, and how they go together."""

from itertools import combinations
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from songfeat.errors import UnknownName
from songfeat.labels import ALL_TARGETS, FEATURES, NUMERIC_INPUTS
from store.catalogue import Catalogue

GROUPINGS = ("genre_group", "source")

CORRELATED = tuple(dict.fromkeys((*ALL_TARGETS, *NUMERIC_INPUTS)))
"""Targets and numeric inputs, each once."""

_BINS = 20
_TAIL = 0.002
_Z_95 = 1.959964


def shares(catalogue: Catalogue, feature: str, *, by: str, source: str | None = None) -> pd.DataFrame:
    """How a feature's values are spread in each group of songs.

    Parameters
    ----------
    catalogue : Catalogue
    feature : str
        One of :data:`songfeat.labels.FEATURES`.
    by : str
        One of :data:`GROUPINGS`.
    source : str, optional
        Only values that this source gives.

    Returns
    -------
    pandas.DataFrame
        group, low, high (the edges of a bin, in the feature's unit), songs and
        share (of the group's songs, in this bin); only bins that hold a song.
        Features with a unit run from the value that 0.2 % of the songs are
        below to the one that 0.2 % are above, and the outermost bins hold the rest.

    Raises
    ------
    UnknownName
        If there is no such feature or grouping.
    """
    known, params = _known(feature, by, source)
    with catalogue.lease() as db:
        low, high, bins = _edges(db, feature, known, params)
        table = db.execute(
            f"""
            SELECT name AS "group", greatest(0, least($bins - 1, floor((value - $low) / $width)))::INTEGER AS bin,
                   count(*) AS songs
            FROM ({known}) GROUP BY ALL ORDER BY ALL""",
            {**params, "bins": bins, "low": low, "width": (high - low) / bins},
        ).df()
    edges = np.linspace(low, high, bins + 1)
    share = table["songs"] / table.groupby("group")["songs"].transform("sum")
    return pd.DataFrame(
        {
            "group": table["group"],
            "low": edges[table["bin"]],
            "high": edges[table["bin"] + 1],
            "songs": table["songs"],
            "share": share,
        }
    )


def summary(catalogue: Catalogue, feature: str, *, by: str, source: str | None = None) -> pd.DataFrame:
    """A feature's middle and spread in each group of songs, for the same arguments as :func:`shares`.

    Columns: group, n, mean, low, high (its 95 % interval, songs taken as independent), quarter, median,
    three_quarters; the largest median first.
    """
    known, params = _known(feature, by, source)
    with catalogue.lease() as db:
        table = db.execute(
            f"""
            SELECT name AS "group", count(*) AS n, avg(value) AS mean, stddev_samp(value) / sqrt(count(*)) AS error,
                   quantile_cont(value, 0.25) AS quarter, median(value) AS median,
                   quantile_cont(value, 0.75) AS three_quarters
            FROM ({known}) GROUP BY ALL ORDER BY median DESC, name""",
            params,
        ).df()
    half = _Z_95 * table.pop("error")
    table.insert(3, "low", table["mean"] - half)
    table.insert(4, "high", table["mean"] + half)
    return table


def correlations(catalogue: Catalogue, source: str) -> pd.DataFrame:
    """Pearson's r of each two of :data:`CORRELATED`, as one source gives them.

    Columns: first, second, r, low, high (the 95 % interval by Fisher's z,
    songs taken as independent), n (songs with both). NaN where it is not defined.
    """
    pairs = list(combinations(CORRELATED, 2))
    asked = ", ".join(f"corr({first}, {second}), regr_count({first}, {second})" for first, second in pairs)
    with catalogue.lease() as db:
        (row,) = db.execute(f"SELECT {asked} FROM reference WHERE source = $source", {"source": source}).fetchall()
    table = pd.DataFrame(pairs, columns=["first", "second"])
    table["r"] = pd.array(row[::2], dtype="Float64").to_numpy(dtype=float, na_value=np.nan)
    table["n"] = row[1::2]
    with np.errstate(invalid="ignore", divide="ignore"):
        half = _Z_95 / np.sqrt(np.where(table["n"] > 3, table["n"] - 3, np.nan))
        middle = np.arctanh(table["r"].clip(-1, 1))
        table["low"], table["high"] = np.tanh(middle - half), np.tanh(middle + half)
    return table[["first", "second", "r", "low", "high", "n"]]


def _known(feature: str, by: str, source: str | None) -> tuple[str, dict[str, Any]]:
    """The values that are known with the name of their group, in SQL, and its parameters."""
    if feature not in FEATURES:
        raise UnknownName("feature", feature, FEATURES)
    if by not in GROUPINGS:
        raise UnknownName("grouping", by, GROUPINGS)
    condition, params = ("source = $source", {"source": source}) if source else ("true", {})
    query = f"""
        SELECT coalesce({by}, 'not known') AS name, {feature} AS value
        FROM reference JOIN tracks USING (track_id) WHERE {feature} IS NOT NULL AND {condition}"""
    return query, params


def _edges(db: duckdb.DuckDBPyConnection, feature: str, known: str, params: dict[str, Any]) -> tuple[float, float, int]:
    """Where the first bin begins and the last ends, and how many there are."""
    about = FEATURES[feature]
    if about.whole:
        return about.low - 0.5, about.high + 0.5, round(about.high - about.low) + 1
    if not about.unit:
        return about.low, about.high, _BINS
    ((low, high),) = db.execute(
        f"SELECT quantile_cont(value, {_TAIL}), quantile_cont(value, {1 - _TAIL}) FROM ({known})", params
    ).fetchall()
    if low is None or low == high:
        return about.low, about.high, _BINS
    return float(low), float(high), _BINS
