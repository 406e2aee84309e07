"""Log-odds, the scale on which small values keep their differences: that of the pretrained model and of intervals."""

import numpy as np

_EDGE = 0.01  # what a value may lie beyond 0 and 1, so that those have log-odds as well
_FAR = 50.0  # log-odds beyond this are 0 or 1


def to_log_odds(values: np.ndarray) -> np.ndarray:
    """Log-odds of values within [0, 1]."""
    return np.log((values + _EDGE) / (1 + _EDGE - values))


def from_log_odds(log_odds: np.ndarray) -> np.ndarray:
    """The values, within [0, 1], of log-odds."""
    bounded = np.clip(log_odds, -_FAR, _FAR)
    return np.clip((1 + 2 * _EDGE) / (1 + np.exp(-bounded)) - _EDGE, 0, 1)
