import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from songfeat import registry
from songfeat.errors import AudioError, DataError, LabelMismatch, SpecMismatch
from songfeat.examples import Examples
from songfeat.extraction import extract
from songfeat.labels import NUMERIC_INPUTS, TARGETS
from songfeat.predictor import Predictor
from tests.modelling import SMALL_SPEC, make_examples, random_numeric, train_quickly


@pytest.fixture(scope="module")
def numeric():
    return Predictor(train_quickly(registry.get("numeric_mlp")))


@pytest.fixture(scope="module")
def sound():
    return Predictor(train_quickly(registry.get("lstm_multitask")))


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.wav"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 2 * 44_100), 44_100)
    return path


def make_table(n=30, seed=3):
    return random_numeric(np.random.default_rng(seed), n).set_index(pd.Index(range(100, 100 + n)))


def test_a_predictor_says_what_it_predicts_from_what(numeric, sound):
    assert numeric.targets == sound.targets == TARGETS
    assert (numeric.inputs, numeric.spec) == (("numeric",), None)
    assert (sound.inputs, sound.spec) == (("mfcc",), SMALL_SPEC)


@pytest.mark.parametrize("which", ["numeric", "sound"])
def test_predictions_stand_under_track_and_target(which, request):
    examples = make_examples(8)
    predicted = request.getfixturevalue(which).predict(examples)
    assert list(predicted.columns) == list(TARGETS)
    pd.testing.assert_index_equal(predicted.index, examples.tracks.index)
    assert predicted.to_numpy().dtype == float
    assert predicted.nunique().gt(1).all(), "one answer for every song"


@pytest.mark.parametrize("which", ["numeric", "sound"])
def test_a_tracks_prediction_does_not_depend_on_the_tracks_beside_it(which, request):
    predictor, examples = request.getfixturevalue(which), make_examples(40)
    together = predictor.predict(examples)
    order = np.random.default_rng(0).permutation(40)
    shuffled = Examples(
        tracks=examples.tracks.iloc[order],
        targets=examples.targets.iloc[order],
        numeric=examples.numeric.iloc[order],
        arrays={"mfcc": examples.arrays["mfcc"][order]},
    )
    pd.testing.assert_frame_equal(predictor.predict(shuffled).loc[together.index], together, atol=1e-6)
    alone = predictor.predict(examples.select(np.arange(40) == 17))
    pd.testing.assert_frame_equal(alone, together.iloc[[17]], atol=1e-6)


def test_reference_values_are_not_looked_at(sound):
    examples = make_examples(8)
    blind = Examples(tracks=examples.tracks, targets=examples.targets * np.nan, arrays=examples.arrays)
    pd.testing.assert_frame_equal(sound.predict(blind), sound.predict(examples), check_exact=True)


def test_bare_inputs_give_the_same_as_examples(numeric, sound):
    examples = make_examples(8)
    from_frame = numeric.predict({"numeric": examples.numeric, "mfcc": examples.arrays["mfcc"]})
    pd.testing.assert_frame_equal(from_frame, numeric.predict(examples), check_exact=True)
    from_array = sound.predict({"mfcc": examples.arrays["mfcc"]})
    assert list(from_array.index) == list(range(8))
    np.testing.assert_array_equal(from_array, sound.predict(examples))


def test_no_tracks_give_no_predictions(numeric):
    assert numeric.predict_table(make_table(0)).shape == (0, 5)


def test_inputs_that_do_not_fit_are_refused(sound, numeric):
    arrays = make_examples(8).arrays["mfcc"]
    table = make_table(8)
    holes = arrays.copy()
    holes[3, 2, 1] = np.nan
    for error, message, predictor, given_inputs in (
        (SpecMismatch, r"\(12, 6\) each; those of the spec are \(6, 12\)", sound, {"mfcc": arrays.transpose(0, 2, 1)}),
        (DataError, "mfcc inputs have gaps", sound, {"mfcc": holes}),
        (DataError, "numeric inputs have gaps", numeric, {"numeric": table.assign(tempo=np.nan)}),
        (
            DataError,
            "same tracks; their numbers are {'mfcc': 8, 'numeric': 7}",
            sound,
            {"mfcc": arrays, "numeric": table[:7]},
        ),
        (DataError, "their numbers are {}", sound, {}),
        (DataError, "needs mfcc inputs; the examples have numeric", sound, {"numeric": table}),
    ):
        with pytest.raises(error, match=message):
            predictor.predict(given_inputs)


def test_an_audio_file_is_predicted_as_its_array_is(sound, clip):
    values = sound.predict_file(clip)
    assert list(values) == list(TARGETS)
    expected = sound.predict({"mfcc": extract(clip, SMALL_SPEC)[np.newaxis]}).iloc[0]
    assert values == expected.to_dict()
    assert sound.predict_file(str(clip)) == values


def test_what_is_no_audio_is_refused_as_such(sound, tmp_path):
    path = tmp_path / "song.mp3"
    path.write_bytes(b"not a sound")
    with pytest.raises(AudioError, match=r"song\.mp3"):
        sound.predict_file(path)


def test_a_model_is_not_given_what_it_cannot_see(numeric, sound, clip):
    mean = Predictor(train_quickly(registry.get("mean")))
    with pytest.raises(DataError, match=r"'numeric_mlp' sees numeric inputs; it cannot .* the audio file clip\.wav"):
        numeric.predict_file(clip)
    with pytest.raises(DataError, match="'mean' sees no inputs; it cannot"):
        mean.predict_file(clip)
    with pytest.raises(DataError, match=r"'lstm_multitask' sees mfcc inputs; it cannot .* a table"):
        sound.predict_table(make_table())


@settings(max_examples=20, deadline=None)
@given(order=st.permutations([*NUMERIC_INPUTS, "title", "energy"]))
def test_the_order_of_columns_and_other_columns_change_nothing(numeric, order):
    table = make_table()
    whole = table.assign(title="a song", energy=0.5)[order]
    pd.testing.assert_frame_equal(numeric.predict_table(whole), numeric.predict_table(table), check_exact=True)


@settings(max_examples=30, deadline=None)
@given(
    gaps=st.lists(st.tuples(st.integers(0, 29), st.sampled_from(NUMERIC_INPUTS)), max_size=20),
    stand_in=st.sampled_from([np.nan, np.inf, -np.inf, -71.0, 1e9]),
)
def test_rows_with_a_gap_get_gaps_and_the_others_what_they_got_before(numeric, gaps, stand_in):
    table = make_table()
    holey = table.copy()
    for row, name in gaps:
        holey.iloc[row, holey.columns.get_loc(name)] = stand_in
    predicted = numeric.predict_table(holey)
    pd.testing.assert_index_equal(predicted.index, table.index)
    empty = sorted({row for row, _ in gaps})
    assert predicted.iloc[empty].isna().all(axis=None)
    kept = np.delete(np.arange(30), empty)
    expected = numeric.predict_table(table).iloc[kept]
    pd.testing.assert_frame_equal(predicted.iloc[kept], expected, atol=1e-6)


@pytest.mark.parametrize(("name", "unknown"), [("tempo", 0), ("key", -1), ("time_signature", 0), ("mode", 2)])
def test_a_number_that_stands_for_not_known_is_a_gap(numeric, name, unknown):
    table = make_table()
    table.loc[107, name] = unknown
    predicted = numeric.predict_table(table)
    assert predicted.index[predicted.isna().any(axis=1)].tolist() == [107]


def test_a_table_may_hold_its_numbers_in_any_form(numeric):
    table = make_table()
    as_text = table.astype(str)
    nullable = table.assign(key=table["key"].astype("Int64"), mode=table["mode"].astype(bool))
    nullable.loc[103, "key"] = pd.NA
    expected = numeric.predict_table(table)
    pd.testing.assert_frame_equal(numeric.predict_table(as_text), expected, atol=1e-6)
    pd.testing.assert_frame_equal(numeric.predict_table(nullable).drop(103), expected.drop(103), atol=1e-6)
    assert numeric.predict_table(nullable).loc[103].isna().all()


def test_rows_of_the_same_index_stay_apart(numeric):
    table = make_table(4)
    expected = numeric.predict_table(table)
    table.index = [7, 7, 8, 8]
    predicted = numeric.predict_table(table)
    assert predicted.index.tolist() == [7, 7, 8, 8]
    np.testing.assert_array_equal(predicted, expected)


def test_a_table_that_does_not_fit_is_refused_with_what_is_needed(numeric):
    table = make_table()
    needed = ", ".join(NUMERIC_INPUTS)
    with pytest.raises(LabelMismatch, match=f"each of {needed}; there are 0 for loudness and 0 for key"):
        numeric.predict_table(table.drop(columns=["key", "loudness"]))
    with pytest.raises(LabelMismatch, match="2 for tempo"):
        numeric.predict_table(pd.concat([table, table[["tempo"]]], axis=1))
    with pytest.raises(DataError, match=r"must be numbers.*fast"):
        numeric.predict_table(table.astype(object).assign(tempo="fast"))


@pytest.mark.real
def test_real_clips_of_any_format_are_predicted_for(real_data, sound):
    clips = sorted((real_data / "clips" / "labelled").rglob("*.*"))
    some = [next(path for path in clips if path.suffix == suffix) for suffix in {path.suffix for path in clips}]
    assert len(some) > 1
    answers = [sound.predict_file(path) for path in some]
    assert all(0 <= value <= 1 for values in answers for value in values.values())
    assert answers[0] != answers[1]
