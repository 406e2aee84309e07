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
  reference values do not vary, Pearson's r where either side does not vary.
* "average" is the mean of a metric over all of the targets, NaN if one of
  them is; its n is the smallest of theirs.
* Intervals are percentile intervals of a cluster bootstrap (Efron & Tibshirani
  1993, ch. 13; Davison & Hinkley 1997, § 3.8; Field & Welsh 2007): artists are
  drawn with replacement, as many as there are, each with all of its tracks,
  because songs of one artist err alike. A track whose artist is not known is
  drawn by itself. All targets, genres and metrics see the same draws; a genre
  sees the part of them that falls to it. Draws in which a score is not defined
  do not count. With fewer than two artists there is no interval (NaN).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from songfeat.errors import ConfigError, DataError, LabelMismatch
from songfeat.labels import AVERAGE, resolve_targets
from songfeat.splits import artist_groups

ALL_GENRES = "all"
"""Stands for the tracks of every genre, and of none, wherever scores are listed by genre."""

COLUMNS = ("feature", "genre", "metric", "value", "low", "high", "n")
"""The columns of a table of scores."""

_NEAR_CONSTANT = 0.05
_ROUNDING = 1e-12
_CHUNK_BYTES = 32 * 2**20


class Sums(NamedTuple):
    """Sums over tracks: all that the metrics know of any number of predictions p and reference values r.

    Arrays of one shape, the last axis the targets. p and r stand less their
    means, target by target, so that their squares lose no digits.
    """

    n: np.ndarray
    abs_error: np.ndarray
    squared_error: np.ndarray
    p: np.ndarray
    r: np.ndarray
    pp: np.ndarray
    rr: np.ndarray
    pr: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One way to say how close predictions come.

    Attributes
    ----------
    label : str
        For headings.
    meaning : str
        One sentence in a musician's words.
    compute : callable
        From sums to scores, one per target; NaN where not defined.
    """

    name: str
    label: str
    meaning: str
    lower_is_better: bool
    compute: Callable[[Sums], np.ndarray]


def _mse(sums: Sums) -> np.ndarray:
    return sums.squared_error / sums.n


def _variance(total: np.ndarray, squares: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The variance of the population, NaN where it is nothing but rounding noise or there are no values."""
    mean_square = squares / n
    variance = mean_square - (total / n) ** 2
    return np.where(variance > _ROUNDING * mean_square, variance, np.nan)


def _r2(sums: Sums) -> np.ndarray:
    return 1 - _mse(sums) / _variance(sums.r, sums.rr, sums.n)


def _pearson(sums: Sums) -> np.ndarray:
    covariance = sums.pr / sums.n - (sums.p / sums.n) * (sums.r / sums.n)
    deviation_p = np.sqrt(_variance(sums.p, sums.pp, sums.n))
    deviation_r = np.sqrt(_variance(sums.r, sums.rr, sums.n))
    return np.clip(covariance / deviation_p / deviation_r, -1, 1)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            name="mae",
            label="MAE",
            meaning="How far a guess is off on average: at 0.10, a song at 0.60 is guessed at 0.50 or 0.70.",
            lower_is_better=True,
            compute=lambda sums: sums.abs_error / sums.n,
        ),
        Metric(
            name="mse",
            label="MSE",
            meaning="The average squared miss: one song that is far off costs more than several that are a little off.",
            lower_is_better=True,
            compute=_mse,
        ),
        Metric(
            name="rmse",
            label="RMSE",
            meaning="The size of a typical miss when big misses weigh more, on the scale of the feature itself.",
            lower_is_better=True,
            compute=lambda sums: np.sqrt(_mse(sums)),
        ),
        Metric(
            name="r2",
            label="R²",
            meaning="How much of what sets songs apart is caught: 1 is all, 0 no more than one number for every song.",
            lower_is_better=False,
            compute=_r2,
        ),
        Metric(
            name="pearson",
            label="Pearson r",
            meaning="Whether songs with more of the feature get higher guesses: 1 in perfect step, 0 unrelated.",
            lower_is_better=False,
            compute=_pearson,
        ),
    )
}
"""Every metric by name, in the order in which they are shown; one more entry here is one more metric everywhere."""


def validate(
    predicted: pd.DataFrame,
    reference: pd.DataFrame,
    *,
    artists: pd.Series | None = None,
    genres: pd.Series | None = None,
) -> None:
    """Check that two frames can be compared, and that what is known of their tracks covers them.

    Raises
    ------
    LabelMismatch
        If the columns differ, one stands twice, or there is none.
    UnknownName
        If a column is no target.
    DataError
        If track ids repeat, or `artists` or `genres` lacks a track that both frames have.
    """
    columns, others = predicted.columns, reference.columns
    if set(columns) != set(others) or not (len(columns) and columns.is_unique and others.is_unique):
        raise LabelMismatch(
            "Predictions and reference values must have the same columns, each once: "
            f"got {_listed(columns)} and {_listed(others)}; only one side has {_listed(set(columns) ^ set(others))}."
        )
    resolve_targets(columns)
    shared = predicted.index.intersection(reference.index)
    tables = {"predictions": predicted, "reference values": reference, "artists": artists, "genres": genres}
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
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> pd.DataFrame:
    """Every metric of every target and their average, over all tracks and by genre.

    Parameters
    ----------
    predicted, reference : pandas.DataFrame
        See the conventions of this module.
    artists, genres : pandas.Series
        Artist key and genre group by track id, ``""`` where not known. Tracks
        of unknown genre count among all and in no group.
    draws : int
        How often artists are drawn; 0 leaves the intervals NaN.
    seed : int
        Of the draws: the same seed, the same intervals.
    level : float
        The share of the draws that an interval holds, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        Rows of `COLUMNS`: all genres first, then by name each in which a
        prediction counts; in each the targets in their order, then the
        average; for each every metric.

    Raises
    ------
    LabelMismatch, UnknownName, DataError
        As :func:`validate` does, and DataError for values that are infinite or no numbers.
    ConfigError
        If `draws` or `level` is out of range.
    """
    if draws < 0 or not 0 < level < 1:
        raise ConfigError(f"draws must be 0 or more and level between 0 and 1, got {draws} and {level}.")
    validate(predicted, reference, artists=artists, genres=genres)
    p, r = _join(predicted, reference)
    artist, names = pd.factorize(artist_groups(artists.reindex(p.index)))
    masks = _masks(genres, p.index)
    groups = [_Group.of(p.to_numpy()[mask], r.to_numpy()[mask], artist[mask]) for mask in masks.values()]
    totals = np.array([group.sums.sum(axis=0) for group in groups])
    n_artists = np.array([(_as_sums(group.sums).n > 0).sum(axis=0) for group in groups])
    value, drawn = _scores(totals), _scores(_resample(groups, len(names), draws, seed))
    low, high = _interval(drawn, level, (_with_least(n_artists) > 1) & ~np.isnan(value))
    n = np.broadcast_to(_with_least(_as_sums(totals).n.astype(int)), value.shape)
    rows = pd.MultiIndex.from_product([masks, [*p.columns, AVERAGE], METRICS], names=["genre", "feature", "metric"])
    scores = {"value": value.ravel(), "low": low.ravel(), "high": high.ravel(), "n": n.ravel()}
    return rows.to_frame(index=False).assign(**scores)[list(COLUMNS)]


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


def _join(predicted: pd.DataFrame, reference: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both sides in float64, in one order of tracks and targets, NaN wherever one of them is."""
    names = list(resolve_targets(reference.columns))
    tracks = predicted.index.intersection(reference.index).sort_values()
    p = _numbers(predicted.loc[tracks, names], "predictions")
    r = _numbers(reference.loc[tracks, names], "reference values")
    known = p.notna() & r.notna()
    some = known.any(axis=1)
    return p.where(known)[some], r.where(known)[some]


def _numbers(frame: pd.DataFrame, what: str) -> pd.DataFrame:
    try:
        numbers = frame.astype(float)
    except (TypeError, ValueError) as error:
        raise DataError(f"The {what} must be numbers: {error}.") from error
    infinite = [name for name in numbers.columns if np.isinf(numbers[name]).any()]
    if infinite:
        raise DataError(f"The {what} of {_listed(infinite)} hold infinite values; expected finite ones.")
    return numbers


class _Group(NamedTuple):
    """The sums of each artist in a group of tracks: all that a bootstrap by artist needs to know of them.

    `artist` holds the artists' numbers, ``(n_artists,)``, and `sums` is
    ``(n_artists, len(Sums._fields), n_targets)``.
    """

    artist: np.ndarray
    sums: np.ndarray

    @classmethod
    def of(cls, p: np.ndarray, r: np.ndarray, artist: np.ndarray) -> "_Group":
        numbers, place = np.unique(artist, return_inverse=True)
        terms = _terms(p, r)
        columns = terms.reshape(len(terms), np.prod(terms.shape[1:])).T
        sums = [np.bincount(place, weights=column, minlength=len(numbers)) for column in columns]
        return cls(numbers, np.array(sums).T.reshape(-1, *terms.shape[1:]))


def _masks(genres: pd.Series | None, tracks: pd.Index) -> dict[str, np.ndarray]:
    """Which tracks are of all genres and of each; none for tracks whose genre is not known."""
    masks = {ALL_GENRES: np.ones(len(tracks), dtype=bool)}
    if genres is not None:
        number, names = pd.factorize(genres.reindex(tracks).astype(object), sort=True)
        masks |= {name: number == place for place, name in enumerate(names) if name != ""}
    return masks


def _terms(p: np.ndarray, r: np.ndarray) -> np.ndarray:
    """What each track adds to each of :class:`Sums`: ``(n, len(Sums._fields), n_targets)``; nothing where NaN."""
    error, known = p - r, ~np.isnan(p)
    n = np.maximum(known.sum(axis=0), 1)
    p, r = p - np.nansum(p, axis=0) / n, r - np.nansum(r, axis=0) / n
    terms = Sums(n=known, abs_error=np.abs(error), squared_error=error**2, p=p, r=r, pp=p * p, rr=r * r, pr=p * r)
    return np.nan_to_num(np.stack(terms, axis=1), copy=False)


def _as_sums(array: np.ndarray) -> Sums:
    return Sums(*np.moveaxis(array, -2, 0))


def _resample(groups: Sequence[_Group], n_artists: int, draws: int, seed: int) -> np.ndarray:
    """The sums of every group in each draw of artists: ``(n_groups, draws, len(Sums._fields), n_targets)``.

    A draw is how often each artist came up, so that many draws of a group are
    one matrix product. Counting uniform numbers gives the multinomial counts
    four times as fast as ``Generator.multinomial`` does.
    """
    shape = groups[0].sums.shape[1:]
    resampled = np.zeros((len(groups), draws, *shape))
    rng = np.random.default_rng(seed)
    step = max(1, _CHUNK_BYTES // (8 * max(1, n_artists)))
    for start in range(0, draws if n_artists else 0, step):
        counts = np.empty((min(step, draws - start), n_artists))
        for row in counts:
            row[:] = np.bincount(rng.integers(n_artists, size=n_artists), minlength=n_artists)
        for group, sums in zip(groups, resampled, strict=True):
            product = counts[:, group.artist] @ group.sums.reshape(len(group.artist), -1)
            sums[start : start + step] = product.reshape(-1, *shape)
    return resampled


def _scores(array: np.ndarray) -> np.ndarray:
    """From sums ``(..., len(Sums._fields), n_targets)`` to ``(..., n_targets + 1, n_metrics)``, the average last."""
    sums = _as_sums(array)
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = np.stack([metric.compute(sums) for metric in METRICS.values()], axis=-1)
    return np.append(scores, scores.mean(axis=-2, keepdims=True), axis=-2)


def _with_least(counts: np.ndarray) -> np.ndarray:
    """From counts by target ``(n_groups, n_targets)`` to ``(n_groups, n_targets + 1, 1)``, the least last."""
    return np.append(counts, counts.min(axis=1, keepdims=True), axis=1)[..., np.newaxis]


def _interval(drawn: np.ndarray, level: float, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The percentiles over the draws (axis 1), leaving out draws that are NaN; NaN where not wanted."""
    drawn = np.moveaxis(drawn, 1, 0)
    wanted = wanted & ~np.isnan(drawn).all(axis=0)
    limits = np.full((2, *wanted.shape), np.nan)
    if wanted.any():
        limits[:, wanted] = np.nanquantile(drawn[:, wanted], [(1 - level) / 2, (1 + level) / 2], axis=0)
    return limits[0], limits[1]
