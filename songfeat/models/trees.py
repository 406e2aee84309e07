"""Sums of regression trees as a PyTorch module: scikit-learn grows them, tensors keep them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from songfeat.models.features import statistics

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingRegressor

    from songfeat.models.hgb import HgbStatsConfig


class BoostedTrees(nn.Module):
    """For each target a constant and what every one of its trees adds.

    The trees of all targets stand one after the other, each in as many nodes
    as the largest may have, so that one config always means one size. From a
    node that is a leaf both ways lead back to it.
    """

    feature: Tensor
    threshold: Tensor
    ways: Tensor
    value: Tensor
    baseline: Tensor
    depth: Tensor

    def __init__(self, n_targets: int, config: "HgbStatsConfig") -> None:
        super().__init__()
        self.config = config
        self.n_nodes = 2 * config.max_leaf_nodes - 1
        n_all = n_targets * config.n_trees * self.n_nodes
        self.register_buffer("feature", torch.zeros(n_all, dtype=torch.int32))
        self.register_buffer("threshold", torch.zeros(n_all))
        self.register_buffer("ways", torch.arange(n_all, dtype=torch.int32).repeat_interleave(2))
        self.register_buffer("value", torch.zeros(n_all))
        self.register_buffer("baseline", torch.zeros(n_targets))
        self.register_buffer("depth", torch.zeros((), dtype=torch.int32))

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        features = statistics(inputs)
        batch, n_features = features.shape
        roots = torch.arange(0, len(self.feature), self.n_nodes, dtype=torch.int32)
        node = roots.repeat(batch)
        start = torch.arange(0, batch * n_features, n_features, dtype=torch.int32).repeat_interleave(len(roots))
        for _ in range(int(self.depth)):
            seen = features.flatten()[start + self.feature[node]]
            node = self.ways[2 * node + (seen > self.threshold[node])]
        leaves = self.value[node].view(batch, len(self.baseline), self.config.n_trees)
        return (self.baseline + leaves.sum(dim=2, dtype=torch.float64)).float()

    def take(self, regressors: "Sequence[HistGradientBoostingRegressor]") -> None:
        """Become a copy of fitted regressors, one a target."""
        self.baseline.copy_(torch.tensor([one._baseline_prediction.item() for one in regressors]))
        trees = [tree for regressor in regressors for (tree,) in regressor._predictors]
        for number, tree in enumerate(trees):
            self._take_tree(number * self.n_nodes, tree.nodes)
        self.depth.fill_(max(int(tree.nodes["depth"].max()) for tree in trees))

    def _take_tree(self, first: int, nodes: np.ndarray) -> None:
        rows = slice(first, first + len(nodes))
        leaf = nodes["is_leaf"].astype(bool)
        self.value[rows] = torch.from_numpy(np.where(leaf, nodes["value"], 0).astype(np.float32))
        self.feature[rows] = torch.from_numpy(np.where(leaf, 0, nodes["feature_idx"]).astype(np.int32))
        self.threshold[rows] = torch.from_numpy(_rounded_down(np.where(leaf, 0, nodes["num_threshold"])))
        onward = np.stack([nodes["left"], nodes["right"]], axis=1)
        itself = np.arange(len(nodes))[:, np.newaxis]
        onward = first + np.where(leaf[:, np.newaxis], itself, onward)
        self.ways[2 * rows.start : 2 * rows.stop] = torch.from_numpy(onward.ravel().astype(np.int32))


def _rounded_down(thresholds: np.ndarray) -> np.ndarray:
    """The largest float32 not above each: a float32 is above the one exactly if it is above the other."""
    nearest = thresholds.astype(np.float32)
    return np.where(nearest > thresholds, np.nextafter(nearest, np.float32(-np.inf)), nearest)
