"""Genre, year and the like: gaps stay gaps, names become numbers, and models that see them answer as scikit-learn."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import KFold
from sklearn.preprocessing import TargetEncoder

from songfeat import registry
from songfeat.batches import Batch
from songfeat.labels import NUMERIC_INPUTS
from songfeat.metadata import CATEGORIES, COLUMNS, MOST_NAMES, NUMBERS, MetadataScaler, of_table
from songfeat.predictor import Predictor
from tests.modelling import TWO, make_examples, random_metadata, train_quickly

N = 400


@pytest.fixture
def frame() -> pd.DataFrame:
    return random_metadata(np.random.default_rng(0), N)


def test_known_numbers_are_standardised_and_gaps_are_marked(frame: pd.DataFrame):
    seen = pd.DataFrame(MetadataScaler.fit(frame).transform(frame), columns=MetadataScaler.fit(frame).names)
    for name in NUMBERS:
        known = frame[name].notna()
        assert (seen[f"{name}_known"] == known).all()
        assert (seen.loc[~known, name] == 0).all()
        assert seen.loc[known, name].mean() == pytest.approx(0, abs=1e-5)
        order = frame.loc[known, name].rank()
        assert seen.loc[known, name].rank().tolist() == order.tolist()


def test_names_have_places_by_frequency_and_rare_and_unknown_ones_none(frame: pd.DataFrame):
    frame.loc[0, "genre"] = "nobody's genre"
    frame.loc[1, "genre"] = ""
    scaler = MetadataScaler.fit(frame)
    counts = frame["genre"].value_counts()
    assert scaler.lists["genre"] == tuple(counts[counts >= 20].index)
    places = scaler.transform(frame)[:, -1]
    assert places[:2].tolist() == [0, 0]
    assert set(places[frame["genre"] == "pop"]) == {1}
    other = frame.assign(genre="never seen", genre_group=None)
    assert not scaler.transform(other)[:, -2:].any()
    shuffled = frame.sample(frac=1, random_state=1)
    assert MetadataScaler.fit(shuffled).lists == scaler.lists


def test_a_column_of_gaps_alone_says_nothing(frame: pd.DataFrame):
    frame["year"] = np.nan
    scaler = MetadataScaler.fit(frame)
    assert not scaler.transform(frame)[:, [NUMBERS.index("year"), len(NUMBERS) + NUMBERS.index("year")]].any()


def test_a_scaler_survives_json(frame: pd.DataFrame):
    scaler = MetadataScaler.fit(frame)
    again = MetadataScaler.from_dict(json.loads(json.dumps(scaler.as_dict())))
    assert again == scaler
    np.testing.assert_array_equal(again.transform(frame), scaler.transform(frame))


def test_a_table_gives_what_it_has():
    table = pd.DataFrame({"genre": ["trap", None], "year": ["1999", "n/a"], "title": ["a", "b"]}, index=[5, 9])
    found = of_table(table)
    assert list(found.columns) == list(COLUMNS)
    assert found["genre_group"].tolist()[0] == "hip-hop"
    assert found["genre_group"].isna().tolist() == [False, True]
    assert found.loc[5, "year"] == 1999
    assert found.drop(columns=["genre", "genre_group"]).isna().sum().sum() == 7


def test_trees_with_metadata_are_those_of_scikit_learn_on_cross_fitted_means():
    rng = np.random.default_rng(0)
    places = np.stack([rng.integers(0, 4, N), rng.integers(0, 30, N)], axis=1).astype(np.float32)
    numbers = rng.normal(size=(N, 2 * len(NUMBERS))).astype(np.float32)
    numeric = rng.normal(size=(N, 7)).astype(np.float32)
    targets = np.stack([np.sin(places[:, 1]) + numeric[:, 0], places[:, 0] + numbers[:, 1]], axis=1)
    targets = targets.astype(np.float32)
    targets[::5, 0] = np.nan
    entry = registry.get("hgb_metadata")
    config = entry.configure({"n_trees": "30", "min_samples_leaf": "5"})[0]
    inputs = {"numeric": torch.from_numpy(numeric), "metadata": torch.from_numpy(np.hstack([numbers, places]))}
    model = entry.build(config, {}, 2)
    entry.fit(model, Batch(inputs=inputs, targets=torch.from_numpy(targets), names=TWO))

    train, ask = [numeric, numbers], [numeric, numbers]
    means = {}
    for number, target in enumerate(targets.T):
        known = ~np.isnan(target)
        encoder = TargetEncoder(target_type="continuous", cv=KFold(5, shuffle=True, random_state=0))
        apart = np.empty((N, 2))
        apart[known] = encoder.fit_transform(places[known], target[known])
        whole = encoder.transform(places)
        apart[~known] = whole[~known]
        means[number] = apart, whole
    for at in range(len(CATEGORIES)):
        train += [means[number][0][:, [at]] for number in range(2)]
        ask += [means[number][1][:, [at]] for number in range(2)]
    for number, target in enumerate(targets.T):
        known = ~np.isnan(target)
        expected = HistGradientBoostingRegressor(
            max_iter=30, max_leaf_nodes=31, min_samples_leaf=5, learning_rate=0.1, early_stopping=False, random_state=0
        ).fit(np.hstack(train)[known].astype(np.float32), target[known])
        answers = model(inputs).numpy()[:, number]
        np.testing.assert_allclose(answers, expected.predict(np.hstack(ask).astype(np.float32)), atol=1e-4)


@pytest.mark.parametrize("name", ["hgb_metadata", "mlp_metadata"])
def test_a_table_is_predicted_for_with_and_without_its_metadata(name: str):
    trained = train_quickly(registry.get(name))
    examples = make_examples()
    expected = Predictor(trained).predict(examples)
    table = pd.concat([examples.numeric, examples.metadata], axis=1)
    pd.testing.assert_frame_equal(Predictor(trained).predict_table(table), expected)
    bare = Predictor(trained).predict_table(examples.numeric[list(NUMERIC_INPUTS)])
    assert bare.notna().all(axis=None)
    if name == "mlp_metadata":  # 36 tracks are too few for the trees to test a genre
        assert not np.allclose(bare, expected)
    assert max(len(names) for names in trained.preparation.scalers["metadata"].lists.values()) <= MOST_NAMES
