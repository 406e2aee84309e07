"""The report's combiner of two trained networks, one that hears and one that sees numbers, in its four variants."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from songfeat.errors import ConfigError
from songfeat.registry import NUMERIC, register
from songfeat.training_config import TrainConfig

if TYPE_CHECKING:
    from torch import nn

    from songfeat.scaling import Scaler

VARIANTS = {
    "a": "both without their last layers, 32 values each",
    "b": "both with their last layers but without sigmoids, 16 values each",
    "c": "both as they are, one value a target each",
    "d": "as a; in the report with a learning rate that falls on plateaus, which all four have here",
}
"""What of the two networks is joined, by the report's letter."""


@dataclass(frozen=True, kw_only=True)
class CombinerConfig:
    """What can be chosen about the combiner.

    Attributes
    ----------
    audio_run, numeric_run : str
        The finished runs that it stands on.
    variant : str
        One of `VARIANTS`.
    frozen : bool
        Whether the two networks keep their weights. In the report they drift.
    start_at_mean : bool
        Whether it starts by answering the mean of what the two answer, so
        that training can only improve on that; otherwise it starts anywhere.
    reshaped_frames : bool
        The report's first mistake: each clip's array is reshaped where a
        transpose is needed, so that the network hears scrambled frames.
    raw_numbers : bool
        The report's second mistake: numeric inputs come as they are, though
        the network was trained on standardised ones.
    """

    audio_run: str = ""
    numeric_run: str = ""
    variant: str = field(default="d", metadata={"choices": VARIANTS})
    frozen: bool = True
    start_at_mean: bool = True
    reshaped_frames: bool = False
    raw_numbers: bool = False

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise ConfigError(f"variant must be one of {', '.join(VARIANTS)}, got {self.variant!r}.")


@register(
    "combiner",
    config=CombinerConfig,
    inputs=("mfcc", NUMERIC),
    parents={"audio_run": "mfcc", "numeric_run": NUMERIC},
    train=TrainConfig(epochs=60, batch_size=32, learning_rate=1e-2, loss="smooth_l1", patience=15, plateau_patience=5),
    description="the report's linear combiner of two trained runs, one of sound and one of numbers",
)
def build(
    config: CombinerConfig,
    shapes: Mapping[str, tuple[int, ...]],
    n_targets: int,
    parents: "Mapping[str, nn.Module]",
    scalers: "Mapping[str, Scaler]",
) -> "nn.Module":
    from songfeat.models.combiner_network import Combiner

    return Combiner(config, parents["audio_run"], parents["numeric_run"], scalers[NUMERIC], n_targets)
