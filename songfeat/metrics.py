"""How close predictions come to reference values, each score with its interval.

Conventions
-----------
* Predictions and reference values are frames indexed by track id, with one
  column per target. They are joined by track id and column name, so the order
  of rows and columns means nothing. A track in only one of them is left out.
* A prediction counts where both it and its reference value are known. Gaps
  (NaN) are left out target by target; n says how many predictions count.
  Infinite values are refused.
* A score that is not defined is NaN: every score where n is 0, R² where the
  reference values do not vary, Pearson's r and Spearman's ρ where either side
  does not vary, concordance where neither does.
* Spearman's ρ ranks the tracks that count within the group that is scored.
* "average" is the mean of a metric over all of the targets, NaN if one of
  them is; its n is the smallest of theirs.
* Intervals are by artist: see :mod:`songfeat.bootstrap`.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

import numpy as np
import pandas as pd

from songfeat.bootstrap import ROUNDING, Measured, Sums, check_settings, measure
from songfeat.errors import ConfigError, DataError, LabelMismatch
from songfeat.labels import AVERAGE, resolve_targets
from songfeat.scores import METRICS
from songfeat.splits import artist_groups

ALL = "all"
"""Stands for the tracks of every group, and of none, wherever scores are listed by genre, decade or source."""

COLUMNS = ("feature", "genre", "decade", "metric", "value", "low", "high", "n")
"""The columns of a table of scores."""

COMPARISON_COLUMNS = ("feature", "genre", "metric", "first", "second", "difference", "low", "high", "n", "better")
"""The columns of a comparison of two runs."""

_NEAR_CONSTANT = 0.05


def validate(
    predicted: pd.DataFrame,
    reference: pd.DataFrame,
    *,
    artists: pd.Series | None = None,
    genres: pd.Series | None = None,
    decades: pd.Series | None = None,
) -> None:
    """Check that two frames can be compared, and that what is known of their tracks covers them.

    Raises
    ------
    LabelMismatch
        If the columns differ, one stands twice, or there is none.
    UnknownName
        If a column is no target.
    DataError
        If track ids repeat, or what is known of tracks lacks one that both frames have.
    """
    columns, others = predicted.columns, reference.columns
    if set(columns) != set(others) or not (len(columns) and columns.is_unique and others.is_unique):
        raise LabelMismatch(
            "Predictions and reference values must have the same columns, each once: "
            f"got {_listed(columns)} and {_listed(others)}; only one side has {_listed(set(columns) ^ set(others))}."
        )
    resolve_targets(columns)
    shared = predicted.index.intersection(reference.index)
    about = {"artists": artists, "genres": genres, "decades": decades}
    tables = {"predictions": predicted, "reference values": reference, **about}
    for what, table in tables.items():
        if table is None:
            continue
        if not table.index.is_unique:
            twice = table.index[table.index.duplicated()][0]
            raise DataError(f"Each track may stand only once among the {what}, but {twice!r} stands there again.")
        missing = shared[table.index.get_indexer(shared) < 0]
        if len(missing):
            raise DataError(f"The {what} lack {len(missing)} of {len(shared)} tracks, such as {missing[0]!r}.")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(map(str, names))) or "none"


def evaluate(
    predicted: pd.DataFrame,
    reference: pd.DataFrame,
    *,
    artists: pd.Series,
    genres: pd.Series | None = None,
    decades: pd.Series | None = None,
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> pd.DataFrame:
    """Every metric of every target and their average, over all tracks, by genre and by decade.

    Parameters
    ----------
    predicted, reference : pandas.DataFrame
        See the conventions of this module.
    artists, genres, decades : pandas.Series
        Artist key, genre group and decade (``"1990s"``) by track id, ``""``
        where not known. Tracks of unknown genre or decade count among all and
        in no group.
    draws : int
        How often artists are drawn; 0 leaves the intervals NaN.
    seed : int
        Of the draws: the same seed, the same intervals.
    level : float
        The share of the draws that an interval holds, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        Rows of `COLUMNS`: all tracks first, then by name each genre in which
        a prediction counts, then each such decade; in each the targets in
        their order, then the average; for each every metric. A row that is not
        of one genre or decade has `ALL` there.

    Raises
    ------
    LabelMismatch, UnknownName, DataError
        As :func:`validate` does, and DataError for values that are infinite or no numbers.
    ConfigError
        If `draws` or `level` is out of range.
    """
    check_settings(draws, level)
    keys, found = _bootstrap([predicted], reference, artists, genres, decades, draws, seed)
    return keys.assign(**found.columns(found.value[0], found.drawn[0], level))[list(COLUMNS)]


def compare(
    first: pd.DataFrame,
    second: pd.DataFrame,
    reference: pd.DataFrame,
    *,
    artists: pd.Series,
    genres: pd.Series | None = None,
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> pd.DataFrame:
    """How the scores of two runs differ on the same tracks: a paired comparison.

    A prediction counts where both runs and the reference have a value. Both
    runs are scored on the same draws of artists, and the interval is that of
    the difference: it is narrow where the runs err alike, so it can tell runs
    apart whose own intervals overlap.

    Parameters
    ----------
    first, second : pandas.DataFrame
        The predictions of two runs; all else is as in :func:`evaluate`, and so is what is raised.

    Returns
    -------
    pandas.DataFrame
        Rows of `COMPARISON_COLUMNS`, ordered as in :func:`evaluate`: both
        scores, their difference first - second with its interval, and which
        run is better, ``"first"`` or ``"second"``; ``""`` where the interval
        holds 0 or there is none.
    """
    check_settings(draws, level)
    keys, found = _bootstrap([first, second], reference, artists, genres, None, draws, seed)
    of_first, of_second = found.value
    table = keys.assign(**found.columns(of_first - of_second, found.drawn[0] - found.drawn[1], level))
    higher = np.select([table["low"] > ROUNDING, table["high"] < -ROUNDING], [1, -1], default=0)
    sign = table["metric"].map({name: -1 if metric.lower_is_better else 1 for name, metric in METRICS.items()})
    table["better"] = (sign * higher).map({1: "first", 0: "", -1: "second"})
    table = table.rename(columns={"value": "difference"})
    return table.assign(first=of_first.ravel(), second=of_second.ravel())[list(COMPARISON_COLUMNS)]


def calibration(predicted: pd.DataFrame, reference: pd.DataFrame, *, bins: int = 10) -> pd.DataFrame:
    """What the reference says, on average, where a run predicts low, middling or high values.

    Each target's predictions are cut at their quantiles into bins of like
    size. Equal predictions share a bin, so that there are fewer than `bins`
    where many are equal, and one if all are.

    Returns
    -------
    pandas.DataFrame
        Columns feature, bin (from 0, by rising prediction), predicted and
        reference (means over the bin) and n. A target without values has no rows.

    Raises
    ------
    LabelMismatch, UnknownName, DataError
        As :func:`evaluate` does.
    ConfigError
        If `bins` is below 1.
    """
    if bins < 1:
        raise ConfigError(f"bins must be 1 or more, got {bins}.")
    validate(predicted, reference)
    p, r = _join(predicted, reference)
    tables = []
    for name in p.columns:
        pairs = pd.DataFrame({"predicted": p[name], "reference": r[name]}).dropna()
        cuts = np.quantile(pairs["predicted"], np.linspace(0, 1, bins + 1)[1:-1]) if len(pairs) else []
        grouped = pairs.groupby(np.searchsorted(cuts, pairs["predicted"]))
        means = grouped.mean().assign(feature=name, n=grouped.size()).reset_index(drop=True)
        tables.append(means.rename_axis("bin").reset_index())
    return pd.concat(tables, ignore_index=True)[["feature", "bin", "predicted", "reference", "n"]]


def near_constant(predicted: pd.DataFrame, reference: pd.DataFrame) -> tuple[str, ...]:
    """The targets for which the predictions hardly differ from song to song.

    Those are the ones whose predictions have a standard deviation below 5 % of
    the reference's: such a model answers one number for every song, however
    good a score that earns it. A target whose reference does not vary is not named.
    """
    validate(predicted, reference)
    p, r = _join(predicted, reference)
    return tuple(
        name
        for name in p.columns
        if r[name].max() > r[name].min() and p[name].std(ddof=0) < _NEAR_CONSTANT * r[name].std(ddof=0)
    )


def _join(*frames: pd.DataFrame) -> list[pd.DataFrame]:
    """All frames, the reference last, in float64 and one order of tracks and targets, NaN wherever one of them is."""
    *runs, reference = frames
    names = list(resolve_targets(reference.columns))
    tracks = reference.index
    for run in runs:
        tracks = tracks.intersection(run.index)
    tracks = tracks.sort_values()
    sides = [_numbers(run.loc[tracks, names], "predictions") for run in runs]
    sides.append(_numbers(reference.loc[tracks, names], "reference values"))
    known = np.logical_and.reduce([side.notna() for side in sides])
    some = known.any(axis=1)
    return [side.where(known)[some] for side in sides]


def _numbers(frame: pd.DataFrame, what: str) -> pd.DataFrame:
    try:
        numbers = frame.astype(float)
    except (TypeError, ValueError) as error:
        raise DataError(f"The {what} must be numbers: {error}.") from error
    infinite = [name for name in numbers.columns if np.isinf(numbers[name]).any()]
    if infinite:
        raise DataError(f"The {what} of {_listed(infinite)} hold infinite values; expected finite ones.")
    return numbers


def groups(tracks: pd.Index, genres: pd.Series | None, decades: pd.Series | None) -> dict[tuple[str, str], np.ndarray]:
    """Which tracks are in each group that is scored, by genre and decade.

    All tracks first, then those of each genre and of each decade; none for
    tracks whose genre or decade is not known.
    """
    found = {(ALL, ALL): np.ones(len(tracks), dtype=bool)}
    found |= {(genre, ALL): mask for genre, mask in _masks(genres, tracks)}
    return found | {(ALL, decade): mask for decade, mask in _masks(decades, tracks)}


def _masks(of_track: pd.Series | None, tracks: pd.Index) -> Iterator[tuple[str, np.ndarray]]:
    """The groups that a series names, in order, each with the tracks that are in it."""
    if of_track is not None:
        number, names = pd.factorize(of_track.reindex(tracks).astype(object), sort=True)
        yield from ((name, number == place) for place, name in enumerate(names) if name != "")


def _bootstrap(
    runs: Sequence[pd.DataFrame],
    reference: pd.DataFrame,
    artists: pd.Series,
    genres: pd.Series | None,
    decades: pd.Series | None,
    draws: int,
    seed: int,
) -> tuple[pd.DataFrame, Measured]:
    """Score every run on the tracks and values that all of them have; with the names that belong to the scores."""
    for run in runs:
        validate(run, reference, artists=artists, genres=genres, decades=decades)
    *predicted, known = _join(*runs, reference)
    masks = groups(known.index, genres, decades)
    rows = [(*group, *of_group) for group in masks for of_group in product([*known.columns, AVERAGE], METRICS)]
    keys = pd.DataFrame(rows, columns=["genre", "decade", "feature", "metric"])
    artist, _ = pd.factorize(artist_groups(artists.reindex(known.index)))
    sides = [side.to_numpy() for side in predicted]
    found = measure(sides, known.to_numpy(), artist, list(masks.values()), score=_scores, draws=draws, seed=seed)
    return keys, found


def _scores(array: np.ndarray) -> np.ndarray:
    """From sums ``(..., len(Sums._fields), n_targets)`` to ``(..., n_targets + 1, n_metrics)``, the average last."""
    sums = Sums.of(array)
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = np.stack([metric.compute(sums) for metric in METRICS.values()], axis=-1)
    return np.append(scores, scores.mean(axis=-2, keepdims=True), axis=-2)
