"""The report's first system: a convolutional network over a spectrogram that says whether one can dance to a song."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from songfeat.errors import ConfigError
from songfeat.models.inputs import picture_shape
from songfeat.registry import register
from songfeat.training_config import TrainConfig

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class SpectrogramCnnConfig:
    """What can be chosen about the network.

    Attributes
    ----------
    hidden : int
        Width of the layer before the last.
    """

    hidden: int = 64

    def __post_init__(self) -> None:
        if self.hidden < 1:
            raise ConfigError(f"hidden must be 1 or more, got {self.hidden}.")


@register(
    "spectrogram_cnn_binary",
    config=SpectrogramCnnConfig,
    inputs=("logmel",),
    question="danceable",
    train=TrainConfig(epochs=40, batch_size=32, learning_rate=1e-3, loss="bce", balance_targets=False, patience=8),
    description="two convolutions over a spectrogram: is danceability above 0.5, yes or no, the report's first system",
)
def build(config: SpectrogramCnnConfig, shapes: Mapping[str, tuple[int, ...]], n_targets: int) -> "nn.Module":
    from songfeat.models.cnn_networks import SpectrogramCnn

    return SpectrogramCnn(picture_shape(shapes), config.hidden, n_targets)
