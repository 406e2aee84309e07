"""What the baselines see of their inputs: a few numbers a track."""

from collections.abc import Mapping

import torch
from torch import Tensor

from songfeat.batches import Input, LazyInput

_CHUNK = 1024


def statistics(inputs: Mapping[str, Input]) -> Tensor:
    """The numeric inputs as they are; of sound, the mean and standard deviation of each coefficient over the frames.

    Returns
    -------
    Tensor
        ``(batch, n_features)``; see :func:`n_statistics`.
    """
    return torch.cat([_statistics(values) for values in inputs.values()], dim=1)


def n_statistics(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """How many numbers :func:`statistics` gives, from the shape of one track's input by kind."""
    return sum(shape[0] if len(shape) == 1 else 2 * shape[0] for shape in shapes.values())


def _statistics(values: Input) -> Tensor:
    if isinstance(values, LazyInput):
        return torch.cat([_statistics(chunk) for chunk in values.split(_CHUNK)])
    if values.ndim == 2:
        return values
    deviation, mean = torch.std_mean(values, dim=2, correction=0)
    return torch.cat([mean, deviation], dim=1)
