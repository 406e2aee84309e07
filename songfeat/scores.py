"""The scores: what each is called, what it says, and how it follows from sums over songs."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from songfeat.bootstrap import Sums


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


def _r2(sums: Sums) -> np.ndarray:
    return 1 - _mse(sums) / sums.values.variance_r


def _concordance(sums: Sums) -> np.ndarray:
    """2 cov / (var p + var r + (mean p - mean r)²), whose denominator is mse + 2 cov (Lin 1989)."""
    flat_p, flat_r = np.isnan(sums.values.variance_p), np.isnan(sums.values.variance_r)
    covariance = np.where(flat_p | flat_r, 0, sums.values.covariance)
    concordance = 2 * covariance / (_mse(sums) + 2 * covariance)
    return np.where(flat_p & flat_r, np.nan, np.clip(concordance, -1, 1))


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
            compute=lambda sums: sums.values.correlation,
        ),
        Metric(
            name="spearman",
            label="Spearman ρ",
            meaning="Whether the order is right, whatever the distances: 1 if guesses sort songs as the values do.",
            lower_is_better=False,
            compute=lambda sums: sums.ranks.correlation,
        ),
        Metric(
            name="concordance",
            label="Concordance",
            meaning="In step and on the mark at once: 1 only if guesses equal the values; shifted or timid ones cost.",
            lower_is_better=False,
            compute=_concordance,
        ),
    )
}
"""Every metric by name, in the order in which they are shown; one more entry here is one more metric everywhere."""
