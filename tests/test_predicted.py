"""A run's predictions as pictures show them: counted in the catalogue, and the same as NumPy counts them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from songfeat import metrics
from songfeat.errors import UnknownName
from songfeat.labels import TARGETS
from store import predicted, runs, slices
from store.catalogue import Catalogue
from store.merge import merge
from store.slices import Slice
from store.workspace import Workspace
from tests.workspaces import fill, finished_run, song_rows

LSTM = "20260101-120000-lstm_multitask-0001"
MEAN = "20260101-120000-mean-0001"


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> Catalogue:
    return Catalogue(fill(tmp_path_factory.mktemp("filled"), songs=300, with_clip=3, with_array=0))


def catalogue_of(folder, predictions: list[float], references: list[float]) -> Catalogue:
    """Songs whose energy is predicted and known as given, all of them in the test part of one run."""
    catalogue = Catalogue(Workspace(folder))
    rows = song_rows(len(predictions)).assign(energy=references)
    run = finished_run(song_rows(60), "numeric_mlp")
    table = pd.DataFrame({"track_id": rows["track_id"], "split": "test", "energy": predictions})
    with catalogue.lease(write=True) as db:
        merge(db, rows)
        asked = {**run.run, "targets": ["energy"]}
        runs.save(db, runs.FinishedRun(run=asked, scores=run.scores.head(0), predictions=table))
    return catalogue


def pairs_of(catalogue: Catalogue, part: Slice, feature: str) -> tuple[np.ndarray, np.ndarray]:
    table = runs.pairs(catalogue, part.run_id, split=part.split)
    table = table[(table["feature"] == feature) & ((part.genre is None) | (table["genre_group"] == part.genre))]
    return table["predicted"].to_numpy(float), table["reference"].to_numpy(float)


def test_few_songs_are_marks_of_their_own(filled: Catalogue):
    found = predicted.agreement(filled, Slice(run_id=LSTM))
    assert not found.by_square
    table = runs.pairs(filled, LSTM)
    assert found.songs == table.groupby("feature").size().to_dict()
    keys = ["feature", "track_id"]
    pd.testing.assert_frame_equal(
        found.marks, table.sort_values(keys, ignore_index=True)[list(found.marks.columns)], check_like=True
    )


@pytest.mark.parametrize("genre", [None, "jazz/blues"])
def test_squares_hold_what_numpy_counts(filled: Catalogue, genre: str | None):
    part = Slice(run_id=LSTM, genre=genre)
    found = predicted.agreement(filled, part, most_points=5)
    assert found.by_square
    for feature in TARGETS:
        guesses, known = pairs_of(filled, part, feature)
        expected, _, _ = np.histogram2d(known, guesses, bins=predicted.SQUARES, range=[[0, 1], [0, 1]])
        marks = found.marks[found.marks["feature"] == feature]
        column, row = marks["square"] % predicted.SQUARES, marks["square"] // predicted.SQUARES
        counted = np.zeros_like(expected)
        counted[column, row] = marks["songs"]
        np.testing.assert_array_equal(counted, expected)
        assert found.songs[feature] == len(guesses) == marks["songs"].sum()
        np.testing.assert_array_equal(marks["reference"], np.linspace(0, 1, predicted.SQUARES + 1)[column])
        np.testing.assert_array_equal(marks["predicted_to"], np.linspace(0, 1, predicted.SQUARES + 1)[row + 1])


def test_residuals_and_calibration_are_those_of_the_arrays(filled: Catalogue):
    part = Slice(run_id=LSTM, split="train")
    residuals, bins = predicted.residuals(filled, part), predicted.calibration(filled, part)
    table = runs.pairs(filled, LSTM, split="train")
    guesses, known = (table.pivot(index="track_id", columns="feature", values=of) for of in ("predicted", "reference"))
    expected = metrics.calibration(guesses, known)
    pd.testing.assert_frame_equal(bins, expected, check_dtype=False, check_exact=False, rtol=1e-15)
    for feature in TARGETS:
        away = (guesses[feature].astype(float) - known[feature]).to_numpy()
        counts, edges = np.histogram(away, bins=predicted.RESIDUAL_BINS, range=(-1, 1))
        mine = residuals[residuals["feature"] == feature]
        assert dict(zip(mine["low"], mine["songs"], strict=True)) == {
            low: count for low, count in zip(edges, counts, strict=False) if count
        }


def test_a_run_that_answers_one_number_has_one_bin(filled: Catalogue):
    bins = predicted.calibration(filled, Slice(run_id=MEAN))
    assert list(bins["bin"]) == [0] * len(TARGETS)
    assert list(bins["feature"]) == list(TARGETS)


def test_by_hand(tmp_path):
    # 0.3 lies below NumPy's twelfth edge of forty, 0.30000000000000004; 1 belongs to the last square.
    catalogue = catalogue_of(tmp_path, [0.25, 0.25, 1.0, 0.5], [0.3, 0.3, 1.0, 0.75])
    part = Slice(run_id="20260101-120000-numeric_mlp-0001")
    squares = predicted.agreement(catalogue, part, most_points=1).marks
    assert squares[["square", "songs"]].to_numpy().tolist() == [[10 * 40 + 11, 2], [20 * 40 + 30, 1], [39 * 40 + 39, 1]]
    residuals = predicted.residuals(catalogue, part)
    assert residuals["songs"].tolist() == [1, 2, 1]
    assert residuals["low"].round(6).tolist() == [-0.268293, -0.073171, -0.02439]
    songs = predicted.songs(catalogue, part, "energy", squares=[10 * 40 + 11, 20 * 40 + 30])
    assert songs["track_id"].tolist() == ["demo:3", "demo:0", "demo:1"], "the most wrong first"
    assert songs["error"].tolist() == pytest.approx([-0.25, -0.05, -0.05])


@settings(max_examples=4)
@given(
    st.lists(
        st.tuples(st.floats(-0.5, 1.5, width=32), st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)),
        min_size=1,
        max_size=200,
    )
)
def test_every_song_is_in_one_square_and_one_bin(tmp_path_factory, values: list[tuple[float, float]]):
    guesses, known = np.array(values).T
    catalogue = catalogue_of(tmp_path_factory.mktemp("any"), list(guesses), list(known))
    part = Slice(run_id="20260101-120000-numeric_mlp-0001")
    squares = predicted.agreement(catalogue, part, most_points=0).marks
    assert squares["songs"].sum() == len(values)
    expected, _, _ = np.histogram2d(known, guesses.clip(0, 1), bins=predicted.SQUARES, range=[[0, 1], [0, 1]])
    column, row = squares["square"] % predicted.SQUARES, squares["square"] // predicted.SQUARES
    np.testing.assert_array_equal(expected[column, row], squares["songs"])
    counts, _ = np.histogram((guesses - known).clip(-1, 1), bins=predicted.RESIDUAL_BINS, range=(-1, 1))
    assert predicted.residuals(catalogue, part)["songs"].tolist() == counts[counts > 0].tolist()


def test_the_songs_behind_a_picture(filled: Catalogue):
    part = Slice(run_id=LSTM)
    table = runs.pairs(filled, LSTM)
    energies = table[table["feature"] == "energy"].set_index("track_id")
    some = sorted(energies.index)[:7]
    found = predicted.songs(filled, part, "energy", track_ids=some, beside=[MEAN])
    assert sorted(found["track_id"]) == some
    assert found["error"].abs().is_monotonic_decreasing
    np.testing.assert_array_equal(found["error"], found["predicted"] - found["reference"])
    assert found[MEAN].nunique() == 1
    assert len(predicted.songs(filled, part, "energy", track_ids=some, limit=3)) == 3
    assert len(predicted.songs(filled, part, "energy")) == len(energies)
    marks = predicted.agreement(filled, part, most_points=0).marks
    square = marks[marks["feature"] == "energy"].iloc[0]
    inside = predicted.songs(filled, part, "energy", squares=[int(square["square"])])
    assert len(inside) == square["songs"]
    assert inside["reference"].between(square["reference"], square["reference_to"]).all()
    assert inside["predicted"].between(square["predicted"], square["predicted_to"]).all()


def test_scores_are_those_that_were_measured(filled: Catalogue):
    stored = runs.scores(filled, [LSTM], split="test", genre="all")
    found = slices.scores(filled, Slice(run_id=LSTM))
    pd.testing.assert_frame_equal(found, stored[list(found.columns)])
    jazz = slices.scores(filled, Slice(run_id=LSTM, genre="jazz/blues", source="demo"))
    assert set(jazz["n"]) == set(runs.scores(filled, [LSTM], split="test", genre="jazz/blues")["n"])


def test_a_slice_that_was_not_measured_is_measured_in_the_same_way(filled: Catalogue):
    table = runs.pairs(filled, LSTM, source="table:other")
    genre = table["genre_group"].iloc[0]
    table = table[table["genre_group"] == genre]
    found = slices.scores(filled, Slice(run_id=LSTM, genre=genre, source="table:other")).set_index(
        ["metric", "feature"]
    )
    trained = runs.pairs(filled, LSTM, split="train")
    for feature in TARGETS:
        mine = table[table["feature"] == feature]
        away = (mine["predicted"].astype(float) - mine["reference"]).abs()
        score = found.loc["mae", feature]
        assert (score["n"], score["value"]) == (len(mine), pytest.approx(away.mean(), rel=1e-12))
        assert score["low"] <= score["value"] <= score["high"]
        mean = trained[trained["feature"] == feature]["reference"].mean()
        assert score["mean_value"] == pytest.approx((mine["reference"] - mean).abs().mean(), rel=1e-12)


def test_nothing_in_a_slice_is_nothing(filled: Catalogue):
    part = Slice(run_id=LSTM, genre="reggae", source="table:other")
    assert slices.scores(filled, part).empty
    assert predicted.agreement(filled, part).songs == {}
    assert predicted.residuals(filled, part).empty
    assert predicted.calibration(filled, part).empty
    assert predicted.songs(filled, part, "energy").empty


def test_what_there_is_not_is_named(filled: Catalogue):
    with pytest.raises(UnknownName, match="no part 'exam'"):
        Slice(run_id=LSTM, split="exam")
    with pytest.raises(UnknownName, match="'nobody'"):
        predicted.agreement(filled, Slice(run_id="nobody"))
