"""Descriptors: what they must hear, and what must not change them."""

import numpy as np
import pytest

from songfeat.descriptors import MIN_SECONDS, SAMPLE_RATE, describe, digest
from songfeat.errors import SilentAudio


def clicks(tempo: float, seconds: float = 12.0) -> np.ndarray:
    """A noise burst on each beat, over a soft hiss."""
    random = np.random.default_rng(0)
    mono = 0.001 * random.standard_normal(int(seconds * SAMPLE_RATE))
    burst = 0.5 * random.standard_normal(800) * np.exp(-np.arange(800) / 150)
    for start in np.arange(0, len(mono) - 800, 60 / tempo * SAMPLE_RATE).astype(int):
        mono[start : start + 800] += burst
    return mono.astype(np.float32)


def chord(*pitches: int, seconds: float = 8.0) -> np.ndarray:
    """MIDI pitches sounding together, each with four partials."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tones = [
        np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * partial * time) / partial
        for pitch in pitches
        for partial in range(1, 5)
    ]
    return (0.05 * np.sum(tones, axis=0)).astype(np.float32)


def test_loudness_changes_the_level_alone():
    mono = clicks(110) + chord(60, 64, 67, seconds=12)
    loud, soft = describe(mono), describe(mono / 2)
    changed = {name for name in loud if not np.allclose(loud[name], soft[name], rtol=1e-3, atol=2e-3)}
    assert changed == {"level"}
    assert loud["level"][0] - soft["level"][0] == pytest.approx(20 * np.log10(2), abs=1e-3)


def test_silence_around_the_music_changes_nothing():
    mono = clicks(110)
    silence = np.zeros(512 * 100, dtype=np.float32)
    padded = describe(np.concatenate([silence, mono, silence]))
    for name, values in describe(mono).items():
        np.testing.assert_allclose(padded[name], values, rtol=1e-4, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("tempo", [80, 120, 150])
def test_the_beat_of_clicks_is_found(tempo: int):
    groups = describe(clicks(tempo))
    octaves_from_120 = groups["beat"][0]
    assert 120 * 2**octaves_from_120 == pytest.approx(tempo, rel=0.03)
    assert groups["beat"][2] > 0.3  # how strong it is
    assert groups["tempogram"].max() > np.median(groups["tempogram"]) + 0.5


def test_clicks_are_steadier_than_noise():
    noise = np.random.default_rng(1).standard_normal(12 * SAMPLE_RATE).astype(np.float32) / 10
    assert describe(clicks(120, 20))["steadiness"][1] > 3 * abs(describe(noise)["steadiness"][1])


def test_major_and_minor_are_told_apart_in_every_key():
    for root in range(57, 64):
        major, minor = describe(chord(root, root + 4, root + 7)), describe(chord(root, root + 3, root + 7))
        assert major["key"][2] > 0 > minor["key"][2]
        assert major["chords"][2] > 0 > minor["chords"][2]


def test_tones_stand_out_of_noise():
    noise = np.random.default_rng(2).standard_normal(8 * SAMPLE_RATE).astype(np.float32) / 10
    assert describe(chord(60, 64, 67))["tonalness"][3] < describe(noise)["tonalness"][3] - 5


@pytest.mark.parametrize("seconds", [0.0, 0.01, MIN_SECONDS - 0.5])
def test_too_little_sound_is_refused_in_words(seconds: float):
    with pytest.raises(SilentAudio, match="are needed"):
        describe(clicks(120)[: int(seconds * SAMPLE_RATE)])


@pytest.mark.parametrize("seconds", [MIN_SECONDS + 0.1, 17.3, 31.0])
def test_any_length_gives_the_same_finite_layout(seconds: float):
    groups = describe(clicks(120, seconds + 1)[: int(seconds * SAMPLE_RATE)])
    assert digest(groups) == digest(describe(clicks(90)))
    assert all(np.isfinite(values).all() and values.ndim == 1 for values in groups.values())


def test_a_constant_tone_leaves_no_gaps():
    tone = np.full(8 * SAMPLE_RATE, 0.3, dtype=np.float32)
    assert all(np.isfinite(values).all() for values in describe(tone).values())
