"""The train-mean predictor: what every other model is compared with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from songfeat.registry import register

if TYPE_CHECKING:
    from torch import nn

    from songfeat.batches import Batch


@dataclass(frozen=True, kw_only=True)
class MeanConfig:
    """There is nothing to choose."""


def fit(model: "nn.Module", train: "Batch") -> None:
    """Let it answer the mean of each target's known values."""
    model.load_state_dict({"means": train.targets.double().nanmean(dim=0).float()})


@register("mean", config=MeanConfig, inputs=(), fit=fit, description="answers the training part's mean for every song")
def build(config: MeanConfig, shapes: Mapping[str, tuple[int, ...]], n_targets: int) -> "nn.Module":
    from songfeat.models.networks import Constant

    return Constant(n_targets)
