"""How often a training sees each track."""

import numpy as np
import torch
from torch import Tensor

STRENGTH = 0.9
"""How much density counts: of two tracks one is seen at most ``1 / (1 - STRENGTH)`` times as often as the other."""

_GRID = 256


def density_weights(targets: Tensor) -> Tensor:
    """Weights by which tracks with rare values of their targets are drawn more often than those with common ones.

    DenseWeight (Steininger et al., 2021): a value weighs ``1 - STRENGTH * p``,
    where p is its density among the known values of its target, brought to
    [0, 1]. The density is that of a kernel estimate with Gaussian kernels and
    Silverman's bandwidth, read off a grid.

    Parameters
    ----------
    targets : Tensor
        ``(n, n_targets)``, NaN where not known; each row has a known value.

    Returns
    -------
    Tensor
        ``(n,)``, float64, the mean over a track's known targets, within
        [``1 - STRENGTH``, 1].
    """
    weights = np.stack([_of_target(values) for values in targets.double().numpy().T])
    return torch.from_numpy(np.nanmean(weights, axis=0))


def _of_target(values: np.ndarray) -> np.ndarray:
    from scipy.stats import gaussian_kde

    known = values[~np.isnan(values)]
    if len(known) == 0 or known.min() == known.max():
        return np.where(np.isnan(values), np.nan, 1.0)
    grid = np.linspace(known.min(), known.max(), _GRID)
    density = gaussian_kde(known, bw_method="silverman")(grid)
    relative = (density - density.min()) / (density.max() - density.min())
    return np.interp(values, grid, 1 - STRENGTH * relative)
