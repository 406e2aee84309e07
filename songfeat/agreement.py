"""How far two sources of reference values agree on the songs that both have.

Beside Pearson's r and the mean absolute difference stand the mean of the
differences (bias) and the limits between which 95 % of them lie, bias ± 1.96
standard deviations (Bland & Altman, Lancet 1986): r says whether two sources
sort songs alike, the limits whether one may stand in for the other. Intervals
are by artist, as those of scores are: see :mod:`songfeat.bootstrap`.
"""

import numpy as np
import pandas as pd

from songfeat.bootstrap import Sums, measure
from songfeat.errors import LabelMismatch
from songfeat.labels import FEATURES
from songfeat.splits import artist_groups

METRICS = ("pearson", "mae", "bias", "lower_limit", "upper_limit")
"""What is said of each feature: r, mean absolute difference, mean difference, and the limits of agreement."""

COLUMNS = ("feature", "metric", "value", "low", "high", "n")
"""The columns of a table of agreement."""

COMPARABLE = tuple(name for name, feature in FEATURES.items() if not feature.whole)
"""The features whose differences mean something: a key of 11 is not far from one of 0."""

_WITHIN = 1.96


def agreement(
    first: pd.DataFrame, second: pd.DataFrame, *, artists: pd.Series, draws: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Every metric of every feature, over the songs for which both sources have a value.

    Parameters
    ----------
    first, second : pandas.DataFrame
        Values by song, the same songs in the same order, with the same
        columns, all of :data:`COMPARABLE`; NaN where not known.
    artists : pandas.Series
        Artist key by song, ``""`` where not known.

    Returns
    -------
    pandas.DataFrame
        Rows of :data:`COLUMNS`; differences are first less second. NaN where
        a metric is not defined: all of them without songs, r and the limits
        with fewer than two.

    Raises
    ------
    LabelMismatch
        If songs or columns differ.
    """
    if not (first.index.equals(second.index) and first.columns.equals(second.columns)):
        raise LabelMismatch("Two sources are compared on the same songs and features, in the same order.")
    known = first.notna() & second.notna()
    p, r = (side.where(known).to_numpy(dtype=float) for side in (first, second))
    count = np.maximum(known.sum(axis=0).to_numpy(), 1)
    bias = np.nansum(p - r, axis=0) / count
    artist, _ = pd.factorize(artist_groups(artists.reindex(first.index)))
    everything = [np.ones(len(first), dtype=bool)]
    found = measure([p], r, artist, everything, score=lambda sums: _scores(sums, bias), draws=draws, seed=seed)
    keys = pd.MultiIndex.from_product([[*first.columns, ""], METRICS], names=["feature", "metric"]).to_frame(
        index=False
    )
    table = keys.assign(**found.columns(found.value[0], found.drawn[0], 0.95))
    return table.loc[table["feature"] != "", list(COLUMNS)].reset_index(drop=True)


def _scores(array: np.ndarray, bias_of_all: np.ndarray) -> np.ndarray:
    """From sums ``(..., len(Sums._fields), n_features)`` to ``(..., n_features + 1, len(METRICS))``, NaN at the end.

    An average over features of different units would mean nothing.
    """
    sums = Sums.of(array)
    n = sums.n
    with np.errstate(invalid="ignore", divide="ignore"):
        # p and r stand less their means over all songs.
        bias = bias_of_all + (sums.p - sums.r) / n
        spread = _WITHIN * np.sqrt(np.maximum(sums.squared_error / n - bias**2, 0) * n / np.where(n > 1, n - 1, np.nan))
        scores = np.stack([sums.values.correlation, sums.abs_error / n, bias, bias - spread, bias + spread], axis=-1)
    return np.append(scores, np.full_like(scores[..., :1, :], np.nan), axis=-2)
