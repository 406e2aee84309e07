"""The combiner as a PyTorch module."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Self, cast

import torch
from torch import Tensor, nn

from songfeat.models.networks import Headed
from songfeat.registry import NUMERIC

if TYPE_CHECKING:
    from songfeat.models.combiner import CombinerConfig
    from songfeat.scaling import Scaler

_WIDTHS = {"a": 32, "b": 16, "c": None, "d": 32}
"""Values that each of the two networks is brought to; as many as there are targets where None."""


class Combiner(nn.Module):
    """A linear function of what two trained networks know, and a sigmoid.

    `mean` and `scale` are those of the numeric inputs, to undo their
    standardisation where the report's mistake is asked for.
    """

    mean: Tensor
    scale: Tensor

    def __init__(
        self, config: "CombinerConfig", audio: nn.Module, numeric: nn.Module, scaler: "Scaler", n_targets: int
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(scaler.mean))
        self.register_buffer("scale", torch.tensor(scaler.scale))
        self.config = config
        self.audio, self.numeric = cast(Headed, audio), cast(Headed, numeric)
        for parent in (self.audio, self.numeric):
            parent.requires_grad_(not config.frozen)
        width = _WIDTHS[config.variant] or n_targets
        self.audio_side = nn.Linear(self._width(self.audio), width)
        self.numeric_side = nn.Linear(self._width(self.numeric), width)
        self.join = nn.Linear(2 * width, n_targets)
        if config.start_at_mean:
            self._start_at_mean(n_targets)

    def train(self, mode: bool = True) -> Self:
        """Parents that keep their weights also keep all their units: no dropout, no new statistics of batches."""
        super().train(mode)
        if self.config.frozen:
            self.audio.eval()
            self.numeric.eval()
        return self

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        inputs = dict(inputs)
        numeric = inputs.pop(NUMERIC)
        if self.config.raw_numbers:
            numeric = numeric * self.scale + self.mean
        if self.config.reshaped_frames:
            inputs = {kind: _scrambled(array) for kind, array in inputs.items()}
        heard = self.audio_side(self._known(self.audio, inputs))
        told = self.numeric_side(self._known(self.numeric, {NUMERIC: numeric}))
        return torch.sigmoid(self.join(torch.cat((heard, told), dim=1)))

    def _width(self, parent: Headed) -> int:
        return parent.head.in_features if self.config.variant in "ad" else parent.head.out_features

    def _known(self, parent: Headed, inputs: Mapping[str, Tensor]) -> Tensor:
        """What is taken of a parent, ``(batch, its width)``."""
        features = parent.features(inputs)
        if self.config.variant in "ad":
            return features
        answers: Tensor = parent.head(features)
        return parent.answer(answers) if self.config.variant == "c" else answers

    @torch.no_grad()
    def _start_at_mean(self, n_targets: int) -> None:
        """Let the first values of each side carry its parent's answer before the sigmoid, and join half of each.

        A parent's answer without a sigmoid, or after it, is near 0.5 taken
        for what would have given it: 4 times its distance from there.
        """
        for side, parent in ((self.audio_side, self.audio), (self.numeric_side, self.numeric)):
            of_features = self.config.variant in "ad"
            weight = parent.head.weight if of_features else torch.eye(n_targets)
            bias = parent.head.bias if of_features else torch.zeros(n_targets)
            before_sigmoid = isinstance(parent.answer, nn.Sigmoid) and self.config.variant != "c"
            slope, offset = (1.0, 0.0) if before_sigmoid else (4.0, -2.0)
            side.weight[:n_targets] = slope * weight
            side.bias[:n_targets] = slope * bias + offset
        width = self.audio_side.out_features
        self.join.weight.zero_()
        self.join.bias.zero_()
        for start in (0, width):
            self.join.weight[:, start : start + n_targets] = 0.5 * torch.eye(n_targets)


def _scrambled(array: Tensor) -> Tensor:
    """The numbers of ``(batch, channels, frames)`` in the order that reshaping to ``(frames, channels)`` reads them."""
    batch, channels, frames = array.shape
    return array.reshape(batch, frames, channels).transpose(1, 2)
