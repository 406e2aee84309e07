"""Batch normalisation over the whole batch of a step, where several processes have a share of it each.

PyTorch's own ``SyncBatchNorm`` does this on GPUs alone.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from songfeat import distributed


@dataclass
class Step:
    """What the layers must know of the step that is being taken.

    Attributes
    ----------
    rows : int
        Of the whole batch.
    weight : int
        Of this process's share; see :func:`songfeat.distributed.share_of`.
    """

    rows: int = 0
    weight: int = 1


@contextmanager
def synchronised(model: nn.Module) -> Iterator[Step]:
    """Let all batch normalisation of a model take its statistics over all processes, until the end.

    Gives the step that is being taken, for whoever takes it to fill in.
    """
    step = Step()
    norms = [] if distributed.world_size() == 1 else [one for one in model.modules() if isinstance(one, _BatchNorm)]
    for norm in norms:
        norm.forward = partial(_forward, norm, norm.forward, step)  # type: ignore[method-assign]
    try:
        yield step
    finally:
        for norm in norms:
            del norm.forward


def _forward(norm: _BatchNorm, alone: Callable[[Tensor], Tensor], step: Step, values: Tensor) -> Tensor:
    """Normalise by channel, the second axis (Ioffe & Szegedy, 2015)."""
    # A single row is every process's, and the layer knows best what to do with it.
    if not norm.training or step.rows == 1:
        return alone(values)
    others = [axis for axis in range(values.ndim) if axis != 1]
    by_channel = (1, -1) + (1,) * (values.ndim - 2)
    count = step.rows * values[0, 0].numel()
    mean = _Total.apply(values.sum(dim=others) * (step.weight / count))
    centred = values - mean.view(by_channel)
    variance = _Total.apply(centred.square().sum(dim=others) * (step.weight / count))
    _keep(norm, mean.detach(), variance.detach() * (count / (count - 1)))
    normed = centred * torch.rsqrt(variance + norm.eps).view(by_channel)
    if not norm.affine:
        return normed
    return normed * norm.weight.view(by_channel) + norm.bias.view(by_channel)


def _keep(norm: _BatchNorm, mean: Tensor, variance: Tensor) -> None:
    """Carry the running statistics on, as PyTorch does."""
    if norm.running_mean is None or norm.running_var is None or norm.num_batches_tracked is None:
        return
    norm.num_batches_tracked += 1
    momentum = 1 / norm.num_batches_tracked.item() if norm.momentum is None else norm.momentum
    norm.running_mean.lerp_(mean, momentum)
    norm.running_var.lerp_(variance, momentum)


class _Total(torch.autograd.Function):
    """The sum over the processes; what each one's loss says of it comes back to all."""

    @staticmethod
    def forward(_context: Any, values: Tensor) -> Tensor:
        return distributed.total(values)

    @staticmethod
    def backward(_context: Any, gradient: Tensor) -> Tensor:
        return distributed.total(gradient)
