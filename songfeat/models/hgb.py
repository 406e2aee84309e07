"""Histogram gradient boosting (Friedman, 2001; Ke et al., 2017): the baselines of regression trees."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from songfeat.errors import ConfigError
from songfeat.numeric import NumericConfig
from songfeat.registry import register

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from songfeat.batches import Batch
    from songfeat.models.trees import BoostedTrees, MetadataTrees

_MOST_LEAVES = 31
"""One bit each in a 32-bit integer with a sign."""


@dataclass(frozen=True, kw_only=True)
class HgbStatsConfig:
    """What can be chosen about the trees.

    Attributes
    ----------
    n_trees : int
        For each target.
    max_leaf_nodes : int
        Leaves of a tree, at most; 2 to 31.
    min_samples_leaf : int
        Tracks of the training part in a leaf, at least.
    shrinkage : float
        Part of each tree's correction that is kept, above 0 to 1.
    """

    n_trees: int = 300
    max_leaf_nodes: int = 31
    min_samples_leaf: int = 20
    shrinkage: float = 0.1

    def __post_init__(self) -> None:
        for name in ("n_trees", "min_samples_leaf"):
            if (value := getattr(self, name)) < 1:
                raise ConfigError(f"{name} must be 1 or more, got {value}.")
        if not 2 <= self.max_leaf_nodes <= _MOST_LEAVES:
            raise ConfigError(f"max_leaf_nodes must be 2 to {_MOST_LEAVES}, got {self.max_leaf_nodes}.")
        if not 0 < self.shrinkage <= 1:
            raise ConfigError(f"shrinkage must be above 0 and at most 1, got {self.shrinkage}.")


@dataclass(frozen=True, kw_only=True)
class HgbNumericConfig(HgbStatsConfig, NumericConfig):
    """What can be chosen about the trees and the numbers that they see."""


@dataclass(frozen=True, kw_only=True)
class HgbMetadataConfig(HgbNumericConfig):
    """The same with more trees, as there is more to see."""

    n_trees: int = 500


def fit(model: "nn.Module", train: "Batch") -> None:
    """Grow the trees of each target on the tracks where it is known."""
    trees = cast("BoostedTrees", model)
    _grow(trees, trees.features(train.inputs).numpy(), train)


def fit_with_metadata(model: "nn.Module", train: "Batch") -> None:
    """Learn what each name means, then grow the trees.

    While they are grown, a track's name means what it does on the other four
    fifths of the tracks, so that no track's own values are among what is said of it.
    """
    import numpy as np
    import torch
    from sklearn.model_selection import KFold
    from sklearn.preprocessing import TargetEncoder

    from songfeat.metadata import CATEGORIES, MOST_NAMES

    trees = cast("MetadataTrees", model)
    features = trees.features(train.inputs).numpy()
    metadata = train.inputs["metadata"]
    assert isinstance(metadata, torch.Tensor)  # noqa: S101 - only arrays of sound are ever too large for memory
    places = metadata[:, -len(CATEGORIES) :].long().numpy()
    every = np.broadcast_to(np.arange(MOST_NAMES + 1)[:, np.newaxis], (MOST_NAMES + 1, len(CATEGORIES)))
    n_targets = len(train.names)
    for number, target in enumerate(train.targets.numpy().T):
        known = target == target
        encoder = TargetEncoder(target_type="continuous", cv=KFold(5, shuffle=True, random_state=0))
        apart = encoder.fit_transform(places[known], target[known])
        meaning = encoder.transform(every)
        trees.meaning[:, :, number] = torch.from_numpy(meaning.T)
        for at in range(len(CATEGORIES)):
            column = features.shape[1] - (len(CATEGORIES) - at) * n_targets + number
            features[:, column] = meaning[places[:, at], at]
            features[known, column] = apart[:, at]
    _grow(trees, features, train)


def _grow(trees: "BoostedTrees", features: "np.ndarray", train: "Batch") -> None:
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    config = trees.config
    regressors = []
    for target in train.targets.numpy().T:
        known = target == target
        regressor = HistGradientBoostingRegressor(
            max_iter=config.n_trees,
            max_leaf_nodes=config.max_leaf_nodes,
            min_samples_leaf=config.min_samples_leaf,
            learning_rate=config.shrinkage,
            early_stopping=False,
            random_state=0,
        )
        # Steps are so short that threads mostly wait for one another where other programs want the processor too.
        with threadpool_limits(limits=1):
            regressors.append(regressor.fit(features[known], target[known]))
    trees.take(regressors)


@register(
    "hgb_metadata",
    config=HgbMetadataConfig,
    inputs=("numeric", "metadata"),
    fit=fit_with_metadata,
    description="gradient-boosted trees on the numeric inputs, genre, liveness, length, popularity and year",
)
def build_with_metadata(
    config: HgbMetadataConfig, shapes: Mapping[str, tuple[int, ...]], n_targets: int
) -> "nn.Module":
    from songfeat.models.trees import MetadataTrees

    return MetadataTrees(n_targets, config)


@register(
    "hgb_numeric",
    config=HgbNumericConfig,
    inputs=("numeric",),
    fit=fit,
    description="gradient-boosted trees on the numeric inputs",
)
@register(
    "hgb_stats",
    config=HgbStatsConfig,
    inputs=("mfcc",),
    fit=fit,
    statistics=True,
    description="gradient-boosted trees on the mean and standard deviation of each MFCC",
)
def build(config: HgbStatsConfig, shapes: Mapping[str, tuple[int, ...]], n_targets: int) -> "nn.Module":
    from songfeat.models.trees import BoostedTrees

    return BoostedTrees(n_targets, config)
