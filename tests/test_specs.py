"""Specs: their digests, their round trips and what they refuse."""

import json
from dataclasses import FrozenInstanceError, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from songfeat.errors import ConfigError, SpecMismatch, UnknownName
from songfeat.specs import REPORT_SPEC, SPECS, MfccSpec, get_spec, spec_from_dict

CHANGED = {
    "sample_rate": 48_000,
    "max_seconds": 31.0,
    "cut": "centre",
    "min_seconds": 2.0,
    "n_fft": 8192,
    "win_length": 2048,
    "hop_length": 4096,
    "n_mels": 128,
    "f_min": 20.0,
    "f_max": 16_000.0,
    "amin": 1e-9,
    "top_db": 60.0,
    "n_mfcc": 13,
    "n_frames": 80,
}
FIXED = {
    "mono": "left",
    "resampler": "linear",
    "window": "hamming",
    "centre": False,
    "pad_mode": "constant",
    "power": 1.0,
    "mel_scale": "slaney",
    "mel_norm": "slaney",
    "dct_norm": None,
    "version": 2,
}

specs = st.builds(
    lambda n_fft, **values: MfccSpec(n_fft=n_fft, win_length=n_fft, **values),
    n_fft=st.sampled_from([1024, 2048, 4096]),
    hop_length=st.integers(1, 10_000),
    n_mels=st.integers(64, 256),
    n_mfcc=st.integers(1, 64),
    n_frames=st.integers(1, 3000),
    f_min=st.floats(0, 300),
    top_db=st.floats(1, 200),
    max_seconds=st.one_of(st.integers(1, 60), st.floats(1, 60)),
    cut=st.sampled_from(["first", "centre"]),
)


def test_digests_are_pinned():
    # A change here makes every stored array and checkpoint another spec's: raise `version`, never only the pin.
    assert {name: spec.digest for name, spec in SPECS.items()} == {
        "report": "cca5008ffe3ea782",
        "report_centre": "a2f136ccef9cb187",
        "report_deep": "79fae1c7d7d1584b",
        "deep_small": "9fdd14e31ffb7b75",
        "report_beat": "2b8efac209bc1e6f",
        "report_separated": "77484490fe949fd0",
        "logmel": "a920f121ee6b2546",
        "mfcc20_means": "d5767da825369e49",
        "mfcc40_means": "cc8384f72488fbad",
        "gtzan_statistics": "4c5e84cdc82263fc",
    }


def test_report_spec_has_the_reports_shape():
    assert REPORT_SPEC.shape == (20, 160)
    assert REPORT_SPEC.frames_per_second == pytest.approx(5.3833, abs=1e-4)
    assert get_spec("report") is REPORT_SPEC
    assert get_spec("report_centre") == replace(REPORT_SPEC, cut="centre")


def test_every_field_is_either_changed_or_fixed_below():
    assert {field.name for field in fields(MfccSpec)} == {*CHANGED, *FIXED}


@pytest.mark.parametrize(("name", "value"), CHANGED.items())
def test_each_field_changes_the_digest(name, value):
    changed = replace(REPORT_SPEC, **{name: value})
    assert getattr(changed, name) == value
    assert changed.digest != REPORT_SPEC.digest


@pytest.mark.parametrize(("name", "value"), FIXED.items())
def test_fields_with_one_supported_value_refuse_others_by_name(name, value):
    with pytest.raises(ConfigError, match=f"spec's {name} must be .*, not {value!r}"):
        replace(REPORT_SPEC, **{name: value})


@given(specs)
def test_round_trip_through_json_keeps_spec_and_digest(spec):
    again = spec_from_dict(json.loads(json.dumps(spec.as_dict())))
    assert again == spec
    assert hash(again) == hash(spec)
    assert again.digest == spec.digest


@given(specs, specs)
def test_digests_are_equal_exactly_when_specs_are(one, other):
    assert (one.digest == other.digest) == (one == other)


def test_spelling_of_a_number_does_not_change_the_digest():
    spelled = MfccSpec(max_seconds=32, f_min=0, f_max=22_050, power=2, version=True, top_db=80)
    assert spelled.digest == REPORT_SPEC.digest
    assert json.dumps(spelled.as_dict()) == json.dumps(REPORT_SPEC.as_dict())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"n_mels": 0}, "n_mels must be a whole number of at least 1, not 0"),
        ({"n_mfcc": 20.0}, "n_mfcc must be a whole number of at least 1, not 20.0"),
        ({"n_frames": True}, "n_frames must be a whole number"),
        ({"hop_length": -1}, "hop_length must be a whole number"),
        ({"sample_rate": "44100"}, "sample_rate must be a whole number"),
        ({"n_fft": 4097, "win_length": 4096}, "n_fft must be even, not 4097"),
        ({"win_length": 8192}, "win_length must be at most n_fft, 4096, not 8192"),
        ({"n_mfcc": 257}, "n_mfcc must be at most n_mels, 256, not 257"),
        ({"f_max": 22_051}, "f_max must be at most half the sample rate, 22050 Hz, not 22051"),
        ({"sample_rate": 22_050}, "f_max must be at most half the sample rate, 11025 Hz"),
        ({"f_min": -1}, "f_min must be from 0 to below f_max"),
        ({"f_min": 8000, "f_max": 8000}, "f_min must be from 0 to below f_max, 8000 Hz, not 8000"),
        ({"amin": 0}, "amin must be above 0, not 0"),
        ({"top_db": float("inf")}, "top_db must be a finite number, not inf"),
        ({"top_db": None}, "top_db must be a finite number, not None"),
        ({"max_seconds": float("nan")}, "max_seconds must be a finite number, not nan"),
        ({"max_seconds": 0.5}, "max_seconds must be at least min_seconds, 1, not 0.5"),
        ({"min_seconds": 0.04}, "min_seconds must be above 0.0464"),
        ({"cut": "middle"}, "cut must be 'first' or 'centre', not 'middle'"),
    ],
)
def test_values_that_do_not_fit_are_refused_by_name(values, message):
    with pytest.raises(ConfigError, match=message):
        MfccSpec(**values)


def test_from_dict_refuses_unknown_and_missing_fields():
    values = REPORT_SPEC.as_dict()
    with pytest.raises(ConfigError, match="no field 'hop_size'"):
        spec_from_dict({**values, "hop_size": 512})
    del values["top_db"]
    with pytest.raises(SpecMismatch, match="does not say its 'top_db'"):
        spec_from_dict(values)


def test_specs_cannot_be_changed_or_given_by_position():
    with pytest.raises(FrozenInstanceError):
        REPORT_SPEC.n_mels = 128
    with pytest.raises(TypeError):
        MfccSpec(22_050)


def test_unknown_spec_lists_the_choices():
    with pytest.raises(UnknownName, match=r"no spec 'reprot'. Did you mean 'report'\?.*report, report_beat"):
        get_spec("reprot")
