"""Scalers: the training part's own statistics, joined by name, the same as scikit-learn's."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.preprocessing import StandardScaler

from songfeat import scaling
from songfeat.errors import DataError, LabelMismatch
from songfeat.scaling import Scaler
from songfeat.splits import split

NAMES = ("valence", "tempo", "loudness", "key", "mode", "time_signature")


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    columns = {
        "valence": rng.random(500),
        "tempo": rng.normal(120, 30, 500),
        "loudness": rng.normal(-8, 4, 500),
        "key": rng.integers(0, 12, 500),
        "mode": rng.integers(0, 2, 500),
        "time_signature": np.full(500, 4),
    }
    return pd.DataFrame(columns, index=[f"local:{i}" for i in range(500)])


@pytest.fixture
def mfcc() -> np.ndarray:
    """As MFCCs are: the first coefficient hundreds below zero, the last ones within a few units of it."""
    rng = np.random.default_rng(1)
    offset, spread = np.linspace(-600, 5, 20), np.linspace(120, 3, 20)
    return (rng.normal(size=(64, 20, 160)) * spread[:, None] + offset[:, None]).astype(np.float32)


def channels(count: int) -> tuple[str, ...]:
    return tuple(f"mfcc_{i}" for i in range(count))


def test_frames_are_scaled_as_scikit_learn_does(frame):
    ours, theirs = Scaler.fit(frame), StandardScaler().fit(frame)
    assert ours.names == NAMES
    np.testing.assert_allclose(ours.mean, theirs.mean_, rtol=1e-12)
    np.testing.assert_allclose(ours.scale, theirs.scale_, rtol=1e-12)
    np.testing.assert_allclose(ours.transform(frame), theirs.transform(frame), atol=1e-12)


@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=8),
        elements=st.floats(-1000, 1000).map(lambda x: round(x, 3)),
    )
)
def test_any_frame_is_scaled_as_scikit_learn_does(values):
    frame = pd.DataFrame(values, columns=channels(values.shape[1]))
    expected = StandardScaler().fit_transform(values)
    np.testing.assert_allclose(Scaler.fit(frame).transform(frame), expected, atol=1e-8)


def test_arrays_are_scaled_by_channel_over_tracks_and_frames(mfcc):
    ours = Scaler.fit_array(mfcc, channels(20))
    theirs = StandardScaler().fit(mfcc.transpose(0, 2, 1).reshape(-1, 20).astype(float))
    np.testing.assert_allclose(ours.mean, theirs.mean_, rtol=1e-10)
    np.testing.assert_allclose(ours.scale, theirs.scale_, rtol=1e-10)
    scaled = ours.transform(mfcc)
    assert scaled.dtype == np.float32
    assert scaled.shape == mfcc.shape
    np.testing.assert_allclose(scaled.mean(axis=(0, 2), dtype=float), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=(0, 2), dtype=float), 1, atol=1e-5)
    np.testing.assert_allclose(ours.transform(mfcc.astype(float)), scaled, atol=1e-5)


def test_chunks_change_nothing(mfcc, monkeypatch):
    whole = Scaler.fit_array(mfcc, channels(20))
    monkeypatch.setattr(scaling, "_CHUNK_BYTES", 7 * 8 * 20 * 160)
    assert [len(chunk) for chunk in scaling._chunks(mfcc)] == [7] * 9 + [1]
    in_chunks = Scaler.fit_array(mfcc, channels(20))
    np.testing.assert_allclose(in_chunks.mean, whole.mean, rtol=1e-13)
    np.testing.assert_allclose(in_chunks.scale, whole.scale, rtol=1e-13)


def test_arrays_on_disk_are_scaled_too(mfcc, tmp_path):
    np.save(tmp_path / "mfcc.npy", mfcc)
    assert Scaler.fit_array(np.load(tmp_path / "mfcc.npy", mmap_mode="r"), channels(20)) == Scaler.fit_array(
        mfcc, channels(20)
    )


def test_a_large_offset_costs_no_digits():
    """The textbook formula (mean of squares less square of mean) gives a variance of 0 or below here."""
    values = np.float64(1e9) + np.tile([0.0, 1.0, 2.0], 1000)
    scaler = Scaler.fit(pd.DataFrame({"tempo": values}))
    assert scaler.mean[0] == pytest.approx(1e9 + 1, abs=1e-6)
    assert scaler.scale[0] == pytest.approx(np.sqrt(2 / 3), rel=1e-9)


@pytest.mark.parametrize("constant", [0.0, 0.1, 4, -599.123, 1e12])
@pytest.mark.parametrize("n", [1, 3, 1001])
def test_what_does_not_vary_becomes_zero(constant, n):
    frame = pd.DataFrame({"mode": np.full(n, constant)})
    scaler = Scaler.fit(frame)
    assert (scaler.mean, scaler.scale) == ((constant,), (1.0,))
    assert (scaler.transform(frame)["mode"] == 0).all()
    array = np.full((n, 1, 4), constant, dtype=np.float32)
    assert (Scaler.fit_array(array, ("mfcc_0",)).transform(array) == 0).all()


def test_statistics_are_those_of_the_training_part_alone(frame):
    """Whatever stands in val and test, the scaler is the same, and so are the scaled training values."""
    parts = split(pd.DataFrame({"artist": [f"artist {i}" for i in range(500)]}, index=frame.index))
    train = parts == "train"
    scaler = Scaler.fit(frame[train])
    spoilt = frame.astype(float).where(train, 1e6)
    assert Scaler.fit(spoilt[train]) == scaler
    np.testing.assert_allclose(scaler.mean, frame[train].mean(), rtol=1e-12)
    val = scaler.transform(frame[parts == "val"])
    expected = (frame[parts == "val"] - frame[train].mean()) / frame[train].std(ddof=0).replace(0, 1)
    pd.testing.assert_frame_equal(val, expected)


def test_shuffled_and_further_columns_change_nothing(frame):
    scaler = Scaler.fit(frame)
    shuffled = frame[["mode", "valence", "time_signature", "loudness", "key", "tempo"]].assign(liveness=0.5)
    pd.testing.assert_frame_equal(scaler.transform(shuffled), scaler.transform(frame))


def test_gaps_stay_gaps(frame):
    gappy = frame.astype("Float64")
    gappy.loc["local:3", "tempo"] = pd.NA
    scaled = Scaler.fit(frame).transform(gappy)
    assert scaled.isna().sum().to_dict() == {name: int(name == "tempo") for name in NAMES}


def test_missing_columns_are_named(frame):
    with pytest.raises(LabelMismatch, match="lack key, mode"):
        Scaler.fit(frame).transform(frame.drop(columns=["mode", "key"]))


def test_a_column_that_stands_twice_is_refused(frame):
    twice = pd.concat([frame, frame[["tempo"]]], axis=1)
    with pytest.raises(LabelMismatch, match="tempo"):
        Scaler.fit(twice)
    with pytest.raises(LabelMismatch, match="twice"):
        Scaler.fit(frame).transform(twice)


@pytest.mark.parametrize("shape", [(4, 19, 160), (20, 160), (4, 160, 20)])
def test_arrays_of_other_channels_are_refused(mfcc, shape):
    """The report reshaped MFCCs where a transpose was needed; 160 channels are no 20."""
    scaler = Scaler.fit_array(mfcc, channels(20))
    with pytest.raises(LabelMismatch, match="20 channels"):
        scaler.transform(np.zeros(shape, dtype=np.float32))
    with pytest.raises(LabelMismatch, match="20 channels"):
        Scaler.fit_array(np.zeros(shape, dtype=np.float32), channels(20))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_gaps_and_infinite_values_are_not_learnt_from(frame, mfcc, bad):
    frame.loc["local:7", "loudness"] = bad
    with pytest.raises(DataError, match="loudness"):
        Scaler.fit(frame)
    mfcc[5, 3, 9] = bad
    with pytest.raises(DataError, match="'mfcc_3'"):
        Scaler.fit_array(mfcc, channels(20))


def test_nothing_and_text_are_not_learnt_from(frame):
    with pytest.raises(DataError, match="nothing to learn"):
        Scaler.fit(frame.iloc[:0])
    with pytest.raises(DataError, match="nothing to learn"):
        Scaler.fit_array(np.zeros((0, 20, 160)), channels(20))
    with pytest.raises(DataError, match="numbers"):
        Scaler.fit(frame.assign(tempo="fast"))


def test_a_scaler_comes_back_from_json_bit_by_bit(frame, mfcc):
    for scaler in (Scaler.fit(frame), Scaler.fit_array(mfcc, channels(20))):
        assert Scaler.from_dict(json.loads(json.dumps(scaler.as_dict()))) == scaler


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale": [0.0, 1.0]}, "scale 0.0"),
        ({"scale": [1.0, -1.0]}, "'b'"),
        ({"mean": [0.0, float("nan")]}, "'b'"),
        ({"mean": [0.0, "loud"]}, "lists of numbers"),
        ({"mean": None}, "lists of numbers"),
        ({"with_std": True}, "with_std"),
    ],
)
def test_a_damaged_description_is_refused(change, message):
    good = {"names": ["a", "b"], "mean": [0.0, 1.0], "scale": [1.0, 2.0]}
    assert Scaler.from_dict(good).names == ("a", "b")
    with pytest.raises(DataError, match=message):
        Scaler.from_dict(good | change)


def test_a_description_of_other_lengths_is_refused():
    with pytest.raises(LabelMismatch, match="2 inputs"):
        Scaler(names=("a", "b"), mean=(0.0,), scale=(1.0, 1.0))
    with pytest.raises(LabelMismatch, match="once"):
        Scaler(names=("a", "a"), mean=(0.0, 0.0), scale=(1.0, 1.0))
    with pytest.raises(DataError, match="mean, names, scale"):
        Scaler.from_dict({"names": ["a"], "mean": [0.0]})
