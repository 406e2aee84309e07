"""Intervals around predictions: worked by hand, in their bounds, and holding the share that they should."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from songfeat.intervals import FEWEST, LEVEL, LOCAL_FROM, Intervals

NINE = np.arange(1, 10).reshape(-1, 1) / 10
"""The values 0.1 to 0.9."""


def test_of_nine_songs_the_ends_are_the_least_and_the_greatest():
    half = np.full_like(NINE, 0.5)
    low, high = Intervals.fit_values(half, NINE).around_values(np.array([[0.5]]))
    assert len(NINE) == FEWEST
    np.testing.assert_allclose([low, high], [[[0.1]], [[0.9]]])


def test_of_nineteen_songs_the_ends_are_the_second_from_below_and_from_above():
    errors = np.arange(-9.0, 10.0).reshape(-1, 1)
    low, high = Intervals.fit(np.zeros_like(errors), errors).around(np.array([[1.0], [-3.0]]))
    np.testing.assert_array_equal(low, [[-7.0], [-11.0]])
    np.testing.assert_array_equal(high, [[9.0], [5.0]])


def test_errors_to_one_side_never_leave_the_prediction_outside():
    errors = np.arange(1.0, 20.0).reshape(-1, 1)
    low, high = Intervals.fit(np.zeros_like(errors), errors).around(np.array([[0.0]]))
    assert (low, high) == (0, 18)


def test_of_too_few_songs_any_value_may_be_right():
    eight = NINE[:-1]
    low, high = Intervals.fit_values(eight, eight).around_values(np.array([[0.5]]))
    assert (low, high) == (0, 1)


def test_each_target_has_ends_of_its_own():
    predicted = np.full((9, 2), 0.5)
    reference = np.concatenate([NINE, np.full_like(NINE, 0.5)], axis=1)
    low, high = Intervals.fit_values(predicted, reference).around_values(np.array([[0.5, 0.5]]))
    np.testing.assert_allclose([low[0], high[0]], [[0.1, 0.5], [0.9, 0.5]])


@given(
    st.integers(FEWEST, 2 * LOCAL_FROM),
    st.integers(0, 99),
    st.lists(st.floats(-0.5, 1.5), min_size=1, max_size=5),
)
def test_the_ends_lie_around_the_prediction_between_0_and_1(n: int, seed: int, values: list[float]):
    random = np.random.default_rng(seed)
    predicted, reference = random.uniform(-0.2, 1.2, (n, 1)), random.uniform(0, 1, (n, 1))
    asked = np.array(values).reshape(-1, 1)
    low, high = Intervals.fit_values(predicted, reference).around_values(asked)
    bounded = asked.clip(0, 1)
    assert (low >= 0).all()
    assert (high <= 1).all()
    assert (low <= bounded + 1e-12).all()
    assert (high >= bounded - 1e-12).all()


@pytest.mark.parametrize("n", [20, LOCAL_FROM - 1, LOCAL_FROM, 400])
def test_new_songs_fall_inside_as_often_as_they_should(n: int):
    random = np.random.default_rng(n)
    inside = []
    for _ in range(200):
        predicted = random.normal(size=(n + 200, 1))
        wanted = predicted + random.normal(size=predicted.shape)
        low, high = Intervals.fit(predicted[:n], wanted[:n]).around(predicted[n:])
        inside.append(((wanted[n:] >= low) & (wanted[n:] <= high)).mean())
    assert np.mean(inside) == pytest.approx(LEVEL, abs=0.025)


@pytest.mark.parametrize("n", [20, LOCAL_FROM])
def test_one_answer_for_all_songs_gets_the_spread_of_the_values(n: int):
    reference = np.linspace(0, 1, n).reshape(-1, 1)
    low, high = Intervals.fit_values(np.full((n, 1), 0.5), reference).around_values(np.array([[0.5]]))
    assert low.item() == pytest.approx(0.1, abs=0.06)
    assert high.item() == pytest.approx(0.9, abs=0.06)
