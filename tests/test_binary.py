"""Answers of yes or no: their scores against scikit-learn's, their intervals, and when they say nothing."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, roc_auc_score

from songfeat import binary
from songfeat.errors import ConfigError, DataError
from songfeat.labels import QUESTIONS

DANCEABLE = QUESTIONS["danceable"]


def answers(n=200, *, seed=0, ties=True):
    rng = np.random.default_rng(seed)
    index = [f"demo:{number}" for number in range(n)]
    right = pd.Series(rng.integers(0, 2, n).astype(float), index=index, name="danceable")
    said = (0.3 * right + rng.uniform(0, 0.7, n)).rename("danceable")
    artists = pd.Series([f"artist {number // 3}" for number in range(n)], index=index)
    genres = pd.Series(rng.choice(["pop", "jazz", ""], n), index=index)
    return (said.round(1) if ties else said), right, artists, genres


def by_metric(table, genre="all", feature="danceable"):
    return table.query("genre == @genre and feature == @feature").set_index("metric")


@pytest.mark.parametrize("ties", [True, False])
def test_scores_are_scikit_learns(ties):
    said, right, artists, genres = answers(ties=ties)
    table = binary.evaluate(said, right, artists=artists, genres=genres, draws=20)
    for genre in ("all", "pop", "jazz"):
        inside = genres == genre if genre != "all" else genres.notna()
        found = by_metric(table, genre)
        assert found.loc["accuracy", "value"] == pytest.approx(accuracy_score(right[inside], said[inside] > 0.5))
        assert found.loc["auc", "value"] == pytest.approx(roc_auc_score(right[inside], said[inside]))
        assert (found["n"] == inside.sum()).all()
    assert set(table["genre"]) == {"all", "pop", "jazz"}, "songs of no genre are in no group"
    pd.testing.assert_frame_equal(by_metric(table)[["value"]], by_metric(table, feature="average")[["value"]])


@pytest.mark.slow
def test_intervals_are_those_of_artists_that_are_drawn_again_and_again():
    said, right, artists, _ = answers()
    found = by_metric(binary.evaluate(said, right, artists=artists, draws=2000, seed=1))
    rng = np.random.default_rng(0)
    groups = [group.index for _, group in artists.groupby(artists)]
    drawn = []
    for _ in range(500):
        chosen = np.concatenate([groups[number] for number in rng.integers(len(groups), size=len(groups))])
        p, yes = said.loc[chosen], right.loc[chosen]
        drawn.append([accuracy_score(yes, p > 0.5), roc_auc_score(yes, p)])
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    np.testing.assert_allclose(found["low"], low, atol=0.02)
    np.testing.assert_allclose(found["high"], high, atol=0.02)


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.5, 0.7, 1.0]), st.booleans()), min_size=1, max_size=30))
@settings(deadline=None)
@pytest.mark.slow
def test_neither_order_nor_a_monotone_change_of_the_answers_moves_the_auc(pairs):
    index = [f"demo:{number}" for number in range(len(pairs))]
    said, right = (pd.Series(side, index=index, dtype=float, name="danceable") for side in zip(*pairs, strict=True))
    artists = pd.Series("", index=index)

    def auc(p, yes):
        return by_metric(binary.evaluate(p, yes, artists=artists, draws=0)).loc["auc", "value"]

    expected = auc(said, right)
    assert np.isnan(expected) == (right.nunique() < 2)
    np.testing.assert_equal(auc(said[::-1], right), expected)
    np.testing.assert_allclose(auc(said**2, right), expected)
    np.testing.assert_allclose(auc(1 - said, 1 - right), expected)


def test_unknown_answers_do_not_count_and_one_artist_has_no_interval():
    said, right, artists, _ = answers(60)
    right.iloc[:20] = np.nan
    table = binary.evaluate(said, right, artists=artists, draws=50)
    of_known = binary.evaluate(said[20:], right[20:], artists=artists, draws=50)
    pd.testing.assert_frame_equal(table, of_known)
    alone = binary.evaluate(said, right, artists=artists.replace(r".*", "one", regex=True), draws=50)
    assert alone[["low", "high"]].isna().all(axis=None)


@pytest.mark.parametrize("which", ["said", "right"])
def test_what_is_no_answer_is_refused(which):
    said, right, artists, _ = answers(10)
    (said if which == "said" else right).iloc[0] = 1.5
    with pytest.raises(DataError, match="must be"):
        binary.evaluate(said, right, artists=artists)
    with pytest.raises(DataError, match="'demo:1' stands again"):
        binary.evaluate(said.iloc[[1, 1]], right.iloc[2:], artists=artists)
    with pytest.raises(ConfigError, match="draws"):
        binary.evaluate(said, right, artists=artists, draws=-1)


def test_a_value_at_the_threshold_is_a_no_and_an_unknown_one_stays_unknown():
    values = pd.Series([0.5, 0.50001, 0.0, 1.0, np.nan], name="danceability")
    right = binary.right_answers(DANCEABLE, values)
    assert right.name == "danceable"
    np.testing.assert_equal(right.to_numpy(), [0, 1, 0, 1, np.nan])


def test_the_majority_is_the_commoner_answer():
    assert binary.majority(pd.Series([1, 1, 0, np.nan])) == 1
    assert binary.majority(pd.Series([1, 0, 0, np.nan])) == 0
    assert binary.majority(pd.Series([1, 0])) == 0


@pytest.mark.parametrize(
    ("said", "right", "alike"),
    [
        ([0.1, 0.4, 0.2, 0.3], [0, 1, 0, 1], True),  # always no, as the report's system
        ([0.6, 0.9, 0.7, 0.8], [0, 1, 0, 1], True),  # always yes
        ([0.501, 0.499, 0.5, 0.502], [0, 1, 0, 1], True),  # both, by a hair
        ([0.1, 0.9, 0.2, 0.3], [0, 1, 0, 1], False),
        ([0.1, 0.4, 0.2, 0.3], [0, 0, 0, 0], False),  # there is but one right answer
    ],
)
def test_one_answer_for_every_song_is_flagged(said, right, alike):
    index = list("abcd")
    assert binary.answers_alike(pd.Series(said, index=index), pd.Series(right, index=index, dtype=float)) is alike
