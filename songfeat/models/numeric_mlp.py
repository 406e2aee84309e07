"""Multi-task regression on the numeric inputs: the report's best variant, with sigmoid activations."""

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


@register(
    "numeric_mlp",
    config=NumericMlpConfig,
    inputs=("numeric",),
    train=TrainConfig(epochs=200, batch_size=512, learning_rate=2e-2, patience=20, plateau_patience=5),
    description="multi-task network on six numbers: tempo, loudness, key, mode, time signature, valence",
)
def build(config: NumericMlpConfig, shapes: Mapping[str, tuple[int, ...]], n_targets: int) -> "nn.Module":
    from songfeat.models.networks import NumericMlp

    return NumericMlp(shapes["numeric"][0], config.hidden, n_targets)
