"""Batch normalisation for trainings whose last batch may be one track."""

from torch import Tensor, nn
from torch.nn import functional


class BatchNorm(nn.BatchNorm2d):
    """Batch normalisation (Ioffe & Szegedy, 2015) that takes a track alone as it would after training.

    One track says nothing of how tracks differ, and where one value of it is
    left PyTorch refuses to train on it.
    """

    def forward(self, maps: Tensor) -> Tensor:
        if len(maps) > 1:
            return super().forward(maps)
        return functional.batch_norm(maps, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)
