"""The convolutional recurrent network as a PyTorch module."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from songfeat.models.batch_norm import BatchNorm
from songfeat.models.inputs import sound
from songfeat.models.networks import Headed, bound

_POOLS = (2, 3, 4, 4)
"""By how much each block shrinks both axes, as in Choi et al. (2017)."""

_LEAST_STEPS = 8
"""A block that would leave fewer steps than that leaves time as it is."""

_MOST_FRAMES = 700
"""Longer arrays are averaged over neighbouring frames first: 46 ms a frame tells beats, and halves the work."""


class Crnn(Headed):
    """Blocks of convolution, pooling, batch normalisation and ELU, then a GRU over time; answers lie in [0, 1].

    The network of Choi, Fazekas, Sandler & Cho (2017), which Nasrullah & Zhao
    (2019) use for artists, with one layer of GRU and fewer maps. Pooling
    stands before normalisation and activation, which are then cheaper; both
    only rise, so that what is largest stays so while the normalisation's
    weight is positive.
    """

    def __init__(
        self, shape: tuple[int, ...], channels: Sequence[int], hidden: int, dropout: float, n_targets: int
    ) -> None:
        super().__init__()
        bands, frames = shape
        averaged = math.ceil(frames / _MOST_FRAMES)
        self.shrink = nn.AvgPool2d((1, averaged), ceil_mode=True)
        steps = math.ceil(frames / averaged)
        blocks = []
        for (before, after), pool in zip(pairwise([1, *channels]), _POOLS, strict=False):
            over_time = pool if steps >= pool * _LEAST_STEPS else 1
            bands, steps = math.ceil(bands / pool), math.ceil(steps / over_time)
            blocks += [
                nn.Conv2d(before, after, kernel_size=3, padding=1),
                nn.MaxPool2d((pool, over_time), ceil_mode=True),
                BatchNorm(after),
                nn.ELU(),
            ]
        # With the channels innermost, PyTorch's convolutions take half the time on a processor.
        self.body = nn.Sequential(*blocks).to(memory_format=torch.channels_last)
        self.gru = nn.GRU(channels[-1] * bands, hidden, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, n_targets)
        self.answer = bound(True)

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        picture = self.shrink(sound(inputs).unsqueeze(1)).contiguous(memory_format=torch.channels_last)
        # (batch, maps, bands, steps) to (batch, steps, maps * bands)
        steps = self.body(picture).flatten(1, 2).transpose(1, 2)
        remembered, _ = self.gru(steps)
        last: Tensor = self.dropout(remembered[:, -1])
        return last
