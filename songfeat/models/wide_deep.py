"""A wide and a deep part side by side: numbers go straight to the answer, sound goes through a network."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from songfeat.errors import ConfigError
from songfeat.models.inputs import picture_shape
from songfeat.numeric import NumericConfig
from songfeat.registry import NUMERIC, register
from songfeat.training_config import TrainConfig

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class WideDeepConfig(NumericConfig):
    """What can be chosen about the network.

    Attributes
    ----------
    hidden : int
        Width of the deep part's layer before the last.
    """

    hidden: int = 64

    def __post_init__(self) -> None:
        if self.hidden < 1:
            raise ConfigError(f"hidden must be 1 or more, got {self.hidden}.")


@register(
    "wide_deep",
    config=WideDeepConfig,
    inputs=(NUMERIC, "mfcc"),
    train=TrainConfig(epochs=60, batch_size=32, learning_rate=1e-3, patience=10),
    description="wide and deep: a linear part on six numbers and convolutions over MFCCs, added up",
)
def build(config: WideDeepConfig, shapes: Mapping[str, tuple[int, ...]], n_targets: int) -> "nn.Module":
    from songfeat.models.wide_deep_network import WideDeep

    return WideDeep(shapes[NUMERIC][0], picture_shape(shapes), config.hidden, n_targets)
