"""A network on the numeric inputs and whatever else is known of a track."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from songfeat.errors import ConfigError
from songfeat.models.numeric_mlp import NumericMlpConfig
from songfeat.registry import register
from songfeat.training_config import TrainConfig

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class MetadataMlpConfig(NumericMlpConfig):
    """What can be chosen about the network.

    Attributes
    ----------
    embedding : int
        Numbers that stand for a name.
    dropout : float
        Part of the values left out while training after each layer, 0 to below 1.
    """

    hidden: tuple[int, ...] = (256, 128)
    embedding: int = 16
    dropout: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.embedding < 1:
            raise ConfigError(f"embedding must be 1 or more, got {self.embedding}.")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout must be 0 or more and below 1, got {self.dropout}.")


@register(
    "mlp_metadata",
    config=MetadataMlpConfig,
    inputs=("numeric", "metadata"),
    train=TrainConfig(epochs=60, batch_size=512, learning_rate=3e-3, patience=8, plateau_patience=2),
    description="multi-task network on the numeric inputs, genre, liveness, length, popularity and year",
)
def build(config: MetadataMlpConfig, shapes: Mapping[str, tuple[int, ...]], n_targets: int) -> "nn.Module":
    from songfeat.models.metadata_network import MetadataMlp

    return MetadataMlp(
        shapes["numeric"][0],
        shapes["metadata"][0],
        hidden=config.hidden,
        embedding=config.embedding,
        dropout=config.dropout,
        n_targets=n_targets,
    )
