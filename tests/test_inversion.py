"""What MFCCs keep, and the sound that is made of it again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from songfeat.inversion import equally_loud, kept, mel_levels, power_spectrum, rebuild
from songfeat.mel import mel_filterbank
from songfeat.mfcc import cepstrum
from songfeat.specs import REPORT_SPEC, MfccSpec

SMALL = MfccSpec(n_fft=1024, win_length=1024, hop_length=512, n_mels=40, n_mfcc=13)


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    count = int(seconds * SMALL.sample_rate)
    return np.random.default_rng(seed).normal(0, 0.1, count).astype(np.float32)


def test_all_coefficients_keep_all():
    whole = MfccSpec(n_fft=1024, win_length=1024, hop_length=512, n_mels=40, n_mfcc=40)
    found = kept(noise(1.0), whole)
    np.testing.assert_allclose(found.rebuilt, found.levels, atol=1e-3)
    assert found.error_db == pytest.approx(0, abs=1e-3)
    assert found.share == pytest.approx(1, abs=1e-6)


def test_what_is_lost_is_the_coefficients_left_out():
    mono = noise(1.0)
    found = kept(mono, SMALL)
    everything = cepstrum(found.levels, MfccSpec(n_fft=1024, win_length=1024, hop_length=512, n_mels=40, n_mfcc=40))
    left_out = np.square(everything[SMALL.n_mfcc :]).sum()
    assert found.error_db == pytest.approx(np.sqrt(left_out / found.levels.size), rel=1e-4)
    assert found.share == pytest.approx(1 - left_out / np.square(found.levels - found.levels.mean()).sum(), rel=1e-4)


@settings(max_examples=20)
@given(seed=st.integers(0, 99))
def test_more_coefficients_never_keep_less(seed: int):
    mono = noise(0.3, seed)
    shares = [
        kept(mono, MfccSpec(n_fft=1024, win_length=1024, hop_length=512, n_mels=40, n_mfcc=count)).share
        for count in (1, 4, 13, 40)
    ]
    assert shares == sorted(shares)


def test_what_the_report_keeps_is_of_the_mel_spectrogram_it_describes():
    """From 20 coefficients the mel spectrum is so smooth that spreading it over frequencies loses next to nothing."""
    coefficients = kept(noise(3.0), REPORT_SPEC).coefficients
    levels = mel_levels(coefficients, REPORT_SPEC)
    again = 10 * np.log10(mel_filterbank(REPORT_SPEC) @ power_spectrum(levels, REPORT_SPEC))
    assert np.sqrt(np.mean(np.square(again - levels))) < 0.2


def test_a_flat_spectrum_comes_back_flat():
    levels = np.full((SMALL.n_mels, 2), 10.0) + 10 * np.log10(mel_filterbank(SMALL).sum(axis=1))[:, np.newaxis]
    power = power_spectrum(levels, SMALL)
    held = mel_filterbank(SMALL).sum(axis=0) > 0
    np.testing.assert_allclose(power[held], 10.0, rtol=1e-5)
    assert not power[~held].any()


def test_rebuilt_sound_has_the_length_and_nearly_the_coefficients_it_was_made_of():
    time = np.arange(int(2 * SMALL.sample_rate)) / SMALL.sample_rate
    mono = (0.3 * np.sin(2 * np.pi * 330 * time) * (1 + 0.5 * np.sin(2 * np.pi * time)) + noise(2.0)).astype(np.float32)
    found = kept(mono, SMALL)
    again = rebuild(found.coefficients, SMALL, n_samples=len(mono), iterations=8)
    assert again.shape == mono.shape
    assert again.dtype == np.float32
    assert np.isfinite(again).all()
    heard = kept(again, SMALL)
    assert np.sqrt(np.mean(np.square(heard.rebuilt - found.rebuilt))) < 3  # dB, where silence would be tens away


def test_windows_that_do_not_overlap_leave_no_gaps():
    mono = noise(3.0)
    again = rebuild(kept(mono, REPORT_SPEC).coefficients, REPORT_SPEC, n_samples=len(mono), iterations=2)
    loudness = np.square(again[: len(again) // 2048 * 2048].reshape(-1, 2048)).mean(axis=1)
    assert loudness.min() > 0.05 * loudness.mean()


def test_sounds_are_made_equally_loud_within_full_scale():
    quiet, loud = noise(0.1) * 0.1, noise(0.1, 1)
    original, rebuilt = equally_loud(loud, quiet)
    np.testing.assert_array_equal(original, loud)
    assert np.std(rebuilt) == pytest.approx(np.std(loud), rel=1e-2)
    click = np.zeros(400, np.float32)
    click[50] = 0.5  # at full scale still quieter than the noise
    original, rebuilt = equally_loud(loud, click)
    assert rebuilt.max() == pytest.approx(1)
    level = np.sqrt(np.mean(np.square(original)))
    assert level == pytest.approx(np.sqrt(np.mean(np.square(rebuilt))), rel=1e-5)
    assert level < np.std(loud)
    for silent in equally_loud(np.zeros(3, np.float32), np.zeros(3, np.float32)):
        np.testing.assert_array_equal(silent, np.zeros(3))
