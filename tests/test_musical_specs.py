"""MFCCs from beat to beat, and of harmonic and percussive parts: on sound whose beats and parts are known."""

import numpy as np
import pytest

from songfeat.errors import ConfigError
from songfeat.extraction import compute, extract
from songfeat.mel import decibels
from songfeat.mfcc import cepstrum, mfcc
from songfeat.specs import SPECS, BeatMfccSpec, MfccSpec, SeparatedMfccSpec, spec_from_dict

RATE = 44_100
BEAT, APART = SPECS["report_beat"], SPECS["report_separated"]


def clicks(bpm: float, seconds: float = 12) -> np.ndarray:
    """A drum on each beat, over a soft tone whose pitch changes from beat to beat."""
    times = np.arange(int(seconds * RATE)) / RATE
    beat = (times * bpm / 60).astype(int)
    since = times - beat * 60 / bpm
    noise = np.random.default_rng(0).normal(size=len(times))
    tone = np.sin(2 * np.pi * (220 + 110 * (beat % 4)) * times)
    return (0.5 * noise * np.exp(-since * 60) + 0.1 * tone).astype(np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("bpm", [90, 120, 150])
def test_there_is_a_column_a_beat(bpm: float):
    array = compute(clicks(bpm), BEAT)
    columns = int((array != 0).any(axis=0).sum())
    assert array.shape == BEAT.shape == (20, 128)
    assert columns == pytest.approx(12 * bpm / 60, abs=2.5)


@pytest.mark.slow
def test_a_beat_is_the_mean_of_its_frames():
    mono = clicks(120)
    array = compute(mono, BEAT)
    fine = cepstrum(decibels(mono, BEAT), BEAT)
    columns = int((array != 0).any(axis=0).sum())
    # Whatever the beats are: averaged by their lengths, the columns are the mean over all frames.
    start = [0]
    for column in array.T[:columns]:
        means = np.cumsum(fine[:, start[-1] :], axis=1) / np.arange(1, fine.shape[1] - start[-1] + 1)
        fits = np.flatnonzero(np.abs(means - column[:, np.newaxis]).max(axis=0) < 1e-2)
        assert len(fits), "no run of frames from here has this mean"
        start.append(start[-1] + int(fits[0]) + 1)
    assert start[-1] == fine.shape[1]
    assert np.diff(start)[1:-1] == pytest.approx(0.5 * RATE / BEAT.hop_length, abs=3)


@pytest.mark.slow
def test_silence_has_no_beat_and_is_one_column():
    array = compute(np.zeros(5 * RATE, dtype=np.float32), BEAT)
    assert (array[:, 0] != 0).any()
    assert not array[:, 1:].any()


def test_a_tone_is_harmonic_and_a_click_percussive():
    times = np.arange(8 * RATE) / RATE
    tone = (0.3 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)
    struck = np.zeros_like(tone)
    struck[RATE // 4 :: RATE // 2] = 0.9
    for mono, louder in ((tone, 0), (struck, 1)):
        harmonic, percussive = np.split(compute(mono, APART), 2)
        loudness = [part[0, 2:80].mean() for part in (harmonic, percussive)]  # coefficient 0 is the level
        assert int(np.argmax(loudness)) == louder


def test_harmonic_and_percussive_parts_stand_one_after_the_other_at_the_pace_of_the_report():
    assert APART.shape == (40, 160)
    assert APART.channels[0] == "harmonic_mfcc_0"
    assert APART.channels[20] == "percussive_mfcc_0"
    assert APART.frames_per_second == MfccSpec().frames_per_second
    short = compute(clicks(120, seconds=5), APART)
    used = (short != 0).any(axis=0)
    assert used.sum() == pytest.approx(5 * APART.frames_per_second, abs=1)
    assert used[: used.sum()].all()


def test_each_is_another_spec_than_plain_mfccs_of_the_same_numbers():
    plain = MfccSpec(**{name: value for name, value in BEAT.as_dict().items() if name in MfccSpec().as_dict()})
    assert plain.digest != BEAT.digest
    assert mfcc(clicks(120), plain).shape == BEAT.shape
    for spec in (BEAT, APART):
        assert spec_from_dict(spec.as_dict()) == spec
        assert type(spec_from_dict(spec.as_dict())) is type(spec)


@pytest.mark.parametrize(
    ("family", "wrong"),
    [(BeatMfccSpec, {"tightness": 0}), (SeparatedMfccSpec, {"pool": 0}), (SeparatedMfccSpec, {"kernel": 2.5})],
)
def test_what_makes_no_sense_is_refused(family, wrong):
    (name,) = wrong
    with pytest.raises(ConfigError, match=f"spec's {name} must be"):
        family(**wrong)


@pytest.mark.slow
def test_real_clips_give_finite_arrays(real_data):
    for path in sorted((real_data / "clips" / "labelled").glob("*.mp3"))[:2]:
        for spec in (BEAT, APART):
            array = extract(path, spec)
            assert np.isfinite(array).all()
            assert array.std() > 1
