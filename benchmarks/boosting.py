"""Answers of boosted trees, against scikit-learn's own, from the same trees."""

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from benchmarks.timing import compare
from songfeat.batches import answer
from songfeat.labels import NUMERIC_INPUTS, TARGETS
from songfeat.models.hgb import HgbStatsConfig
from songfeat.models.trees import BoostedTrees

LEARNED_FROM, TRACKS = 10_000, 50_000
_BATCH_SIZE = 1_024


def run() -> dict[str, object]:
    random = np.random.default_rng(0)
    known, asked = (random.normal(size=(n, len(NUMERIC_INPUTS))).astype(np.float32) for n in (LEARNED_FROM, TRACKS))
    config = HgbStatsConfig()
    regressors = []
    with threadpool_limits(1):
        for _ in TARGETS:
            values = np.sin(known @ random.normal(size=known.shape[1])) + random.normal(0, 0.1, LEARNED_FROM)
            grown = HistGradientBoostingRegressor(
                max_iter=config.n_trees, max_leaf_nodes=config.max_leaf_nodes, early_stopping=False, random_state=0
            )
            regressors.append(grown.fit(known, values))
        model = BoostedTrees(len(TARGETS), config)
        model.take(regressors)
        torch.set_num_threads(1)
        tensors = {"numeric": torch.from_numpy(asked)}
        return compare(
            lambda: answer(model, tensors, _BATCH_SIZE),
            lambda: [one.predict(asked) for one in regressors],
            rounds=3,
            what=f"answers of {len(TARGETS) * config.n_trees:,} trees for {TRACKS:,} tracks, against scikit-learn",
        )
