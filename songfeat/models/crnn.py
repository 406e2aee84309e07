"""Convolutions over a spectrogram and a recurrent layer over what they find."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from songfeat.errors import ConfigError
from songfeat.models.inputs import sound
from songfeat.registry import register
from songfeat.training_config import TrainConfig

if TYPE_CHECKING:
    from torch import nn

_BLOCKS = 4


@dataclass(frozen=True, kw_only=True)
class CrnnConfig:
    """What can be chosen about the network.

    Attributes
    ----------
    channels : tuple of int
        Maps that each block of convolutions makes, one to four blocks.
    hidden : int
        Values that the recurrent layer remembers from step to step.
    dropout : float
        Part of the values left out while training, before the last layer; 0 to below 1.
    """

    channels: tuple[int, ...] = (16, 32, 32, 32)
    hidden: int = 64
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if not 1 <= len(self.channels) <= _BLOCKS or min(self.channels) < 1:
            raise ConfigError(f"channels must be one to {_BLOCKS} widths, each at least 1, got {self.channels}.")
        if self.hidden < 1:
            raise ConfigError(f"hidden must be 1 or more, got {self.hidden}.")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout must be 0 or more and below 1, got {self.dropout}.")


@register(
    "crnn",
    config=CrnnConfig,
    inputs=("logmel",),
    train=TrainConfig(epochs=40, batch_size=16, learning_rate=1e-3, patience=8),
    description="convolutions over a log-mel spectrogram and a GRU over time (CRNN)",
)
def build(config: CrnnConfig, shapes: Mapping[str, tuple[int, ...]], n_targets: int) -> "nn.Module":
    from songfeat.models.crnn_network import Crnn

    return Crnn(sound(shapes), config.channels, config.hidden, config.dropout, n_targets)
