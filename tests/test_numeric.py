import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from songfeat.errors import LabelMismatch
from songfeat.labels import FEATURES, NUMERIC_INPUTS
from songfeat.numeric import TEMPO_OFFSET, TYPICAL_OFFSET, NumericConfig, by_name, with_derived, without_impossible


def test_a_model_sees_the_six_inputs_in_order_and_the_offset_if_it_wants_it():
    assert NumericConfig(tempo_offset=False).columns == NUMERIC_INPUTS
    assert NumericConfig().columns == (*NUMERIC_INPUTS, TEMPO_OFFSET)


@pytest.mark.parametrize(
    ("tempo", "offset"),
    [(120.02, 0.02), (119.98, 0.02), (97.5, 0.5), (120.0, TYPICAL_OFFSET), (88, TYPICAL_OFFSET), (np.nan, np.nan)],
)
def test_the_offset_is_the_distance_from_a_whole_tempo_unless_the_tempo_was_rounded(tempo, offset):
    frame = with_derived(pd.DataFrame({"tempo": [tempo]}))
    assert frame[TEMPO_OFFSET].iloc[0] == pytest.approx(offset, nan_ok=True)
    assert frame["tempo"].iloc[0] == pytest.approx(tempo, nan_ok=True)


@given(st.lists(st.floats(20, 260), min_size=1))
def test_an_offset_is_never_more_than_half(tempos):
    assert with_derived(pd.DataFrame({"tempo": tempos}))[TEMPO_OFFSET].between(0, 0.5).all()


def test_inputs_are_found_by_name():
    frame = pd.DataFrame([range(8)], columns=["title", *NUMERIC_INPUTS[::-1], "energy"])
    assert list(by_name(frame).columns) == list(NUMERIC_INPUTS)
    assert by_name(frame)["tempo"].iloc[0] == frame["tempo"].iloc[0]
    with pytest.raises(LabelMismatch, match="there are 0 for tempo"):
        by_name(frame.drop(columns="tempo"))


@pytest.mark.parametrize("name", NUMERIC_INPUTS)
def test_only_what_is_out_of_range_becomes_a_gap(name):
    feature = FEATURES[name]
    frame = pd.DataFrame({one: [FEATURES[one].low] * 4 for one in NUMERIC_INPUTS})
    frame[name] = [feature.low, feature.high, feature.low - 0.5, feature.high + 0.5]
    gaps = without_impossible(frame).isna()
    assert gaps[name].tolist() == [False, False, True, True]
    assert not gaps.drop(columns=name).any(axis=None)
