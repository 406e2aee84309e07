"""Multi-task regression on the numeric inputs, in the report's three variants; that with sigmoids was its best."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from songfeat.errors import ConfigError
from songfeat.numeric import NumericConfig
from songfeat.registry import register
from songfeat.training_config import TrainConfig

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class NumericMlpConfig(NumericConfig):
    """What can be chosen about the network.

    Attributes
    ----------
    hidden : tuple of int
        Width of each layer before the last.
    """

    hidden: tuple[int, ...] = (64, 32)

    def __post_init__(self) -> None:
        if not self.hidden or min(self.hidden) < 1:
            raise ConfigError(f"hidden must be one width or more, each at least 1, got {self.hidden}.")


@dataclass(frozen=True, kw_only=True)
class DeeperMlpConfig(NumericMlpConfig):
    """The same with one more layer."""

    hidden: tuple[int, ...] = (64, 32, 16)


_RELU_TRAIN = TrainConfig(epochs=200, batch_size=512, learning_rate=5e-3, patience=20, plateau_patience=5)


@register(
    "numeric_mlp",
    config=NumericMlpConfig,
    inputs=("numeric",),
    train=TrainConfig(epochs=200, batch_size=512, learning_rate=1e-2, patience=20, plateau_patience=5),
    description="multi-task network on six numbers: tempo, loudness, key, mode, time signature, valence",
)
def build_sigmoid(config: NumericMlpConfig, shapes: Mapping[str, tuple[int, ...]], n_targets: int) -> "nn.Module":
    from torch import nn

    from songfeat.models.networks import NumericMlp

    return NumericMlp(shapes["numeric"][0], config.hidden, n_targets, activation=nn.Sigmoid, bounded=True)


@register(
    "numeric_mlp_relu",
    config=NumericMlpConfig,
    inputs=("numeric",),
    train=_RELU_TRAIN,
    description="the same with ReLU activations and a linear answer",
)
@register(
    "numeric_mlp_deep",
    config=DeeperMlpConfig,
    inputs=("numeric",),
    train=_RELU_TRAIN,
    description="the same with ReLU activations, a linear answer and one more layer",
)
def build_relu(config: NumericMlpConfig, shapes: Mapping[str, tuple[int, ...]], n_targets: int) -> "nn.Module":
    from torch import nn

    from songfeat.models.networks import NumericMlp

    return NumericMlp(shapes["numeric"][0], config.hidden, n_targets, activation=nn.ReLU, bounded=False)
