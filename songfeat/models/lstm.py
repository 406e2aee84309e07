"""Recurrent networks that read the MFCCs of a clip frame by frame."""

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
class LstmConfig:
    """What can be chosen about the network.

    Attributes
    ----------
    hidden : int
        Values that it remembers from frame to frame.
    """

    hidden: int = 64

    def __post_init__(self) -> None:
        if self.hidden < 1:
            raise ConfigError(f"hidden must be 1 or more, got {self.hidden}.")


@register(
    "lstm_multitask",
    config=LstmConfig,
    inputs=("mfcc",),
    train=TrainConfig(epochs=60, batch_size=32, learning_rate=1e-3, loss="smooth_l1", patience=10),
    description="one LSTM over the MFCCs of a clip for all targets at once",
)
def build_bounded(config: LstmConfig, shapes: Mapping[str, tuple[int, ...]], n_targets: int) -> "nn.Module":
    from songfeat.models.networks import LastStepLstm

    return LastStepLstm(sound(shapes)[0], config.hidden, n_targets, bounded=True)


@register(
    "lstm",
    config=LstmConfig,
    inputs=("mfcc",),
    train=TrainConfig(epochs=60, batch_size=32, learning_rate=1e-3, patience=10),
    description="the report's first LSTM: a linear answer, trained on the squared error",
)
def build_linear(config: LstmConfig, shapes: Mapping[str, tuple[int, ...]], n_targets: int) -> "nn.Module":
    from songfeat.models.networks import LastStepLstm

    return LastStepLstm(sound(shapes)[0], config.hidden, n_targets, bounded=False)
