"""What the baselines see of their inputs: a few numbers a track."""

from collections.abc import Mapping
from itertools import chain

import torch
from torch import Tensor


def statistics(inputs: Mapping[str, Tensor]) -> Tensor:
    """The numeric inputs as they are; of sound, the mean and standard deviation of each coefficient over the frames.

    Returns
    -------
    Tensor
        ``(batch, n_features)``; see :func:`n_statistics`.
    """
    return torch.cat(list(chain.from_iterable(map(_statistics, inputs.values()))), dim=1)


def n_statistics(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """How many numbers :func:`statistics` gives, from the shape of one track's input by kind."""
    return sum(shape[0] if len(shape) == 1 else 2 * shape[0] for shape in shapes.values())


def _statistics(values: Tensor) -> tuple[Tensor, ...]:
    if values.ndim == 2:
        return (values,)
    deviation, mean = torch.std_mean(values, dim=2, correction=0)
    return mean, deviation
