"""The project's own network, on log-mel arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from songfeat.errors import ConfigError
from songfeat.models.inputs import sound
from songfeat.registry import register
from songfeat.training_config import TrainConfig

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class AttentionCnnConfig:
    """What can be chosen about the network.

    Attributes
    ----------
    hidden : int
        Width of the layer over the descriptors.
    filters : int
        Of each convolution.
    dropout : float
        Part of the values left out while training, 0 to below 1.
    blur : float
        Standard deviation of the noise on descriptors while training, where theirs is 1.
    frames_per_second : float
        Of the arrays; that of the spec ``logmel`` unless said otherwise.
    """

    hidden: int = 256
    filters: int = 32
    dropout: float = 0.6
    blur: float = 0.3
    frames_per_second: float = 50.0

    def __post_init__(self) -> None:
        for name in ("hidden", "filters"):
            if (value := getattr(self, name)) < 1:
                raise ConfigError(f"{name} must be 1 or more, got {value}.")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout must be 0 or more and below 1, got {self.dropout}.")
        if self.blur < 0:
            raise ConfigError(f"blur must be 0 or more, got {self.blur}.")
        if self.frames_per_second <= 0:
            raise ConfigError(f"frames_per_second must be above 0, got {self.frames_per_second}.")


@register(
    "attention_cnn",
    config=AttentionCnnConfig,
    inputs=("logmel",),
    train=TrainConfig(epochs=60, batch_size=32, learning_rate=2e-3, loss="by_target", patience=20),
    description="this project's own: descriptors of timbre and rhythm beside a convolution with attention",
)
def build(config: AttentionCnnConfig, shapes: Mapping[str, tuple[int, ...]], n_targets: int) -> "nn.Module":
    from songfeat.models.attention_network import AttentionCnn

    return AttentionCnn(
        sound(shapes),
        config.frames_per_second,
        hidden=config.hidden,
        filters=config.filters,
        dropout=config.dropout,
        blur=config.blur,
        n_targets=n_targets,
    )
