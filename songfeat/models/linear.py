"""A linear function of a few numbers a track, as a PyTorch module."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from songfeat.models.features import statistics


class Linear(nn.Module):
    """A weighted sum; weights that no gradient has to reach."""

    weight: Tensor
    bias: Tensor

    def __init__(self, n_features: int, n_targets: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.zeros(n_targets, n_features))
        self.register_buffer("bias", torch.zeros(n_targets))

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return nn.functional.linear(statistics(inputs), self.weight, self.bias)
