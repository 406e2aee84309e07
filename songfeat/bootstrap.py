"""Sums by artist, and what becomes of them when artists are drawn anew.

Intervals are percentile intervals of a cluster bootstrap (Efron & Tibshirani
1993, ch. 13; Davison & Hinkley 1997, § 3.8; Field & Welsh 2007): artists are
drawn with replacement, as many as there are, each with all of its tracks,
because songs of one artist err alike. A track whose artist is not known is
drawn by itself. All runs, targets, genres and metrics see the same draws; a
genre sees the part of them that falls to it. Draws in which a score is not
defined do not count. With fewer than two artists there is no interval (NaN).

Every score is a function of a few sums over tracks, so that a draw needs the
sums of each artist and never the tracks. Ranks are the one approximation: a
track keeps in every draw the rank that it has in its group of tracks, as if
the distribution of values were known and only the artists a sample. Ranking
every draw anew would cost a sort of all tracks a draw.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Self

import numpy as np

from songfeat.errors import ConfigError

ROUNDING = 1e-12
"""What is smaller than this, beside what it is computed from, is rounding noise."""

_CHUNK_BYTES = 32 * 2**20


class Moments(NamedTuple):
    """Variances and covariance of the population; a variance is NaN where it is rounding noise or there is no value."""

    variance_p: np.ndarray
    variance_r: np.ndarray
    covariance: np.ndarray

    @classmethod
    def of(cls, n: np.ndarray, sums: Sequence[np.ndarray]) -> Self:
        """From the sums of p, r, p², r² and pr over n tracks."""
        p, r, pp, rr, pr = (total / n for total in sums)
        return cls(_variance(p, pp), _variance(r, rr), pr - p * r)

    @property
    def correlation(self) -> np.ndarray:
        """NaN where either side does not vary."""
        return np.clip(self.covariance / np.sqrt(self.variance_p) / np.sqrt(self.variance_r), -1, 1)


def _variance(mean: np.ndarray, mean_square: np.ndarray) -> np.ndarray:
    variance = mean_square - mean**2
    return np.where(variance > ROUNDING * mean_square, variance, np.nan)


class Sums(NamedTuple):
    """Sums over tracks: all that the metrics know of any number of predictions p and reference values r.

    Arrays of one shape, the last axis the targets. p and r stand less their
    means, target by target, so that their squares lose no digits; so do their
    ranks in the group of tracks (from 1, the mean of their places where values tie).
    """

    n: np.ndarray
    abs_error: np.ndarray
    squared_error: np.ndarray
    p: np.ndarray
    r: np.ndarray
    pp: np.ndarray
    rr: np.ndarray
    pr: np.ndarray
    rank_p: np.ndarray
    rank_r: np.ndarray
    rank_pp: np.ndarray
    rank_rr: np.ndarray
    rank_pr: np.ndarray

    @classmethod
    def of(cls, array: np.ndarray) -> Self:
        """From one array, ``(..., len(Sums._fields), n_targets)``."""
        return cls(*np.moveaxis(array, -2, 0))

    @property
    def values(self) -> Moments:
        return Moments.of(self.n, (self.p, self.r, self.pp, self.rr, self.pr))

    @property
    def ranks(self) -> Moments:
        return Moments.of(self.n, (self.rank_p, self.rank_r, self.rank_pp, self.rank_rr, self.rank_pr))


class _ArtistSums(NamedTuple):
    """The sums of each artist in a group of tracks: all that a bootstrap by artist needs to know of them.

    `artist` holds the artists' numbers, ``(n_artists,)``, and `sums` is
    ``(n_artists, len(Sums._fields), n_targets)``.
    """

    artist: np.ndarray
    sums: np.ndarray

    @classmethod
    def of(cls, p: np.ndarray, r: np.ndarray, artist: np.ndarray) -> Self:
        """From predictions and reference values ``(n_targets, n)``, NaN in both or neither, and artists ``(n,)``."""
        numbers, place = np.unique(artist, return_inverse=True)
        sums = [
            [np.bincount(place, weights=row, minlength=len(numbers)) for row in term]  # one row a target
            for term in _terms(p, r)
        ]
        return cls(numbers, np.moveaxis(np.array(sums), -1, 0))


def _terms(p: np.ndarray, r: np.ndarray) -> Iterator[np.ndarray]:
    """What each track adds to each of :class:`Sums`, in their order, one after the other to spare memory."""
    error = np.nan_to_num(p - r)
    yield ~np.isnan(p)
    yield np.abs(error)
    yield error**2
    for left, right in ((p, r), (_ranks(p), _ranks(r))):
        a, b = _centred(left), _centred(right)
        yield from (a, b)
        yield from (x * y for x, y in ((a, a), (b, b), (a, b)))


def _centred(values: np.ndarray) -> np.ndarray:
    """Values less their mean; nothing where NaN."""
    n = np.maximum((~np.isnan(values)).sum(axis=-1, keepdims=True), 1)
    return np.nan_to_num(values - np.nansum(values, axis=-1, keepdims=True) / n)


def _ranks(values: np.ndarray) -> np.ndarray:
    """The rank of each value in its row, NaN where NaN. Three times as fast as pandas, whose sort is a stable one."""
    ranks = np.empty(values.shape)
    for row, of_row in zip(values, ranks, strict=True):
        order = np.argsort(row)
        ascending = row[order]
        starts = np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1])[: len(row)])
        ends = np.append(starts[1:], len(row))[: len(starts)]
        of_row[order] = np.repeat((starts + ends + 1) / 2, ends - starts)
    return np.where(np.isnan(values), np.nan, ranks)


class Measured(NamedTuple):
    """The scores of several runs on the same tracks, and what they come to in each draw.

    `value` is ``(n_runs, n_groups, n_targets + 1, n_metrics)``, the average of
    the targets after them, and `drawn` has the draws as its third axis. `n`
    (predictions) and `n_artists` are the same for all runs and metrics:
    ``(n_groups, n_targets + 1, 1)``.
    """

    value: np.ndarray
    drawn: np.ndarray
    n: np.ndarray
    n_artists: np.ndarray

    def columns(self, value: np.ndarray, drawn: np.ndarray, level: float) -> dict[str, np.ndarray]:
        """Flat columns value, low, high and n of one run's scores, or of what is computed from several's."""
        low, high = interval(drawn, level, (self.n_artists > 1) & ~np.isnan(value))
        columns = {"value": value, "low": low, "high": high, "n": np.broadcast_to(self.n, value.shape)}
        return {name: column.ravel() for name, column in columns.items()}


def check_settings(draws: int, level: float) -> None:
    """Raise ConfigError if no interval can be made of so many draws at this level."""
    if draws < 0 or not 0 < level < 1:
        raise ConfigError(f"draws must be 0 or more and level between 0 and 1, got {draws} and {level}.")


def measure(
    runs: Sequence[np.ndarray],
    reference: np.ndarray,
    artist: np.ndarray,
    masks: Sequence[np.ndarray],
    *,
    score: Callable[[np.ndarray], np.ndarray],
    draws: int,
    seed: int,
) -> Measured:
    """Score every run in every group of tracks, on the same draws of artists.

    Parameters
    ----------
    runs, reference : numpy.ndarray
        Predictions of each run and reference values, ``(n, n_targets)``; NaN in all of them or in none.
    artist : numpy.ndarray
        Each track's artist, numbered from 0, ``(n,)``.
    masks : sequence of numpy.ndarray
        Which tracks are in each group, boolean, ``(n,)``.
    score : callable
        From sums ``(..., len(Sums._fields), n_targets)`` to scores ``(..., n_targets + 1, n_metrics)``.
    """
    groups = [_ArtistSums.of(p[mask].T, reference[mask].T, artist[mask]) for p in runs for mask in masks]
    totals = np.array([group.sums.sum(axis=0) for group in groups])
    n_artists = [(Sums.of(group.sums).n > 0).sum(axis=0) for group in groups[: len(masks)]]
    value, drawn = score(totals), score(_resample(groups, len(np.unique(artist)), draws, seed))
    shape = (len(runs), len(masks))
    return Measured(
        value=value.reshape(*shape, *value.shape[1:]),
        drawn=drawn.reshape(*shape, *drawn.shape[1:]),
        n=_with_least(Sums.of(totals[: len(masks)]).n.astype(int)),
        n_artists=_with_least(np.array(n_artists)),
    )


def draw_artists(n_artists: int, draws: int, seed: int) -> Iterator[np.ndarray]:
    """How often each artist comes up in each draw, some draws at a time: ``(some, n_artists)``.

    Counting uniform numbers gives the multinomial counts four times as fast as ``Generator.multinomial`` does.
    """
    rng = np.random.default_rng(seed)
    step = max(1, _CHUNK_BYTES // (8 * max(1, n_artists)))
    for start in range(0, draws if n_artists else 0, step):
        counts = np.empty((min(step, draws - start), n_artists))
        for row in counts:
            row[:] = np.bincount(rng.integers(n_artists, size=n_artists), minlength=n_artists)
        yield counts


def _resample(groups: Sequence[_ArtistSums], n_artists: int, draws: int, seed: int) -> np.ndarray:
    """The sums of every group in each draw of artists: ``(n_groups, draws, len(Sums._fields), n_targets)``.

    A draw is how often each artist came up, so that many draws of a group are
    one matrix product.
    """
    shape = groups[0].sums.shape[1:]
    resampled = np.zeros((len(groups), draws, *shape))
    start = 0
    for counts in draw_artists(n_artists, draws, seed):
        for group, sums in zip(groups, resampled, strict=True):
            product = counts[:, group.artist] @ group.sums.reshape(len(group.artist), -1)
            sums[start : start + len(counts)] = product.reshape(-1, *shape)
        start += len(counts)
    return resampled


def interval(drawn: np.ndarray, level: float, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The percentiles over the draws (axis 1), leaving out draws that are NaN; NaN where not wanted."""
    drawn = np.moveaxis(drawn, 1, 0)
    wanted = wanted & ~np.isnan(drawn).all(axis=0)
    limits = np.full((2, *wanted.shape), np.nan)
    if wanted.any():
        limits[:, wanted] = np.nanquantile(drawn[:, wanted], [(1 - level) / 2, (1 + level) / 2], axis=0)
    return limits[0], limits[1]


def _with_least(counts: np.ndarray) -> np.ndarray:
    """From counts by target ``(n_groups, n_targets)`` to ``(n_groups, n_targets + 1, 1)``, the least last."""
    return np.append(counts, counts.min(axis=1, keepdims=True), axis=1)[..., np.newaxis]
