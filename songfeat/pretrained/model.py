"""The pretrained model in NumPy: from descriptors to values, intervals and how far to trust them.

Half of each answer is a support vector machine's (Drucker et al. 1997) and half
an ensemble of small networks', both on log-odds. Neither needs PyTorch or
scikit-learn to answer.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from songfeat.errors import SpecMismatch
from songfeat.intervals import Intervals
from songfeat.log_odds import from_log_odds

LIMIT = 4.0
"""Descriptors count at most this many standard deviations from their mean."""

SUPPORT_STEPS = 127 / LIMIT
"""Support vectors are kept as whole numbers of this many to a standard deviation."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """What the model says of clips: arrays of shape (n_clips, n_targets), within [0, 1].

    Attributes
    ----------
    values, low, high : numpy.ndarray
        The value, and an interval that should hold it for :data:`songfeat.intervals.LEVEL` of songs.
    unusual : numpy.ndarray
        (n_clips,), true where a clip is further from the training clips than 99 in 100 of those are from one another.
    """

    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    unusual: np.ndarray


@dataclass(frozen=True, eq=False)
class PretrainedModel:
    """Numbers and what they mean; see :mod:`songfeat.pretraining` for where they come from.

    Parameters
    ----------
    tensors : mapping of str to numpy.ndarray
        ``mean`` and ``deviation`` of the descriptors, (d,); ``support``, int8,
        (s, d), with ``feature_weight`` (t, d), ``coefficient`` (t, s) and
        ``intercept`` (t,); ``first_weight`` (m, d, h), ``first_bias`` (m, h),
        ``second_weight`` (m, h, t), ``second_bias`` (m, t) of m networks;
        ``knots``, ``low`` and ``high`` (t, k) of the intervals.
    meaning : mapping
        Plain values: targets, digest of the descriptors, ``gamma``, ``unusual_from``, scores,
        provenance, and by :func:`known_by` the clips and artists it was trained on.
    """

    tensors: Mapping[str, np.ndarray]
    meaning: Mapping[str, Any]

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(self.meaning["targets"])

    @property
    def name(self) -> str:
        """What answers are attributed to."""
        return f"pretrained:{self.meaning['version']}"

    @property
    def low_trust(self) -> tuple[str, ...]:
        """Targets that the model predicts little better than their usual value."""
        return tuple(self.meaning["low_trust"])

    @property
    def intervals(self) -> Intervals:
        """What should hold the values of :data:`songfeat.intervals.LEVEL` of songs."""
        return Intervals(*(self.tensors[name] for name in ("knots", "low", "high")))

    def check(self, digest: str) -> None:
        """Refuse descriptors of another version.

        Raises
        ------
        SpecMismatch
            If the model was trained on others.
        """
        if digest != self.meaning["descriptors"]:
            raise SpecMismatch(
                f"The pretrained model was trained on descriptors {self.meaning['descriptors']}, "
                f"but these are {digest}. Rebuild it with songfeat pretrain."
            )

    def answer(self, descriptors: np.ndarray) -> Answer:
        """Answers for clips, from their descriptors (n_clips, d)."""
        scaled = self.scaled(descriptors)
        log_odds = self.log_odds(scaled)
        low, high = self.intervals.around(log_odds)
        return Answer(
            values=from_log_odds(log_odds),
            low=from_log_odds(low),
            high=from_log_odds(high),
            unusual=nearest_distance(scaled, self._support) > self.meaning["unusual_from"],
        )

    def scaled(self, descriptors: np.ndarray) -> np.ndarray:
        """Descriptors in standard deviations from their mean."""
        return np.clip((descriptors - self.tensors["mean"]) / self.tensors["deviation"], -LIMIT, LIMIT)

    def log_odds(self, scaled: np.ndarray) -> np.ndarray:
        """Both learners' mean, (n_clips, n_targets)."""
        return (self._by_kernel(scaled) + self._by_networks(scaled)) / 2

    @cached_property
    def _support(self) -> np.ndarray:
        return self.tensors["support"].astype(np.float32) / np.float32(SUPPORT_STEPS)

    @cached_property
    def _support_squares(self) -> np.ndarray:
        """Squared lengths of the support vectors as each target weights them, (n_targets, s)."""
        squares: np.ndarray = np.square(self.tensors["feature_weight"]) @ np.square(self._support).T
        return squares

    def _by_kernel(self, scaled: np.ndarray) -> np.ndarray:
        # |w(x - s)|² of all targets from one product, as weighting every support vector anew would take longer.
        weights = np.square(self.tensors["feature_weight"])
        own = np.square(scaled) @ weights.T
        shared = (scaled[:, np.newaxis] * weights) @ self._support.T
        distances = np.maximum(own[..., np.newaxis] - 2 * shared + self._support_squares, 0)
        answers = (np.exp(-self.meaning["gamma"] * distances) * self.tensors["coefficient"]).sum(axis=2)
        return answers + self.tensors["intercept"]

    def _by_networks(self, scaled: np.ndarray) -> np.ndarray:
        hidden = np.einsum("nd,mdh->mnh", scaled, self.tensors["first_weight"], optimize=True)
        hidden = hidden + self.tensors["first_bias"][:, np.newaxis]
        hidden = hidden / (1 + np.exp(-hidden))  # SiLU
        answers = hidden @ self.tensors["second_weight"] + self.tensors["second_bias"][:, np.newaxis]
        mean: np.ndarray = answers.mean(axis=0)
        return mean


def known_by(text: str) -> str:
    """How the model's description names a clip or an artist that it was trained on, without saying who that is."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def squared_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Between the rows of one and the rows of another, (n_first, n_second)."""
    squares = np.square(first).sum(axis=1)[:, np.newaxis] + np.square(second).sum(axis=1)
    return np.maximum(squares - 2 * first @ second.T, 0)


def nearest_distance(scaled: np.ndarray, support: np.ndarray) -> np.ndarray:
    """Of each row to the nearest support vector, per descriptor."""
    return np.sqrt(squared_distances(scaled, support).min(axis=1) / scaled.shape[1])
