"""The report's convolutional networks over the MFCCs of a clip."""

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
class Cnn2dConfig:
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


@dataclass(frozen=True, kw_only=True)
class CnnDeepConfig:
    """What can be chosen about the network.

    Attributes
    ----------
    hidden : int
        Width of the layer before the last.
    conv_dropout, dense_dropout : float
        Part of the values left out while training, after each pooling and before the last layer; 0 to below 1.
    """

    hidden: int = 128
    conv_dropout: float = 0.25
    dense_dropout: float = 0.5

    def __post_init__(self) -> None:
        if self.hidden < 1:
            raise ConfigError(f"hidden must be 1 or more, got {self.hidden}.")
        for name in ("conv_dropout", "dense_dropout"):
            if not 0 <= (value := getattr(self, name)) < 1:
                raise ConfigError(f"{name} must be 0 or more and below 1, got {value}.")


# The report trains this one at a learning rate of 1e-5, at which 1,000 steps of Adam move a weight by about 0.01.
@register(
    "cnn2d",
    config=Cnn2dConfig,
    inputs=("mfcc",),
    train=TrainConfig(epochs=60, batch_size=32, learning_rate=1e-3, patience=10),
    description="two convolutions over the MFCCs of a clip, the report's simple network",
)
def build_simple(config: Cnn2dConfig, shapes: Mapping[str, tuple[int, ...]], n_targets: int) -> "nn.Module":
    from songfeat.models.cnn_networks import SimpleCnn

    return SimpleCnn(picture_shape(shapes), config.hidden, n_targets)


@register(
    "cnn_deep",
    config=CnnDeepConfig,
    inputs=("mfcc",),
    train=TrainConfig(epochs=60, batch_size=32, learning_rate=1e-3, patience=10),
    description="four convolutions over the MFCCs of a clip with dropout, the report's complex network",
)
def build_deep(config: CnnDeepConfig, shapes: Mapping[str, tuple[int, ...]], n_targets: int) -> "nn.Module":
    from songfeat.models.cnn_networks import DeepCnn

    picture_shape(shapes)
    return DeepCnn(config.hidden, config.conv_dropout, config.dense_dropout, n_targets)
