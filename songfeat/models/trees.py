"""Sums of regression trees as a PyTorch module: scikit-learn grows them, tensors keep them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from songfeat.batches import Input
from songfeat.metadata import CATEGORIES, MOST_NAMES
from songfeat.models.features import statistics

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingRegressor

    from songfeat.models.hgb import HgbStatsConfig


class BoostedTrees(nn.Module):
    """For each target a constant and what every one of its trees adds.

    A tree is evaluated without walking it (QuickScorer, Lucchese et al.,
    2015): its leaves are bits, from left to right; each test that sends a
    track to the right clears the bits to the left of it, and the lowest bit
    that is left is the leaf. All trees do their tests side by side, whatever
    their shape, and one config always means tensors of one size: those of the
    tests are ``(tests of a tree, trees of all targets)``, and a test that a
    tree does not have sends nothing to the right.
    """

    feature: Tensor
    threshold: Tensor
    kept: Tensor
    value: Tensor
    baseline: Tensor

    def __init__(self, n_targets: int, config: "HgbStatsConfig") -> None:
        super().__init__()
        self.config = config
        n_trees, n_tests = n_targets * config.n_trees, config.max_leaf_nodes - 1
        self.register_buffer("feature", torch.zeros(n_tests, n_trees, dtype=torch.int32))
        self.register_buffer("threshold", torch.full((n_tests, n_trees), torch.inf))
        self.register_buffer("kept", torch.full((n_tests, n_trees), -1, dtype=torch.int32))
        self.register_buffer("value", torch.zeros(n_trees, config.max_leaf_nodes))
        self.register_buffer("baseline", torch.zeros(n_targets))

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        features = self.features(inputs).T.contiguous()
        bits = torch.full((len(self.value), features.shape[1]), -1, dtype=torch.int32)
        for feature, threshold, kept in zip(self.feature, self.threshold, self.kept, strict=True):
            goes_right = features.index_select(0, feature) > threshold[:, None]
            bits = torch.where(goes_right, bits & kept[:, None], bits)
        leaf = (bits & -bits).float().log2().long()
        added = self.value.gather(1, leaf).view(len(self.baseline), self.config.n_trees, -1)
        return (self.baseline[:, None] + added.sum(dim=1, dtype=torch.float64)).float().T

    def features(self, inputs: Mapping[str, Input]) -> Tensor:
        """What the trees test, ``(batch, n_features)``."""
        return statistics(inputs)

    def take(self, regressors: "Sequence[HistGradientBoostingRegressor]") -> None:
        """Become a copy of fitted regressors, one a target."""
        self.baseline.copy_(torch.tensor([one._baseline_prediction.item() for one in regressors]))
        trees = [tree.nodes for regressor in regressors for (tree,) in regressor._predictors]
        for number, nodes in enumerate(trees):
            self._take_tree(number, nodes)

    def _take_tree(self, number: int, nodes: np.ndarray) -> None:
        """Copy one tree, whose nodes stand in depth-first order: a node, all to the left of it, all to the right."""
        leaf = nodes["is_leaf"].astype(bool)
        values, tests = nodes["value"][leaf], nodes[~leaf]
        leaves_before = np.cumsum(leaf) - leaf
        first, end = (np.left_shift(1, leaves_before[tests[way]]) for way in ("left", "right"))
        self.value[number, : len(values)] = torch.tensor(values.astype(np.float32))
        self.feature[: len(tests), number] = torch.tensor(tests["feature_idx"].astype(np.int32))
        self.threshold[: len(tests), number] = torch.tensor(_rounded_down(tests["num_threshold"]))
        self.kept[: len(tests), number] = torch.tensor(~(end - first).astype(np.int32))


class MetadataTrees(BoostedTrees):
    """Trees that see a name as what songs of that name are like: the mean of each target (Micci-Barreca, 2001)."""

    meaning: Tensor

    def __init__(self, n_targets: int, config: "HgbStatsConfig") -> None:
        super().__init__(n_targets, config)
        self.register_buffer("meaning", torch.zeros(len(CATEGORIES), MOST_NAMES + 1, n_targets))

    def features(self, inputs: Mapping[str, Input]) -> Tensor:
        numeric, metadata = inputs["numeric"], inputs["metadata"]
        assert isinstance(numeric, Tensor)  # noqa: S101 - only arrays of sound are ever too large for memory
        assert isinstance(metadata, Tensor)  # noqa: S101
        numbers, places = metadata.tensor_split([-len(CATEGORIES)], dim=1)
        meanings = [table[place] for table, place in zip(self.meaning, places.long().unbind(dim=1), strict=True)]
        return torch.cat([numeric, numbers, *meanings], dim=1)


def _rounded_down(thresholds: np.ndarray) -> np.ndarray:
    """The largest float32 not above each: a float32 is above the one exactly if it is above the other."""
    nearest = thresholds.astype(np.float32)
    return np.where(nearest > thresholds, np.nextafter(nearest, np.float32(-np.inf)), nearest)
