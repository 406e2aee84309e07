"""Intervals around predictions, from how far predictions for other songs were off.

Split-conformal intervals (Vovk et al. 2005; Lei et al. 2018) in log-odds: the
tail quantiles of the errors that a model made on songs which it did not learn
from. Where there are enough of these, the quantiles at a prediction are those
of songs with predictions alike (Lei & Wasserman 2014), as errors differ: a low
speechiness is nearly always right, a high one seldom.
"""

import math
from dataclasses import dataclass

import numpy as np

from songfeat.log_odds import from_log_odds, to_log_odds

LEVEL = 0.8
"""The share of songs whose value an interval should hold."""

FEWEST = round(2 / (1 - LEVEL)) - 1
"""Of fewer songs than these not even the largest error is sure to be as rare as it should be."""

LOCAL_FROM = 100
"""With fewer songs, the errors of those with predictions alike would be too few: all of them count alike."""

_TAIL = (1 - LEVEL) / 2
_KNOTS = 9
_BANDWIDTH = 0.6  # standard deviations of the predictions


@dataclass(frozen=True, eq=False)
class Intervals:
    """Quantiles of errors at knots among the predictions; each array (n_targets, n_knots), in log-odds."""

    knots: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def fit(cls, predicted: np.ndarray, wanted: np.ndarray) -> "Intervals":
        """From predictions for songs left out and the values wanted, both (n, n_targets) in log-odds.

        With :data:`LOCAL_FROM` songs or more at :data:`_KNOTS` knots. With
        fewer there is one, and the ends are order statistics of all errors,
        chosen so that a song like these falls outside with at most the
        probability wanted (Lei et al. 2018); endless where there are too few.
        """
        errors = wanted - predicted
        if len(errors) < LOCAL_FROM:
            return cls(np.zeros((errors.shape[1], 1)), *_ranks(errors))
        knots = np.quantile(predicted, np.linspace(0.02, 0.98, _KNOTS), axis=0).T
        tail = _TAIL * (1 - 1 / len(errors))  # the new song is one of n + 1
        found = [
            [_quantiles(predicted[:, target], errors[:, target], knot, tail) for knot in knots[target]]
            for target in range(predicted.shape[1])
        ]
        low, high = np.moveaxis(np.array(found), 2, 0)
        return cls(knots, low, high)

    @classmethod
    def fit_values(cls, predicted: np.ndarray, reference: np.ndarray) -> "Intervals":
        """From values instead of log-odds; predictions beyond 0 and 1 count as these."""
        return cls.fit(_odds(predicted), to_log_odds(reference))

    def around(self, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The lower and the upper end for predictions, (n, n_targets)."""
        ends = [
            np.stack([np.interp(column, *line) for column, *line in zip(predicted.T, self.knots, end, strict=True)], 1)
            for end in (self.low, self.high)
        ]
        return predicted + np.minimum(ends[0], 0), predicted + np.maximum(ends[1], 0)

    def around_values(self, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The ends for predicted values, all of shape (n, n_targets); the ends lie within [0, 1]."""
        low, high = self.around(_odds(predicted))
        return from_log_odds(low), from_log_odds(high)

    def tensors(self) -> dict[str, np.ndarray]:
        """As the pretrained model holds them."""
        return {name: getattr(self, name).astype(np.float32) for name in ("knots", "low", "high")}


def _odds(predicted: np.ndarray) -> np.ndarray:
    return to_log_odds(np.clip(predicted, 0, 1))


def _ranks(errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two tail order statistics of each column: of n errors the ⌊(n + 1) / 10⌋th from below and from above."""
    rank = math.floor(_TAIL * (len(errors) + 1) + 1e-9)  # a tenth has no binary fraction
    if rank == 0:
        endless = np.full((errors.shape[1], 1), np.inf)
        return -endless, endless
    ordered = np.sort(errors, axis=0)
    return ordered[[rank - 1]].T, ordered[[-rank]].T


def _quantiles(predicted: np.ndarray, errors: np.ndarray, at: float, tail: float) -> tuple[float, float]:
    """The two tail quantiles of errors, each counted by how near its prediction is."""
    width = _BANDWIDTH * predicted.std() or 1.0  # predictions that are all one are all near
    weight = np.exp(-0.5 * np.square((predicted - at) / width))
    order = np.argsort(errors)
    share = np.cumsum(weight[order]) / weight.sum()
    places = np.searchsorted(share, [tail, 1 - tail]).clip(max=len(errors) - 1)
    low, high = errors[order][places]
    return float(low), float(high)
