"""Intervals around predictions, from how far predictions for artists left out were off.

Split-conformal intervals (Lei et al. 2018) that differ with the prediction: the
quantiles of the errors are those of clips with predictions alike.
"""

from dataclasses import dataclass

import numpy as np

_KNOTS = 9
_BANDWIDTH = 0.6  # standard deviations of the predictions


@dataclass(frozen=True, eq=False)
class Intervals:
    """Quantiles of errors at knots among the predictions; each array (n_targets, _KNOTS), in log-odds."""

    knots: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def fit(cls, predicted: np.ndarray, wanted: np.ndarray, level: float) -> "Intervals":
        """From predictions for artists left out and the values wanted, both (n, n_targets) in log-odds."""
        knots = np.quantile(predicted, np.linspace(0.02, 0.98, _KNOTS), axis=0).T
        errors = wanted - predicted
        tail = (1 - level) / 2 * (1 - 1 / len(errors))  # the new song is one of n + 1
        found = [
            [_quantiles(predicted[:, target], errors[:, target], knot, tail) for knot in knots[target]]
            for target in range(predicted.shape[1])
        ]
        low, high = np.moveaxis(np.array(found), 2, 0)
        return cls(knots, low, high)

    def around(self, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The lower and the upper end for predictions, (n, n_targets)."""
        ends = [
            np.stack([np.interp(column, *line) for column, *line in zip(predicted.T, self.knots, end, strict=True)], 1)
            for end in (self.low, self.high)
        ]
        return predicted + np.minimum(ends[0], 0), predicted + np.maximum(ends[1], 0)

    def tensors(self) -> dict[str, np.ndarray]:
        """As the pretrained model holds them."""
        return {name: getattr(self, name).astype(np.float32) for name in ("knots", "low", "high")}


def _quantiles(predicted: np.ndarray, errors: np.ndarray, at: float, tail: float) -> tuple[float, float]:
    """The two tail quantiles of errors, each counted by how near its prediction is."""
    weight = np.exp(-0.5 * np.square((predicted - at) / (_BANDWIDTH * predicted.std())))
    order = np.argsort(errors)
    share = np.cumsum(weight[order]) / weight.sum()
    places = np.searchsorted(share, [tail, 1 - tail]).clip(max=len(errors) - 1)
    low, high = errors[order][places]
    return float(low), float(high)
