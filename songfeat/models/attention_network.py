"""The project's own network: what sums up a clip, and what it attends to in it."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from songfeat.models.descriptors import Descriptors, RunningScale
from songfeat.models.inputs import sound
from songfeat.models.networks import Headed, bound


class AttentionCnn(Headed):
    """Descriptors of the whole clip beside a convolution over time with attention pooling; answers lie in [0, 1].

    While it is trained the arrays are made other than they are, as songs of
    another mix or cut would be: some channels and some spans of time are
    masked (SpecAugment, Park et al., 2019), and descriptors are blurred.

    Parameters
    ----------
    shape : (int, int)
        Channels and frames.
    frames_per_second : float
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        frames_per_second: float,
        *,
        hidden: int,
        filters: int,
        dropout: float,
        blur: float,
        n_targets: int,
    ) -> None:
        super().__init__()
        channels, frames = shape
        self.blur = blur
        self.descriptors = Descriptors(channels, frames, frames_per_second)
        self.scale = RunningScale(self.descriptors.n_descriptors)
        self.summary = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(self.descriptors.n_descriptors, hidden), nn.ReLU(), nn.Dropout(dropout)
        )
        self.convolution = nn.Sequential(
            nn.Conv1d(channels, filters, kernel_size=5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv1d(filters, filters, kernel_size=5, stride=2, padding=2),
            nn.ReLU(),
        )
        self.attention = nn.Conv1d(filters, n_targets, kernel_size=1)
        self.pooled = nn.Dropout(dropout)
        self.head = nn.Linear(hidden + n_targets * filters, n_targets)
        self.answer = bound(True)

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        array = _looped(sound(inputs))
        numbers = self.scale(self.descriptors(array))
        if self.training:
            numbers = numbers + self.blur * torch.randn_like(numbers)
            array = _masked(array)
        return torch.cat((self.summary(numbers), self.pooled(self._attend(array))), dim=1)

    def _attend(self, array: Tensor) -> Tensor:
        """What each target finds worth attending to, ``(batch, n_targets * filters)``."""
        found = self.convolution(array)
        weights = self.attention(found).softmax(dim=2)
        return torch.einsum("btf,bcf->btc", weights, found).flatten(1)


def _looped(array: Tensor) -> Tensor:
    """The arrays with what stands after a clip's end, where all frames are alike, replaced by the clip from its start.

    Silence that is no part of a song says nothing of it, but would of its dynamics and its rhythm.
    """
    frames = array.shape[2]
    alike = (array == array[:, :, -1:]).all(dim=1)
    padding = alike.flip(1).long().cumprod(dim=1).sum(dim=1)
    length = frames - padding.where((padding > 1) & (padding < frames), 0)
    places = torch.arange(frames, device=array.device) % length[:, None]
    return array.gather(2, places[:, None, :].expand_as(array))


def _masked(array: Tensor) -> Tensor:
    """The arrays with a span of channels and a span of frames, each up to an eighth, at 0, which is their mean."""
    for dim in (1, 2):
        size = array.shape[dim]
        width = torch.randint(0, size // 8 + 1, (len(array), 1), device=array.device)
        start = (torch.rand(len(array), 1, device=array.device) * (size - width)).long()
        place = torch.arange(size, device=array.device)
        hidden = (place >= start) & (place < start + width)
        array = array.masked_fill(hidden.unsqueeze(3 - dim), 0.0)
    return array
