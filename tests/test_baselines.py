"""The baselines answer as scikit-learn does, from tensors alone."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge, RidgeCV

from songfeat import checkpoint, registry
from songfeat.batches import Batch
from songfeat.errors import ConfigError
from songfeat.models.ridge import ALPHAS
from songfeat.models.trees import _rounded_down
from songfeat.predictor import Predictor
from songfeat.training import train_model
from tests.modelling import SMALL_SPEC, TWO, make_examples, make_parts

N = 400
FEW_TREES = {"n_trees": "40", "min_samples_leaf": "5"}


def batch_of(inputs, seed=0):
    """Two targets that follow the first inputs, not linearly and not exactly; a third of one is not known."""
    rng = np.random.default_rng(seed)
    first, second = inputs.reshape(len(inputs), inputs.shape[1], -1).mean(axis=2)[:, :2].T
    targets = np.stack([np.sin(2 * first) * second, first + 0.1 * second], axis=1) + rng.normal(
        0, 0.1, (len(inputs), 2)
    )
    targets[::3, 0] = np.nan
    kind = "numeric" if inputs.ndim == 2 else "mfcc"
    targets = torch.tensor(targets, dtype=torch.float32)
    return Batch(inputs={kind: torch.from_numpy(inputs)}, targets=targets, names=TWO)


def inputs_of(name, n=N, seed=0):
    shape = (7,) if name.endswith("numeric") else SMALL_SPEC.shape
    return np.random.default_rng(seed).normal(size=(n, *shape)).astype(np.float32)


def fitted(name, batch, **settings):
    entry = registry.get(name)
    shapes = {kind: tuple(values.shape[1:]) for kind, values in batch.inputs.items()}
    model = entry.build(entry.configure(settings)[0], shapes, batch.targets.shape[1])
    entry.fit(model, batch)
    return model


def features_of(inputs):
    """What the baselines are said to see, by numpy."""
    return inputs if inputs.ndim == 2 else np.concatenate([inputs.mean(axis=2), inputs.std(axis=2)], axis=1)


def known_rows(batch):
    for number, target in enumerate(batch.targets.numpy().T):
        yield number, ~np.isnan(target), target


@pytest.mark.parametrize("name", ["ridge_numeric", "ridge_stats"])
def test_ridge_is_that_of_scikit_learn_on_features_of_deviation_one(name):
    batch = batch_of(inputs_of(name))
    others = inputs_of(name, seed=1)
    answers = fitted(name, batch)({kind: torch.from_numpy(others) for kind in batch.inputs}).numpy()
    seen, asked = (features_of(next(iter(batch.inputs.values())).numpy().astype(float)), features_of(others))
    mean, scale = seen.mean(axis=0), seen.std(axis=0)
    seen, asked = (seen - mean) / scale, (asked - mean) / scale
    for number, known, target in known_rows(batch):
        alpha = RidgeCV(ALPHAS).fit(seen[known], target[known]).alpha_
        expected = Ridge(alpha).fit(seen[known], target[known]).predict(asked)
        np.testing.assert_allclose(answers[:, number], expected, atol=1e-5)


def test_ridge_chooses_the_penalty_that_noise_asks_for():
    inputs = inputs_of("ridge_numeric", n=40)
    noise = torch.tensor(np.random.default_rng(3).normal(size=(40, 2)), dtype=torch.float32)
    of_noise = fitted("ridge_numeric", Batch(inputs={"numeric": torch.from_numpy(inputs)}, targets=noise, names=TWO))
    signal = torch.from_numpy(inputs[:, :2])
    of_signal = fitted("ridge_numeric", Batch(inputs={"numeric": torch.from_numpy(inputs)}, targets=signal, names=TWO))
    np.testing.assert_allclose(of_signal.weight, np.eye(2, 7), atol=1e-3)
    assert of_noise.weight.abs().max() < 0.1


def test_a_coefficient_that_never_varies_is_no_trouble():
    inputs = inputs_of("ridge_stats")
    inputs[:, 3] = 0
    answers = fitted("ridge_stats", batch_of(inputs))({"mfcc": torch.from_numpy(inputs)})
    assert answers.isfinite().all()


@pytest.mark.parametrize("name", ["hgb_numeric", "hgb_stats"])
def test_the_trees_are_those_of_scikit_learn(name):
    batch = batch_of(inputs_of(name, n=2000))
    others = inputs_of(name, n=N, seed=1)
    answers = fitted(name, batch, **FEW_TREES)({kind: torch.from_numpy(others) for kind in batch.inputs}).numpy()
    seen, asked = (features_of(values) for values in (next(iter(batch.inputs.values())).numpy(), others))
    for number, known, target in known_rows(batch):
        theirs = HistGradientBoostingRegressor(max_iter=40, min_samples_leaf=5, early_stopping=False)
        expected = theirs.fit(seen[known], target[known]).predict(asked)
        assert expected.std() > 0.1
        # Means and deviations of frames differ in the last bit between libraries; a track in a thousand crosses a test.
        close = np.isclose(answers[:, number], expected, atol=1e-5)
        assert close.all() if name == "hgb_numeric" else close.mean() > 0.98


def test_inputs_that_equal_a_threshold_go_the_way_that_they_go_in_scikit_learn():
    inputs = np.random.default_rng(0).integers(0, 9, (N, 7)).astype(np.float32)
    batch = batch_of(inputs)
    halves = (np.random.default_rng(1).integers(0, 18, (N, 7)) / 2).astype(np.float32)
    answers = fitted("hgb_numeric", batch, **FEW_TREES)({"numeric": torch.from_numpy(halves)}).numpy()
    for number, known, target in known_rows(batch):
        theirs = HistGradientBoostingRegressor(max_iter=40, min_samples_leaf=5, early_stopping=False)
        expected = theirs.fit(inputs[known], target[known]).predict(halves)
        np.testing.assert_allclose(answers[:, number], expected, atol=1e-5)


def test_a_threshold_parts_the_same_numbers_after_it_was_rounded():
    thresholds = np.random.default_rng(0).normal(size=1000)
    rounded = _rounded_down(thresholds)
    above = np.nextafter(rounded, np.float32(np.inf))
    assert (rounded <= thresholds).all()
    assert (above > thresholds).all()


@pytest.mark.parametrize("name", ["ridge_numeric", "ridge_stats", "hgb_numeric", "hgb_stats"])
def test_the_baselines_learn_skip_gaps_and_come_back_from_disk(name, tmp_path):
    examples = make_examples(N, targets=TWO)
    examples.targets.iloc[::4, 0] = np.nan
    parts = make_parts(examples)
    settings = FEW_TREES if name.startswith("hgb") else {}
    trained = train_model(name, examples, parts, targets=TWO, spec=SMALL_SPEC, settings=settings)
    checkpoint.save(tmp_path, trained, split={}, data_digest="", scores=pd.DataFrame())
    of_test = examples.select((parts == "test").to_numpy())
    predicted = Predictor.load(tmp_path).predict(of_test)
    pd.testing.assert_frame_equal(predicted, Predictor(trained).predict(of_test), check_exact=True)
    error = (predicted - of_test.targets).pow(2).mean()
    assert (error < 0.2 * of_test.targets.var(ddof=0)).all()


@pytest.mark.parametrize("name", ["ridge_numeric", "ridge_stats", "hgb_numeric", "hgb_stats"])
def test_a_target_known_for_one_track_is_answered_with_its_value(name):
    batch = batch_of(inputs_of(name))
    batch.targets[1:, 1] = torch.nan
    answers = fitted(name, batch)(batch.inputs)
    torch.testing.assert_close(answers[:, 1], batch.targets[0, 1].expand(N))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("n_trees", "0"),
        ("max_leaf_nodes", "1"),
        ("max_leaf_nodes", "32"),
        ("min_samples_leaf", "0"),
        ("shrinkage", "0"),
    ],
)
def test_trees_that_make_no_sense_are_refused_by_the_name_of_the_setting(key, value):
    with pytest.raises(ConfigError, match=f"{key} must be"):
        registry.get("hgb_numeric").configure({key: value})
