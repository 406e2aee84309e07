"""How often tracks are seen: rare values more often than common ones, by the formula of DenseWeight."""

import numpy as np
import pytest
import torch
from scipy.stats import gaussian_kde

from songfeat.sampling import STRENGTH, density_weights


def test_rare_values_weigh_more_than_common_ones_within_the_promised_range():
    rng = np.random.default_rng(0)
    values = np.append(rng.normal(0.3, 0.05, 990), rng.uniform(0.8, 1.0, 10))
    weights = density_weights(torch.tensor(values[:, np.newaxis])).numpy()
    assert weights.min() >= 1 - STRENGTH - 1e-9
    assert weights.max() <= 1
    assert weights[990:].min() > 3 * np.median(weights[:990])


def test_weights_are_those_of_the_formula_worked_without_a_grid():
    values = np.random.default_rng(1).beta(2, 5, 300)
    density = gaussian_kde(values, bw_method="silverman")
    low, high = (edge(density(np.linspace(values.min(), values.max(), 5000))) for edge in (np.min, np.max))
    expected = 1 - STRENGTH * (density(values) - low) / (high - low)
    assert density_weights(torch.tensor(values[:, np.newaxis])).numpy() == pytest.approx(expected, abs=0.005)


def test_several_targets_are_averaged_over_those_that_are_known():
    rng = np.random.default_rng(2)
    both = rng.uniform(0, 1, (50, 2))
    both[:5, 0] = np.nan
    each = [density_weights(torch.tensor(both[5:, [at]])).numpy() for at in range(2)]
    together = density_weights(torch.tensor(both)).numpy()
    alone = density_weights(torch.tensor(both[:, [1]])).numpy()
    assert together[:5] == pytest.approx(alone[:5])
    assert together[5:].mean() == pytest.approx(np.mean(each), abs=0.02)


def test_a_target_that_never_varies_prefers_nothing():
    assert density_weights(torch.full((4, 1), 0.3)).tolist() == [1, 1, 1, 1]
