"""Sums of regression trees as a PyTorch module: scikit-learn grows them, tensors keep them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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

_BLOCK_TRACKS = 128
_MANTISSA_BITS, _EXPONENT_OF_ONE = 23, 127


class BoostedTrees(nn.Module):
    """For each target a constant and what every one of its trees adds.

    A tree is evaluated without walking it (QuickScorer, Lucchese et al.,
    2015): its leaves are bits, from left to right; each test that sends a
    track to the right clears the bits to the left of it, and the lowest bit
    that is left is the leaf. All trees do their tests side by side, whatever
    their shape. Where there are fewer features than tests in a tree, what the
    tests of one feature clear together is looked up, by the place of the
    track's value among all their thresholds.

    One config always means tensors of one size: those of the tests are
    ``(tests of a tree, trees of all targets)``, and a test that a tree does not
    have sends nothing to the right.
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
        self._steps: list[_Steps] | None = None
        self.register_load_state_dict_post_hook(lambda module, _keys: module._forget_steps())

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        # Blocks so small that what is known of each tree stays in the processor's cache.
        return torch.cat([self._answer(block) for block in self.features(inputs).split(_BLOCK_TRACKS)])

    def _answer(self, features: Tensor) -> Tensor:
        """``(tracks, features)`` to ``(tracks, targets)``."""
        few = features.shape[1] <= len(self.feature)
        bits = self._bits_by_feature(features) if few else self._bits_by_test(features)
        # The exponent of a power of two, which float32 holds exactly, is the number of its bit.
        leaf = ((bits & -bits).float().view(torch.int32) >> _MANTISSA_BITS) - _EXPONENT_OF_ONE
        first = torch.arange(len(self.value), dtype=torch.int32) * self.value.shape[1]
        added = self.value.flatten().index_select(0, (leaf + first).flatten())
        added = added.view(len(features), len(self.baseline), self.config.n_trees)
        return (self.baseline + added.sum(dim=2, dtype=torch.float64)).float()

    def _bits_by_test(self, features: Tensor) -> Tensor:
        """The leaves that are left to each track, as bits, ``(tracks, trees)``."""
        columns = features.T.contiguous()
        bits = torch.full((len(self.value), len(features)), -1, dtype=torch.int32)
        for feature, threshold, kept in zip(self.feature, self.threshold, self.kept, strict=True):
            goes_right = columns.index_select(0, feature) > threshold[:, None]
            bits = torch.where(goes_right, bits & kept[:, None], bits)
        return bits.T.contiguous()

    def _bits_by_feature(self, features: Tensor) -> Tensor:
        """The same."""
        if self._steps is None:
            self._steps = [
                _steps(number, self.feature, self.threshold, self.kept) for number in range(features.shape[1])
            ]
        bits = torch.full((len(features), len(self.value)), -1, dtype=torch.int32)
        for column, steps in zip(features.T.contiguous(), self._steps, strict=True):
            bits &= steps.kept.index_select(0, torch.searchsorted(steps.thresholds, column))
        return bits

    def _forget_steps(self) -> None:
        self._steps = None

    def features(self, inputs: Mapping[str, Input]) -> Tensor:
        """What the trees test, ``(batch, n_features)``."""
        return statistics(inputs)

    def take(self, regressors: "Sequence[HistGradientBoostingRegressor]") -> None:
        """Become a copy of fitted regressors, one a target."""
        self.baseline.copy_(torch.tensor([one._baseline_prediction.item() for one in regressors]))
        trees = [tree.nodes for regressor in regressors for (tree,) in regressor._predictors]
        for number, nodes in enumerate(trees):
            self._take_tree(number, nodes)
        self._forget_steps()

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


@dataclass(frozen=True, eq=False)
class _Steps:
    """All tests of one feature.

    Attributes
    ----------
    thresholds : torch.Tensor
        Each once, rising.
    kept : torch.Tensor
        ``(1 + thresholds, trees)``: the bits that are left to a value above as many thresholds.
    """

    thresholds: Tensor
    kept: Tensor


def _steps(number: int, feature: Tensor, threshold: Tensor, kept: Tensor) -> _Steps:
    """What the tests of feature `number` clear; the tensors are those of :class:`BoostedTrees`."""
    tests, trees = np.nonzero((feature.numpy() == number) & np.isfinite(threshold.numpy()))
    thresholds, places = np.unique(threshold.numpy()[tests, trees], return_inverse=True)
    left = np.full((len(thresholds) + 1, feature.shape[1]), -1, dtype=np.int32)
    np.bitwise_and.at(left, (places + 1, trees), kept.numpy()[tests, trees])
    np.bitwise_and.accumulate(left, axis=0, out=left)
    return _Steps(torch.from_numpy(thresholds), torch.from_numpy(left))


def _rounded_down(thresholds: np.ndarray) -> np.ndarray:
    """The largest float32 not above each: a float32 is above the one exactly if it is above the other."""
    nearest = thresholds.astype(np.float32)
    return np.where(nearest > thresholds, np.nextafter(nearest, np.float32(-np.inf)), nearest)
