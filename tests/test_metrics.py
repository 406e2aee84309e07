"""Scores: under the right name, as the references compute them, with intervals that hold what they promise."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import pearsonr, rankdata, spearmanr
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from songfeat import bootstrap
from songfeat.errors import ConfigError, DataError, LabelMismatch, UnknownName
from songfeat.labels import ALL_TARGETS, AVERAGE, TARGETS
from songfeat.metrics import (
    ALL,
    COLUMNS,
    COMPARISON_COLUMNS,
    calibration,
    compare,
    evaluate,
    near_constant,
    validate,
)
from songfeat.scores import METRICS


def concordance(p: np.ndarray, r: np.ndarray) -> float:
    """As Lin (1989) writes it."""
    covariance = np.cov(p, r, ddof=0)
    return 2 * covariance[0, 1] / (covariance[0, 0] + covariance[1, 1] + (np.mean(p) - np.mean(r)) ** 2)


REFERENCES = {
    "mae": mean_absolute_error,
    "mse": mean_squared_error,
    "rmse": lambda reference, predicted: np.sqrt(mean_squared_error(reference, predicted)),
    "r2": r2_score,
    "pearson": lambda reference, predicted: pearsonr(reference, predicted).statistic,
    "spearman": lambda reference, predicted: spearmanr(reference, predicted).statistic,
    "concordance": lambda reference, predicted: concordance(predicted, reference),
}


def tracks(count: int) -> pd.Index:
    return pd.Index([f"local:{i}" for i in range(count)], name="track_id")


def frames(count: int, *, noise: float = 0.1, seed: int = 0, names=TARGETS) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    reference = pd.DataFrame(rng.random((count, len(names))), index=tracks(count), columns=list(names))
    return reference + rng.normal(0, noise, reference.shape), reference


def artists_of(index: pd.Index, each: int = 4) -> pd.Series:
    return pd.Series([f"artist {i // each}" for i in range(len(index))], index=index)


def one(table: pd.DataFrame, feature: str, metric: str, genre: str = ALL) -> pd.Series:
    rows = table[(table["feature"] == feature) & (table["metric"] == metric) & (table["genre"] == genre)]
    assert len(rows) == 1
    return rows.iloc[0]


def values(table: pd.DataFrame, metric: str) -> dict[str, float]:
    rows = table[(table["metric"] == metric) & (table["genre"] == ALL)]
    return dict(zip(rows["feature"], rows["value"], strict=True))


def correlated(n_artists: int, each: int, seed: int, names=("energy",)) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Errors of which each artist's songs share the larger part: standard deviations 0.2 and 0.1."""
    rng = np.random.default_rng(seed)
    index = tracks(n_artists * each)
    shape = (len(index), len(names))
    reference = pd.DataFrame(rng.random(shape), index=index, columns=list(names))
    shared = np.repeat(rng.normal(0, 0.2, (n_artists, len(names))), each, axis=0)
    return reference + shared + rng.normal(0, 0.1, shape), reference, artists_of(index, each)


# Names


def test_a_known_error_comes_out_under_its_own_name():
    """The report printed four of five columns under another's name; here target k is off by 0.1 (k + 1)."""
    _, reference = frames(40)
    predicted = reference + pd.Series({name: 0.1 * (k + 1) for k, name in enumerate(TARGETS)})
    table = evaluate(predicted[list(TARGETS[::-1])], reference, artists=artists_of(reference.index))
    expected = {name: 0.1 * (k + 1) for k, name in enumerate(TARGETS)}
    assert values(table, "mae") == pytest.approx(expected | {AVERAGE: 0.3})
    assert values(table, "rmse") == pytest.approx(expected | {AVERAGE: 0.3})
    assert values(table, "pearson") == pytest.approx(dict.fromkeys([*TARGETS, AVERAGE], 1.0))


def test_the_table_lists_each_score_once_in_label_order():
    predicted, reference = frames(20, names=ALL_TARGETS[::-1])
    genres = pd.Series(["rock", "", "jazz", "pop"] * 5, index=reference.index)
    table = evaluate(predicted, reference, artists=artists_of(reference.index), genres=genres, draws=10)
    assert tuple(table.columns) == COLUMNS
    expected = [
        (genre, feature, metric)
        for genre in (ALL, "jazz", "pop", "rock")
        for feature in (*ALL_TARGETS, AVERAGE)
        for metric in METRICS
    ]
    assert list(table[["genre", "feature", "metric"]].itertuples(index=False, name=None)) == expected
    assert set(table.loc[table["genre"] == ALL, "n"]) == {20}
    assert set(table.loc[table["genre"] == "jazz", "n"]) == {5}


@settings(max_examples=15, deadline=None)
@given(order=st.randoms(use_true_random=False))
def test_shuffled_rows_and_columns_change_nothing(order):
    predicted, reference = frames(30)
    artists = artists_of(reference.index)
    genres = pd.Series(["rock", "jazz", ""] * 10, index=reference.index)

    def shuffled(table):
        rows = order.sample(list(table.index), len(table))
        return table.loc[rows] if table.ndim == 1 else table.loc[rows, order.sample(list(table), table.shape[1])]

    expected = evaluate(predicted, reference, artists=artists, genres=genres, draws=30)
    given_shuffled = evaluate(
        shuffled(predicted), shuffled(reference), artists=shuffled(artists), genres=shuffled(genres), draws=30
    )
    pd.testing.assert_frame_equal(given_shuffled, expected, check_exact=True)


def test_tracks_in_only_one_frame_are_left_out():
    predicted, reference = frames(30)
    artists = artists_of(reference.index)
    some = evaluate(predicted.iloc[:20], reference.iloc[5:], artists=artists)
    pd.testing.assert_frame_equal(some, evaluate(predicted.iloc[5:20], reference.iloc[5:20], artists=artists))
    assert set(some["n"]) == {15}


def test_columns_that_differ_are_named():
    predicted, reference = frames(5)
    with pytest.raises(LabelMismatch, match="only one side has energy, valence"):
        validate(predicted.rename(columns={"energy": "valence"}), reference)
    with pytest.raises(LabelMismatch, match="each once"):
        validate(pd.concat([predicted, predicted[["energy"]]], axis=1), reference)
    with pytest.raises(LabelMismatch, match="none and none"):
        validate(predicted[[]], reference[[]])
    names = {"danceability": "dancability"}
    with pytest.raises(UnknownName, match="danceability"):
        validate(predicted.rename(columns=names), reference.rename(columns=names))


def test_tracks_that_repeat_or_lack_an_artist_or_genre_are_refused():
    predicted, reference = frames(5)
    artists = artists_of(reference.index)
    twice = pd.concat([predicted, predicted.iloc[:1]])
    with pytest.raises(DataError, match="predictions, but 'local:0'"):
        evaluate(twice, reference, artists=artists)
    with pytest.raises(DataError, match="reference values, but 'local:0'"):
        evaluate(predicted, twice, artists=artists)
    with pytest.raises(DataError, match="artists lack 1 of 5 tracks, such as 'local:4'"):
        evaluate(predicted, reference, artists=artists.iloc[:4])
    with pytest.raises(DataError, match="genres lack 5 of 5"):
        evaluate(predicted, reference, artists=artists, genres=pd.Series(dtype=str))


def test_infinite_values_text_and_impossible_settings_are_refused():
    predicted, reference = frames(5)
    artists = artists_of(reference.index)
    with pytest.raises(DataError, match="predictions of energy hold infinite"):
        evaluate(predicted.assign(energy=[0.1, np.inf, 0.2, 0.3, 0.4]), reference, artists=artists)
    with pytest.raises(DataError, match="reference values must be numbers"):
        evaluate(predicted, reference.assign(energy="high"), artists=artists)
    for wrong in ({"draws": -1}, {"level": 0.0}, {"level": 95}):
        with pytest.raises(ConfigError, match="level between 0 and 1"):
            evaluate(predicted, reference, artists=artists, **wrong)


# Values


def test_the_registry_is_complete():
    assert list(METRICS) == ["mae", "mse", "rmse", "r2", "pearson", "spearman", "concordance"]
    assert set(METRICS) == set(REFERENCES)
    assert {name for name, metric in METRICS.items() if metric.lower_is_better} == {"mae", "mse", "rmse"}
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.label
        assert metric.meaning.endswith(".")


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.float64,
        st.tuples(st.just(2), st.integers(3, 40)),
        elements=st.floats(0, 1).map(lambda x: round(x, 4)),
    ).filter(lambda pair: (pair.std(axis=1) > 1e-5).all())
)
def test_scores_agree_with_scikit_learn_and_scipy(pair):
    index = tracks(pair.shape[1])
    predicted, reference = (pd.DataFrame({"energy": side}, index=index) for side in pair)
    table = evaluate(predicted, reference, artists=artists_of(index), draws=0)
    for name, compute in REFERENCES.items():
        expected = compute(reference["energy"], predicted["energy"])
        assert one(table, "energy", name)["value"] == pytest.approx(expected, rel=1e-9, abs=1e-9), name
        assert one(table, AVERAGE, name)["value"] == pytest.approx(expected, rel=1e-9, abs=1e-9), name


def test_scores_by_genre_and_on_average_agree_too():
    predicted, reference = frames(400, noise=0.3)
    genres = pd.Series(np.random.default_rng(5).choice(["rock", "jazz", "pop", ""], 400), index=reference.index)
    table = evaluate(predicted, reference, artists=artists_of(reference.index), genres=genres, draws=0)
    for genre in (ALL, "rock", "jazz", "pop"):
        chosen = genres.index if genre == ALL else genres.index[genres == genre]
        for name, compute in REFERENCES.items():
            expected = {
                feature: compute(reference.loc[chosen, feature], predicted.loc[chosen, feature]) for feature in TARGETS
            }
            for feature in TARGETS:
                assert one(table, feature, name, genre)["value"] == pytest.approx(expected[feature], rel=1e-10)
            assert one(table, AVERAGE, name, genre)["value"] == pytest.approx(np.mean([*expected.values()]), rel=1e-10)


def test_numbers_worked_by_hand():
    predicted = pd.DataFrame({"energy": [0.1, 0.5, 0.6]}, index=tracks(3))
    reference = pd.DataFrame({"energy": [0.2, 0.3, 0.7]}, index=tracks(3))
    found = evaluate(predicted, reference, artists=artists_of(reference.index)).set_index(["feature", "metric"])[
        "value"
    ]
    assert found["energy", "mae"] == pytest.approx(0.4 / 3)
    assert found["energy", "mse"] == pytest.approx(0.02)
    assert found["energy", "rmse"] == pytest.approx(0.02**0.5)
    assert found["energy", "r2"] == pytest.approx(1 - 0.06 / 0.14)
    assert found["energy", "pearson"] == pytest.approx(0.11 / (0.14 * 0.14) ** 0.5)
    assert found["energy", "spearman"] == pytest.approx(1)
    assert found["energy", "concordance"] == pytest.approx(2 * 0.11 / (0.14 + 0.14))  # both means are 0.4


def test_concordance_worked_by_hand_where_the_guesses_are_too_low():
    """Means 2 and 4, variances 2/3 and 8/3, covariance 4/3: in perfect step, and yet 8/3 of 10/3 + 2²."""
    predicted = pd.DataFrame({"energy": [1.0, 2.0, 3.0]}, index=tracks(3))
    reference = pd.DataFrame({"energy": [2.0, 4.0, 6.0]}, index=tracks(3))
    table = evaluate(predicted, reference, artists=artists_of(reference.index), draws=0)
    assert one(table, "energy", "concordance")["value"] == pytest.approx((8 / 3) / (10 / 3 + 4))
    assert one(table, "energy", "pearson")["value"] == pytest.approx(1)


def test_equal_values_share_the_mean_of_their_ranks():
    """Ranks 1.5, 1.5, 3, 4 and 1, 2, 3.5, 3.5, each less 2.5: 4 / 4.5."""
    predicted = pd.DataFrame({"energy": [0.1, 0.1, 0.5, 0.9]}, index=tracks(4))
    reference = pd.DataFrame({"energy": [0.0, 0.2, 0.8, 0.8]}, index=tracks(4))
    table = evaluate(predicted, reference, artists=artists_of(reference.index), draws=0)
    assert one(table, "energy", "spearman")["value"] == pytest.approx(4 / 4.5)


def test_ranks_are_of_the_tracks_that_count():
    """A track without a reference value stands between the others' predictions and must not part their ranks."""
    predicted, reference = frames(60, noise=0.5, names=("energy", "speechiness"))
    reference.iloc[::3, 0] = np.nan
    genres = pd.Series(["rock", "jazz"] * 30, index=reference.index)
    table = evaluate(predicted, reference, artists=artists_of(reference.index), genres=genres, draws=0)
    for genre in (ALL, "rock", "jazz"):
        counts = reference["energy"].notna() & ((genre == ALL) | (genres == genre))
        expected = spearmanr(predicted.loc[counts, "energy"], reference.loc[counts, "energy"]).statistic
        assert one(table, "energy", "spearman", genre)["value"] == pytest.approx(expected)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([np.exp, np.cbrt, lambda x: 3 * x - 7]), st.integers(0, 100))
def test_any_rising_function_of_the_predictions_keeps_the_order(function, seed):
    predicted, reference = frames(30, noise=0.5, seed=seed, names=("energy",))
    scores = [
        one(evaluate(p, reference, artists=artists_of(p.index), draws=20), "energy", "spearman")
        for p in (predicted, function(predicted))
    ]
    assert list(scores[0]) == list(scores[1])


def test_a_large_offset_costs_no_digits():
    """Sums of squares of values near a million would leave Pearson's r no correct digit."""
    predicted, reference = frames(1000, names=("energy",))
    table = evaluate(predicted + 1e6, reference, artists=artists_of(reference.index), draws=0)
    expected = pearsonr(predicted["energy"], reference["energy"]).statistic
    assert one(table, "energy", "pearson")["value"] == pytest.approx(expected, rel=1e-8)


def test_gaps_are_left_out_feature_by_feature():
    predicted, reference = frames(60)
    predicted.iloc[:10, 0] = np.nan
    reference.iloc[5:25, 1] = np.nan
    genres = pd.Series(["rock"] * 20 + ["jazz"] * 40, index=reference.index)
    table = evaluate(predicted, reference, artists=artists_of(reference.index), genres=genres, draws=0)
    n = {feature: one(table, feature, "mae")["n"] for feature in (*TARGETS, AVERAGE)}
    assert list(n.values()) == [50, 40, 60, 60, 60, 40]
    assert one(table, TARGETS[1], "mae", "rock")["n"] == 5
    known = predicted[TARGETS[0]].notna()
    expected = r2_score(reference.loc[known, TARGETS[0]], predicted.loc[known, TARGETS[0]])
    assert one(table, TARGETS[0], "r2")["value"] == pytest.approx(expected)


def test_missing_values_of_any_kind_are_gaps():
    predicted, reference = frames(8, names=("energy",))
    expected = evaluate(predicted.iloc[1:], reference, artists=artists_of(reference.index))
    for dtype, missing in (("float", np.nan), ("Float64", pd.NA), (object, None)):
        gappy = predicted.astype(dtype)
        gappy.loc["local:0", "energy"] = missing
        pd.testing.assert_frame_equal(evaluate(gappy, reference, artists=artists_of(reference.index)), expected)


# What is not defined


@pytest.mark.parametrize("constant", [0.5, 0.1, 0.0, 1 / 3])
def test_a_constant_prediction_has_no_correlation(constant):
    _, reference = frames(50)
    genres = pd.Series(["rock", "jazz"] * 25, index=reference.index)
    table = evaluate(reference * 0 + constant, reference, artists=artists_of(reference.index), genres=genres)
    correlation = table["metric"].isin(["pearson", "spearman"])
    assert table[correlation][["value", "low", "high"]].isna().all(axis=None)
    assert table[~correlation][["value", "low", "high"]].notna().all(axis=None)
    assert (table[table["metric"] == "concordance"][["value", "low", "high"]] == 0).all(axis=None)


@pytest.mark.parametrize("constant", [0.5, 0.1, 0.0, 1 / 3])
def test_a_constant_reference_has_no_r2_and_no_correlation(constant):
    predicted, reference = frames(50)
    table = evaluate(predicted, reference.assign(energy=constant), artists=artists_of(reference.index))
    for feature in ("energy", AVERAGE):
        for metric in ("r2", "pearson", "spearman"):
            assert np.isnan(one(table, feature, metric)[["value", "low", "high"]].astype(float)).all()
    assert one(table, "energy", "mae")["value"] > 0
    assert one(table, "energy", "concordance")["value"] == 0
    both = evaluate(
        predicted.assign(energy=0.5), reference.assign(energy=constant), artists=artists_of(predicted.index)
    )
    assert np.isnan(one(both, "energy", "concordance")["value"])
    assert one(table, "speechiness", "r2")["value"] > 0


def test_a_genre_where_the_prediction_is_constant_has_no_correlation():
    """Constant within the genre, but not the mean of all: rounding noise must not pass for variance."""
    predicted, reference = frames(300, names=("energy",))
    genres = pd.Series(["rock", "jazz", "pop"] * 100, index=reference.index)
    predicted.loc[genres == "jazz", "energy"] = 0.1
    table = evaluate(predicted, reference, artists=artists_of(reference.index), genres=genres, draws=50)
    assert np.isnan(one(table, "energy", "pearson", "jazz")["value"])
    assert one(table, "energy", "pearson", "pop")["value"] > 0.5


@pytest.mark.parametrize("kept", [[], [3]])
def test_none_or_one_track_gives_nan_and_never_an_error(kept):
    predicted, reference = frames(5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for p, r in (
            (predicted.iloc[kept], reference),
            (predicted.iloc[kept].reindex(predicted.index), reference),
        ):
            table = evaluate(p, r, artists=artists_of(r.index), genres=artists_of(r.index))
            assert set(table["n"]) == {len(kept)}
            assert table[["low", "high"]].isna().all(axis=None)
            defined = table["metric"].isin(["mae", "mse", "rmse"]) & bool(kept)
            assert (table["value"].notna() == defined).all()


def test_a_feature_without_reference_values_leaves_the_others_alone():
    predicted, reference = frames(40)
    table = evaluate(predicted, reference.assign(energy=np.nan), artists=artists_of(reference.index))
    whole = evaluate(predicted, reference, artists=artists_of(reference.index))
    energy = table[table["feature"] == "energy"]
    assert set(energy["n"]) == {0}
    assert energy[["value", "low", "high"]].isna().all(axis=None)
    assert np.isnan(one(table, AVERAGE, "mae")["value"])
    others = ~table["feature"].isin(["energy", AVERAGE])
    pd.testing.assert_frame_equal(table[others], whole[others])


# Intervals


PLAIN = {
    "mae": lambda p, r: np.abs(p - r).mean(),
    "mse": lambda p, r: np.square(p - r).mean(),
    "rmse": lambda p, r: np.sqrt(np.square(p - r).mean()),
    "r2": lambda p, r: 1 - np.square(p - r).mean() / r.var(),
    "pearson": lambda p, r: np.corrcoef(p, r)[0, 1],
    "concordance": concordance,
}


def drawn_in_a_loop(artists: pd.Series, draws: int = 2000) -> list[np.ndarray]:
    """The rows in each draw of artists, one by one: slow, plainly right."""
    rng = np.random.default_rng(9)
    rows = [np.flatnonzero(artists == artist) for artist in artists.unique()]
    return [np.concatenate([rows[i] for i in rng.integers(len(rows), size=len(rows))]) for _ in range(draws)]


def assert_near(ours, drawn, what, tolerance=0.06):
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert ours["low"] == pytest.approx(low, abs=tolerance * (high - low)), what
    assert ours["high"] == pytest.approx(high, abs=tolerance * (high - low)), what


def assert_as_in_a_loop(table, predicted, reference, artists, genre=ALL):
    """Compare with a bootstrap that draws artists one by one, gathers their tracks and computes: slow, plainly right.

    A 2.5 % quantile of 2,000 draws has a standard error of about 1.5 % of the interval's width, one of 4,000 1.1 %;
    a boundary at 5 % instead would be off by 8 %.
    """
    p, r = predicted["energy"].to_numpy(), reference["energy"].to_numpy()
    draws = drawn_in_a_loop(artists)
    for name, compute in PLAIN.items():
        assert_near(one(table, "energy", name, genre), [compute(p[draw], r[draw]) for draw in draws], name)
    rank_p, rank_r = rankdata(p), rankdata(r)
    kept = [PLAIN["pearson"](rank_p[draw], rank_r[draw]) for draw in draws]
    assert_near(one(table, "energy", "spearman", genre), kept, "spearman")


def test_intervals_agree_with_a_loop_over_artists():
    predicted, reference, artists = correlated(60, 5, seed=3)
    artists = artists.where(artists != "artist 1", "artist 0")  # artists of several sizes
    assert_as_in_a_loop(evaluate(predicted, reference, artists=artists, draws=4000), predicted, reference, artists)


def test_the_interval_of_a_genre_agrees_with_a_loop_over_its_artists():
    predicted, reference, artists = correlated(120, 5, seed=4)
    genres = pd.Series(np.where(np.arange(600) % 5 < 2, "rock", "jazz"), index=reference.index)
    table = evaluate(predicted, reference, artists=artists, genres=genres, draws=4000)
    rock = genres.index[genres == "rock"]
    assert_as_in_a_loop(table, predicted.loc[rock], reference.loc[rock], artists[rock], "rock")


def test_keeping_the_ranks_costs_the_interval_little():
    """Against ranking every draw anew, which nobody would do for a million tracks."""
    predicted, reference, artists = correlated(100, 5, seed=6)
    ours = one(evaluate(predicted, reference, artists=artists, draws=4000), "energy", "spearman")
    p, r = predicted["energy"].to_numpy(), reference["energy"].to_numpy()
    anew = [PLAIN["pearson"](rankdata(p[draw]), rankdata(r[draw])) for draw in drawn_in_a_loop(artists, 1000)]
    assert_near(ours, anew, "spearman", tolerance=0.12)


def test_a_genre_sees_the_same_draws_as_all():
    """Energy is known for rock alone, so its scores over all genres are those in rock, to the last digit."""
    predicted, reference = frames(240)
    artists = artists_of(reference.index)
    genres = artists.map(lambda artist: "rock" if int(artist.split()[1]) % 3 == 1 else "jazz")
    reference.loc[genres == "jazz", "energy"] = np.nan
    table = evaluate(predicted, reference, artists=artists, genres=genres)
    for metric in METRICS:
        in_all, in_rock = (one(table, "energy", metric, genre) for genre in (ALL, "rock"))
        for column in ("value", "low", "high", "n"):
            assert in_rock[column] == pytest.approx(in_all[column], rel=1e-9)
        assert in_rock["low"] < in_rock["high"]


@settings(max_examples=40, deadline=None)
@given(st.tuples(st.integers(0, 1000), st.integers(0, 1000)).filter(lambda pair: pair[0] != pair[1]))
def test_draws_in_which_a_score_is_not_defined_do_not_count(thousandths):
    """Two artists, each with one prediction for all songs: a draw of one of them alone has no correlation.

    All other draws hold both, once each: they have the library's own. Rounding noise must not pass for variance.
    """
    reference = pd.DataFrame({"energy": np.linspace(0.1, 0.9, 14)}, index=tracks(14))
    artists = artists_of(reference.index, each=7)
    predicted = reference.assign(energy=np.repeat(thousandths, 7) / 1000)
    row = one(evaluate(predicted, reference, artists=artists, draws=30), "energy", "pearson")
    assert row["value"] == pytest.approx(pearsonr(predicted["energy"], reference["energy"]).statistic)
    assert (row["low"], row["high"]) == pytest.approx((row["value"], row["value"]))


def test_intervals_by_artist_are_wider_where_songs_of_an_artist_err_alike():
    predicted, reference, artists = correlated(80, 10, seed=1)
    by_artist = one(evaluate(predicted, reference, artists=artists), "energy", "mae")
    by_track = one(evaluate(predicted, reference, artists=artists.map(lambda _: "")), "energy", "mae")
    assert by_artist["high"] - by_artist["low"] > 2 * (by_track["high"] - by_track["low"])


def test_tracks_of_unknown_artist_are_drawn_one_by_one():
    predicted, reference = frames(60)
    each = pd.Series(reference.index, index=reference.index)
    for unknown in ("", None):
        artists = pd.Series([unknown] * 60, index=reference.index, dtype=object)
        pd.testing.assert_frame_equal(
            evaluate(predicted, reference, artists=artists), evaluate(predicted, reference, artists=each)
        )


@pytest.mark.slow
def test_intervals_hold_the_true_score_as_often_as_they_promise():
    """200 simulations: five features in each of 40 libraries of 60 artists. Intervals by track fall far short."""
    true_mae = np.sqrt(2 / np.pi) * np.sqrt(0.2**2 + 0.1**2)
    by_artist, by_track = [], []
    for seed in range(40):
        predicted, reference, artists = correlated(60, 6, seed=seed, names=TARGETS)
        for covered, grouping in ((by_artist, artists), (by_track, artists.map(lambda _: ""))):
            table = evaluate(predicted, reference, artists=grouping, draws=200, seed=seed)
            rows = table[(table["metric"] == "mae") & (table["feature"] != AVERAGE)]
            covered.extend((rows["low"] <= true_mae) & (true_mae <= rows["high"]))
    assert len(by_artist) == 200
    assert 0.89 <= np.mean(by_artist) <= 0.99
    assert np.mean(by_track) < 0.75


def test_a_wider_level_holds_the_narrower_and_all_hold_the_value():
    predicted, reference, artists = correlated(60, 4, seed=2, names=TARGETS)
    half, most = (evaluate(predicted, reference, artists=artists, level=level) for level in (0.5, 0.95))
    assert (most["low"] < half["low"]).all()
    assert (half["high"] < most["high"]).all()
    assert ((most["low"] <= most["value"]) & (most["value"] <= most["high"])).all()
    assert (most["value"] == half["value"]).all()


def test_the_seed_says_the_draws_and_zero_is_a_seed():
    predicted, reference = frames(60)
    artists = artists_of(reference.index)
    tables = [evaluate(predicted, reference, artists=artists, seed=seed, draws=100) for seed in (0, 0, 1)]
    pd.testing.assert_frame_equal(tables[0], tables[1], check_exact=True)
    assert (tables[0]["low"] != tables[2]["low"]).any()
    assert (tables[0]["value"] == tables[2]["value"]).all()


def test_chunks_of_draws_change_nothing(monkeypatch):
    predicted, reference = frames(60)
    artists = artists_of(reference.index)
    whole = evaluate(predicted, reference, artists=artists, draws=50)
    monkeypatch.setattr(bootstrap, "_CHUNK_BYTES", 7 * 8 * artists.nunique())
    pd.testing.assert_frame_equal(evaluate(predicted, reference, artists=artists, draws=50), whole)


def test_one_artist_or_no_draws_give_no_interval():
    predicted, reference = frames(40)
    artists = pd.Series("abba", index=reference.index)
    genres = pd.Series(["rock", "jazz"] * 20, index=reference.index)
    for table in (
        evaluate(predicted, reference, artists=artists, genres=genres),
        evaluate(predicted, reference, artists=artists_of(reference.index), genres=genres, draws=0),
    ):
        assert table["value"].notna().all()
        assert table[["low", "high"]].isna().all(axis=None)


def test_a_genre_of_one_artist_has_no_interval_though_the_library_has():
    predicted, reference = frames(40)
    artists = artists_of(reference.index)
    genres = pd.Series(np.where(artists == "artist 0", "rock", "jazz"), index=reference.index)
    table = evaluate(predicted, reference, artists=artists, genres=genres)
    assert (table["low"].isna() == (table["genre"] == "rock")).all()


def test_a_feature_known_for_one_artist_has_no_interval_though_the_others_have():
    predicted, reference = frames(40)
    artists = artists_of(reference.index)
    reference.loc[artists != "artist 0", "energy"] = np.nan
    table = evaluate(predicted, reference, artists=artists)
    assert (table["low"].isna() == table["feature"].isin(["energy", AVERAGE])).all()


# Two runs on the same songs


def two_runs(count: int = 200, names=TARGETS) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.Series]:
    """A run, the same with some noise on top, the reference and the artists."""
    first, reference = frames(count, names=names)
    second = first + np.random.default_rng(8).normal(0, 0.08, first.shape)
    return first, second, reference, artists_of(reference.index)


def test_differences_are_those_of_the_scores_and_the_closer_run_is_better():
    first, second, reference, artists = two_runs(400)
    genres = pd.Series(["rock", "jazz", "", "pop"] * 100, index=reference.index)
    table = compare(first, second, reference, artists=artists, genres=genres)
    assert tuple(table.columns) == COMPARISON_COLUMNS
    keys = ["genre", "feature", "metric", "n"]
    for run, name in ((first, "first"), (second, "second")):
        scores = evaluate(run, reference, artists=artists, genres=genres, draws=0)
        pd.testing.assert_frame_equal(table[keys], scores[keys])
        assert table[name].to_numpy() == pytest.approx(scores["value"].to_numpy())
    assert (table["difference"] == table["first"] - table["second"]).all()
    assert (table["low"] < table["high"]).all()
    assert set(table.loc[table["genre"] == ALL, "better"]) == {"first"}
    lower = table["metric"].isin(["mae", "mse", "rmse"])
    holds_zero = (table["low"] <= 0) & (table["high"] >= 0)
    assert (
        table["better"] == np.where(holds_zero, "", np.where((table["high"] < 0) == lower, "first", "second"))
    ).all()


def test_a_run_beside_itself_differs_nowhere():
    first, _, reference, artists = two_runs(60)
    genres = pd.Series(["rock", "jazz", ""] * 20, index=reference.index)
    table = compare(first, first.iloc[::-1, ::-1], reference, artists=artists, genres=genres)
    assert (table[["difference", "low", "high"]] == 0).all(axis=None)
    assert (table["better"] == "").all()


def test_swapping_the_runs_flips_every_sign():
    first, second, reference, artists = two_runs(100)
    there, back = (compare(*pair, reference, artists=artists) for pair in ((first, second), (second, first)))
    assert (there["difference"] == -back["difference"]).all()
    assert there["low"].to_numpy() == pytest.approx(-back["high"].to_numpy(), rel=1e-9)
    assert there["high"].to_numpy() == pytest.approx(-back["low"].to_numpy(), rel=1e-9)
    assert list(there["n"]) == list(back["n"])
    assert list(there["better"]) == list(back["better"].map({"first": "second", "second": "first", "": ""}))


def test_paired_intervals_agree_with_a_loop_over_artists():
    first, reference, artists = correlated(60, 5, seed=7)
    second = first + np.random.default_rng(1).normal(0, 0.1, first.shape)
    table = compare(first, second, reference, artists=artists, draws=4000)
    p, q, r = (side["energy"].to_numpy() for side in (first, second, reference))
    draws = drawn_in_a_loop(artists)
    for name, compute in PLAIN.items():
        differences = [compute(p[draw], r[draw]) - compute(q[draw], r[draw]) for draw in draws]
        assert_near(one(table, "energy", name), differences, name)


def test_pairing_tells_runs_apart_whose_own_intervals_overlap():
    first, reference, artists = correlated(60, 6, seed=5)
    second = first + 0.1 * (first - reference)  # every miss a tenth larger
    better, worse = (one(evaluate(run, reference, artists=artists), "energy", "mae") for run in (first, second))
    assert worse["low"] < better["value"] < worse["value"] < better["high"]
    paired = one(compare(first, second, reference, artists=artists), "energy", "mae")
    assert paired["better"] == "first"
    assert paired["high"] - paired["low"] < 0.2 * (better["high"] - better["low"])


def test_only_what_both_runs_predict_is_compared():
    first, second, reference, artists = two_runs(60)
    first.iloc[:10, 0] = np.nan
    second = second.iloc[5:]
    second.iloc[10:20, 0] = np.nan  # rows 15 to 24
    reference.iloc[30:33, 1] = np.nan
    table = compare(first, second, reference, artists=artists)
    n = {feature: one(table, feature, "mae")["n"] for feature in (*TARGETS, AVERAGE)}
    assert list(n.values()) == [40, 52, 55, 55, 55, 40]
    common = [*range(10, 15), *range(25, 60)]
    alone = evaluate(first.iloc[common], reference.iloc[common], artists=artists, draws=0)
    for metric in METRICS:
        value = one(alone, TARGETS[0], metric)["value"]
        assert one(table, TARGETS[0], metric)["first"] == pytest.approx(value)


def test_rounding_noise_makes_no_run_better():
    """A shift leaves both correlations as they are, but for the last digits, which are the interval of one draw."""
    first, _, reference, artists = two_runs(200)
    table = compare(first, first + 0.3, reference, artists=artists, draws=1)
    assert (table.loc[table["metric"] == "pearson", ["low", "high"]] != 0).any(axis=None)
    unchanged = table["metric"].isin(["pearson", "spearman"])
    assert set(table.loc[unchanged, "better"]) == {""}
    assert set(table.loc[~unchanged, "better"]) == {"first"}


def test_where_a_score_is_not_defined_no_run_is_better():
    first, _, reference, artists = two_runs(40)
    table = compare(first, first * 0 + 0.5, reference, artists=artists)
    undefined = table["metric"].isin(["pearson", "spearman"])
    assert table.loc[undefined, ["difference", "low", "high"]].isna().all(axis=None)
    assert set(table.loc[undefined, "better"]) == {""}
    one_artist = compare(first, first + 0.1, reference, artists=artists.map(lambda _: "abba"))
    assert one_artist[["low", "high"]].isna().all(axis=None)
    assert set(one_artist["better"]) == {""}
    nothing = compare(first.iloc[:20], first.iloc[20:], reference, artists=artists)
    assert set(nothing["n"]) == {0}


def test_runs_that_cannot_be_compared_are_refused():
    first, second, reference, artists = two_runs(8)
    with pytest.raises(LabelMismatch, match="only one side has energy"):
        compare(first, second.drop(columns="energy"), reference, artists=artists)
    with pytest.raises(ConfigError, match="level between 0 and 1"):
        compare(first, second, reference, artists=artists, level=95)
    with pytest.raises(DataError, match="infinite"):
        compare(first, second.assign(energy=np.inf), reference, artists=artists)


# Calibration


def test_bins_hold_what_pandas_puts_into_them():
    predicted, reference = frames(203)
    table = calibration(predicted, reference.iloc[::-1])
    assert list(table.columns) == ["feature", "bin", "predicted", "reference", "n"]
    assert list(table["feature"].unique()) == list(TARGETS)
    for feature, part in table.groupby("feature"):
        bins = pd.qcut(predicted[feature], 10, labels=False)
        assert list(part["bin"]) == list(range(10))
        assert list(part["n"]) == list(bins.value_counts().sort_index())
        assert part["predicted"].to_numpy() == pytest.approx(predicted[feature].groupby(bins).mean().to_numpy())
        assert part["reference"].to_numpy() == pytest.approx(reference[feature].groupby(bins).mean().to_numpy())


def test_bins_worked_by_hand():
    predicted = pd.DataFrame({"energy": [0.9, 0.1, 0.2, 0.8, np.nan, 0.5]}, index=tracks(6))
    reference = pd.DataFrame({"energy": [0.6, 0.3, 0.5, 0.7, 0.2, np.nan]}, index=tracks(6))
    table = calibration(predicted, reference, bins=2)
    assert table["predicted"].to_numpy() == pytest.approx([0.15, 0.85])
    assert table["reference"].to_numpy() == pytest.approx([0.4, 0.65])
    assert list(table["n"]) == [2, 2]


@settings(max_examples=50, deadline=None)
@given(hnp.arrays(np.float64, st.integers(1, 40), elements=st.sampled_from([0.0, 0.1, 0.25, 1.0])), st.integers(1, 12))
def test_bins_share_out_every_track_and_never_part_equal_predictions(values, bins):
    predicted = pd.DataFrame({"energy": values}, index=tracks(len(values)))
    reference = 1 - predicted**2
    table = calibration(predicted, reference, bins=bins)
    assert list(table["bin"]) == list(range(len(table)))
    assert 1 <= len(table) <= min(bins, len(np.unique(values)))
    assert table["n"].sum() == len(values)
    assert (table["predicted"].diff().dropna() > 0).all()
    for column, frame in (("predicted", predicted), ("reference", reference)):
        assert np.average(table[column], weights=table["n"]) == pytest.approx(frame["energy"].mean())


def test_a_target_without_values_has_no_bins_and_no_bins_are_refused():
    predicted, reference = frames(20)
    table = calibration(predicted, reference.assign(energy=np.nan))
    assert set(table["feature"]) == set(TARGETS) - {"energy"}
    empty = calibration(predicted.iloc[:0], reference)
    assert empty.empty
    assert list(empty.columns) == list(table.columns)
    with pytest.raises(ConfigError, match="bins must be 1 or more, got 0"):
        calibration(predicted, reference, bins=0)


# Predictors that answer one number for every song


def test_near_constant_predictions_are_named():
    predicted, reference = frames(200)
    assert near_constant(predicted, reference) == ()
    assert near_constant(reference * 0 + reference.mean(), reference) == TARGETS
    spread = reference["energy"].std()
    jitter = np.random.default_rng(0).normal(0, 1, 200)
    jitter = (jitter - jitter.mean()) / jitter.std()
    assert near_constant(predicted.assign(energy=0.5 + 0.04 * spread * jitter), reference) == ("energy",)
    assert near_constant(predicted.assign(energy=0.5 + 0.06 * spread * jitter), reference) == ()


@pytest.mark.parametrize("constant", [0.1, 0.5, 0.7, 1 / 3])
def test_where_the_reference_does_not_vary_nothing_is_named(constant):
    for count in (10, 30, 37):
        predicted, reference = frames(count)
        for answer in (0.0, 0.25, constant):
            assert near_constant(predicted.assign(energy=answer), reference.assign(energy=constant)) == ()
    assert near_constant(predicted.iloc[:0], reference) == ()
    assert near_constant(predicted.iloc[:1], reference) == ()


def test_near_constant_counts_only_songs_with_both_values():
    predicted, reference = frames(100)
    predicted.loc[predicted.index[:50], "energy"] = 0.5
    reference.loc[reference.index[50:], "energy"] = np.nan
    assert near_constant(predicted, reference) == ("energy",)


@pytest.mark.real
def test_real_songs_scored_by_artist_and_genre(real_data):
    """The train-mean predictor on real reference values: R² of 0, no correlation, and intervals by artist the wider."""
    columns = ["artist", "genre_group", *TARGETS]
    table = pd.read_parquet(real_data / "spotify_tracks.parquet", columns=columns).dropna().iloc[:20_000]
    table.index = tracks(len(table))
    reference = table[list(TARGETS)]
    predicted = reference * 0 + reference.mean()
    scores = evaluate(predicted, reference, artists=table["artist"], genres=table["genre_group"], draws=100)
    assert near_constant(predicted, reference) == TARGETS
    for feature in TARGETS:
        assert one(scores, feature, "r2")["value"] == pytest.approx(0, abs=1e-9)
        assert np.isnan(one(scores, feature, "pearson")["value"])
    by_track = evaluate(predicted, reference, artists=table["artist"].map(lambda _: ""), draws=100)
    width, width_by_track = (
        row["high"] - row["low"] for row in (one(scores, "energy", "mae"), one(by_track, "energy", "mae"))
    )
    assert width > 1.2 * width_by_track
