"""Ridge regression (Hoerl & Kennard, 1970): the linear baselines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from songfeat.numeric import NumericConfig
from songfeat.registry import register

if TYPE_CHECKING:
    from torch import nn

    from songfeat.batches import Batch

ALPHAS = tuple(10.0**power for power in range(-3, 7))
"""Strengths of the penalty that a fit chooses from, for inputs of standard deviation 1."""


@dataclass(frozen=True, kw_only=True)
class RidgeStatsConfig:
    """There is nothing to choose."""


def fit(model: "nn.Module", train: "Batch") -> None:
    """Solve for each target on the tracks where it is known, with the penalty that generalised cross-validation finds.

    The penalty is to treat all features alike, so each is scaled here; the
    weights are those of the features as they were before.
    """
    import torch
    from sklearn.linear_model import RidgeCV

    from songfeat.models.features import statistics

    features = statistics(train.inputs).double()
    deviation, mean = torch.std_mean(features, dim=0, correction=0)
    scale = deviation.where(deviation > 0, 1.0)
    scaled = ((features - mean) / scale).numpy()
    weights, biases = [], []
    for target in train.targets.double().unbind(dim=1):
        known = ~target.isnan().numpy()
        if known.sum() < 2:
            # Nothing varies: the one value is the answer.
            weights.append(torch.zeros_like(scale))
            biases.append(target.nansum())
            continue
        solution = RidgeCV(ALPHAS).fit(scaled[known], target.numpy()[known])
        weights.append(torch.from_numpy(solution.coef_) / scale)
        biases.append(float(solution.intercept_) - weights[-1] @ mean)
    model.load_state_dict({"weight": torch.stack(weights), "bias": torch.stack(biases)})


@register(
    "ridge_numeric",
    config=NumericConfig,
    inputs=("numeric",),
    fit=fit,
    description="ridge regression on the numeric inputs",
)
@register(
    "ridge_stats",
    config=RidgeStatsConfig,
    inputs=("mfcc",),
    fit=fit,
    statistics=True,
    description="ridge regression on the mean and standard deviation of each MFCC",
)
def build(config: object, shapes: Mapping[str, tuple[int, ...]], n_targets: int) -> "nn.Module":
    from songfeat.models.features import n_statistics
    from songfeat.models.linear import Linear

    return Linear(n_statistics(shapes), n_targets)
