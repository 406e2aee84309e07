"""A run's predictions over reference values, as pictures show them: songs, or squares that count them; residuals; bins.

Everything is counted inside DuckDB: a page gets what it draws, however many songs there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from songfeat.labels import ALL_TARGETS
from store import slices
from store.catalogue import Catalogue
from store.slices import Slice

MOST_POINTS = 5_000
"""Of more songs, a scatter says less than squares that count them."""

SQUARES = 40
"""Along each side of a picture."""

RESIDUAL_BINS = 41
"""An odd number, so that the middle one holds the songs that are hit."""

CALIBRATION_BINS = 10

_EDGES = np.linspace(0, 1, SQUARES + 1)
_RESIDUAL_EDGES = np.linspace(-1, 1, RESIDUAL_BINS + 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Agreement:
    """Predicted over reference values of every target.

    Attributes
    ----------
    songs : dict of str to int
        By feature, how many the picture shows.
    marks : pandas.DataFrame
        One row a song: feature, track_id, title, artist, reference, predicted.
        With more than :data:`MOST_POINTS` songs of a feature one row a square
        instead: feature, square (its number), reference, reference_to,
        predicted, predicted_to (its sides) and songs. What lies beyond 0 or 1
        stands in the outermost squares.
    by_square : bool
    """

    songs: dict[str, int]
    marks: pd.DataFrame
    by_square: bool


def agreement(catalogue: Catalogue, part: Slice, *, most_points: int = MOST_POINTS) -> Agreement:
    """The songs of a slice by target, or the squares that count them.

    Raises
    ------
    UnknownName
        If there is no such run; so do the other functions here.
    """
    with catalogue.lease() as db:
        pairs, params = slices.pairs(db, part)
        squares = db.execute(
            f"SELECT feature, {_SQUARE} AS square, count(*) AS songs FROM ({pairs}) GROUP BY ALL ORDER BY ALL",
            {**params, "edges": list(_EDGES)},
        ).df()
        songs = {str(name): int(count) for name, count in squares.groupby("feature")["songs"].sum().items()}
        if max(songs.values(), default=0) <= most_points:
            marks = db.execute(
                f"""
                SELECT feature, track_id, title, artist, reference, predicted
                FROM ({pairs}) JOIN tracks USING (track_id) ORDER BY feature, track_id""",
                params,
            ).df()
            return Agreement(songs=songs, marks=marks, by_square=False)
    row, column = np.divmod(squares["square"].to_numpy(), SQUARES)
    sides = {
        "reference": _EDGES[column], "reference_to": _EDGES[column + 1],
        "predicted": _EDGES[row], "predicted_to": _EDGES[row + 1],
    }  # fmt: skip
    return Agreement(songs=songs, marks=squares.assign(**sides), by_square=True)


def residuals(catalogue: Catalogue, part: Slice) -> pd.DataFrame:
    """How many songs are guessed too high or too low, by how much. Columns feature, low, high, songs; no empty bins."""
    with catalogue.lease() as db:
        pairs, params = slices.pairs(db, part)
        counted = db.execute(
            f"""
            SELECT feature, {_bin("predicted - reference", RESIDUAL_BINS, low=-1)} AS bin, count(*) AS songs
            FROM ({pairs}) GROUP BY ALL ORDER BY ALL""",
            {**params, "edges": list(_RESIDUAL_EDGES)},
        ).df()
    low, high = (_RESIDUAL_EDGES[counted["bin"] + step] for step in (0, 1))
    return counted.assign(low=low, high=high)[["feature", "low", "high", "songs"]]


def calibration(catalogue: Catalogue, part: Slice) -> pd.DataFrame:
    """What reference values are on average where a run predicts low or high: :func:`songfeat.metrics.calibration`."""
    shares = [place / CALIBRATION_BINS for place in range(1, CALIBRATION_BINS)]
    above = " + ".join(f"(predicted > cuts[{place}])::INTEGER" for place in range(1, CALIBRATION_BINS))
    with catalogue.lease() as db:
        pairs, params = slices.pairs(db, part)
        return db.execute(
            f"""
            WITH pairs AS MATERIALIZED (SELECT feature, predicted::DOUBLE AS predicted, reference FROM ({pairs})),
                 cut AS (SELECT feature, quantile_cont(predicted, {shares}) AS cuts FROM pairs GROUP BY feature)
            SELECT feature, dense_rank() OVER (PARTITION BY feature ORDER BY {above}) - 1 AS bin,
                   favg(predicted) AS predicted, favg(reference) AS reference, count(*) AS n
            FROM pairs JOIN cut USING (feature) GROUP BY feature, {above}
            ORDER BY list_position($features, feature), bin""",
            {**params, "features": list(ALL_TARGETS)},
        ).df()


def songs(
    catalogue: Catalogue,
    part: Slice,
    feature: str,
    *,
    track_ids: Sequence[str] | None = None,
    squares: Sequence[int] | None = None,
    beside: Sequence[str] = (),
    limit: int | None = None,
) -> pd.DataFrame:
    """Songs behind a picture of one target: these tracks, or those in these squares; the most wrong ones first.

    Columns: track_id, title, artist, genre, genre_group, year, duration_s,
    has_clip, reference, predicted, error (predicted less reference) and, by
    its id, what each run of `beside` predicts.
    """
    inside = "true"
    asked: dict[str, Any] = {}
    if track_ids is not None:
        inside, asked = "list_contains($ids, track_id)", {"ids": list(track_ids)}
    elif squares is not None:
        inside, asked = f"list_contains($squares, {_SQUARE})", {"squares": list(squares), "edges": list(_EDGES)}
    with catalogue.lease() as db:
        pairs, params = slices.pairs(db, part)
        found = db.execute(
            f"""
            SELECT track_id, title, artist, genre, genre_group, year, duration_s,
                   track_id IN (SELECT track_id FROM clips WHERE status = 'ok') AS has_clip,
                   reference, predicted, predicted - reference AS error
            FROM ({pairs}) JOIN tracks USING (track_id) WHERE feature = $feature AND {inside}
            ORDER BY abs(predicted - reference) DESC, track_id LIMIT $limit""",
            {**params, **asked, "feature": feature, "limit": limit},
        ).df()
        others = _predictions(db, beside, feature, found["track_id"])
    return found.join(others.reindex(columns=list(beside)), on="track_id")


def _predictions(
    db: duckdb.DuckDBPyConnection, run_ids: Sequence[str], feature: str, tracks: pd.Series
) -> pd.DataFrame:
    """What runs predict for tracks: one row a track, one column a run."""
    table = db.execute(
        """
        SELECT track_id, run_id, value FROM predictions
        WHERE list_contains($runs, run_id) AND feature = $feature AND list_contains($ids, track_id)""",
        {"runs": list(run_ids), "feature": feature, "ids": list(tracks)},
    ).df()
    return table.pivot(index="track_id", columns="run_id", values="value")


def _bin(value: str, bins: int, *, low: int) -> str:
    """The number of the bin of a value in SQL, from 0; `$edges` are the bins' ends, from `low` to 1.

    Arithmetic finds the bin but for rounding, and the ends have the last word, as NumPy's do. A value beyond the
    ends is in the bin next to it.
    """
    near = f"greatest(0, least({bins - 1}, floor((({value}) - {low}) * {bins / (1 - low)})))::INTEGER"
    moved = f"{near} - (({value}) < $edges[{near} + 1])::INTEGER + (({value}) >= $edges[{near} + 2])::INTEGER"
    return f"greatest(0, least({bins - 1}, {moved}))"


_SQUARE = f"({SQUARES} * {_bin('predicted', SQUARES, low=0)} + {_bin('reference', SQUARES, low=0)})"
