"""MFCCs against torchaudio and librosa, and what must be true of them whatever the library."""

import subprocess
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchaudio.transforms import MFCC

from songfeat.audio import load_mono
from songfeat.errors import AudioError
from songfeat.extraction import extract
from songfeat.mel import mel_filterbank
from songfeat.mfcc import mfcc
from songfeat.specs import REPORT_SPEC, MfccSpec, get_spec

TOLERANCE = 5e-3  # of coefficients that reach several hundred
REPORTS_TRANSFORM = MFCC(
    sample_rate=44_100, n_mfcc=20, melkwargs={"n_fft": 4096, "hop_length": 8192, "n_mels": 256, "mel_scale": "htk"}
)


def noise(seconds, rate=44_100, seed=0, amplitude=0.3):
    return (amplitude * np.random.default_rng(seed).standard_normal(round(seconds * rate))).astype(np.float32)


def chirp(seconds, rate=44_100, amplitude=0.5):
    time = np.arange(round(seconds * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * (50 + 4_000 * time / seconds) * time)).astype(np.float32)


def torchaudio_mfcc(mono, spec):
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # "at least one mel filterbank is zero"
        transform = MFCC(
            sample_rate=spec.sample_rate,
            n_mfcc=spec.n_mfcc,
            melkwargs={
                "n_fft": spec.n_fft,
                "win_length": spec.win_length,
                "hop_length": spec.hop_length,
                "n_mels": spec.n_mels,
                "f_min": spec.f_min,
                "f_max": spec.f_max,
            },
        )
    transform.amplitude_to_DB.top_db = spec.top_db
    return fitted(transform(torch.from_numpy(mono)).numpy(), spec)


def fitted(coefficients, spec):
    """Columns cut off or zeros put at the end, as the report pads."""
    n_missing = max(0, spec.n_frames - coefficients.shape[1])
    return np.pad(coefficients[:, : spec.n_frames], ((0, 0), (0, n_missing)))


def assert_equals_torchaudio(mono, spec):
    ours = mfcc(mono, spec)
    assert (ours.shape, ours.dtype) == (spec.shape, np.float32)
    np.testing.assert_allclose(ours, torchaudio_mfcc(mono, spec), rtol=0, atol=TOLERANCE)


def test_the_report_spec_is_the_reports_transform():
    mono = noise(5)
    theirs = fitted(REPORTS_TRANSFORM(torch.from_numpy(mono)).numpy(), REPORT_SPEC)
    np.testing.assert_allclose(mfcc(mono, REPORT_SPEC), theirs, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize(
    "mono",
    [
        noise(3),
        chirp(3),
        noise(3, amplitude=1e-4),
        np.concatenate([chirp(2), np.zeros(44_100, dtype=np.float32)]),
        np.zeros(44_100, dtype=np.float32),
        np.eye(1, 50_000, 20_000, dtype=np.float32)[0],
    ],
    ids=["noise", "chirp", "quiet", "silence after sound", "silence", "click"],
)
def test_equals_torchaudio_on_synthetic_sounds(mono):
    assert_equals_torchaudio(mono, REPORT_SPEC)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_equals_torchaudio_for_other_lengths_and_specs(data):
    rate = data.draw(st.sampled_from([16_000, 22_050, 44_100]))
    n_fft = data.draw(st.sampled_from([512, 1024, 2048, 4096]))
    n_mels = data.draw(st.integers(8, 256))
    spec = MfccSpec(
        sample_rate=rate,
        n_fft=n_fft,
        win_length=data.draw(st.integers(n_fft // 4, n_fft)),
        hop_length=data.draw(st.integers(300, 9_000)),
        n_mels=n_mels,
        n_mfcc=data.draw(st.integers(1, min(n_mels, 40))),
        f_min=data.draw(st.sampled_from([0.0, 20.0, 300.0])),
        f_max=data.draw(st.sampled_from([4_000.0, 8_000.0, rate / 2])),
        top_db=data.draw(st.sampled_from([40.0, 80.0])),
        n_frames=data.draw(st.integers(1, 100)),
    )
    n_samples = data.draw(st.integers(n_fft // 2 + 1, 3 * rate))
    amplitude = 10 ** data.draw(st.floats(-4, 0))
    mono = noise(n_samples / rate, rate, data.draw(st.integers(0, 99)), amplitude)
    assert_equals_torchaudio(mono, spec)


@pytest.mark.real
@pytest.mark.parametrize("pattern", ["*.mp3", "*.ogg"])
def test_equals_torchaudio_on_real_clips(real_data, pattern):
    clips = sorted((real_data / "clips" / "labelled").glob(pattern))
    chosen = clips[:: len(clips) // 6][:6]
    assert len(chosen) == 6
    for path in chosen:
        mono = load_mono(path, sample_rate=44_100, max_seconds=32)
        theirs = fitted(REPORTS_TRANSFORM(torch.from_numpy(mono)).numpy(), REPORT_SPEC)
        ours = extract(path, REPORT_SPEC)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE, err_msg=path.name)
        assert np.ptp(ours[0]) > 10, "music, not a constant"


def test_frames_past_the_last_are_dropped_but_their_samples_count():
    mono = chirp(30.1)
    assert REPORTS_TRANSFORM(torch.from_numpy(mono)).shape == (20, 163)
    assert_equals_torchaudio(mono, REPORT_SPEC)
    # A crash in frame 161 is in no column, yet raises the floor of 80 dB below the loudest cell under all of them.
    crash = mono * np.float32(1e-3)
    crash[161 * 8192 - 2000 : 161 * 8192 + 2000] += noise(4000 / 44_100, amplitude=1.0)
    assert_equals_torchaudio(crash, REPORT_SPEC)
    without = mfcc(crash[: 160 * 8192], REPORT_SPEC)
    assert np.abs(mfcc(crash, REPORT_SPEC) - without).max() > 10


def test_shorter_clips_end_in_zeros():
    mono = noise(10)
    n_used = 1 + len(mono) // REPORT_SPEC.hop_length
    ours = mfcc(mono, REPORT_SPEC)
    assert_equals_torchaudio(mono, REPORT_SPEC)
    assert (ours[:, n_used:] == 0).all()
    assert (ours[0, :n_used] != 0).all()


def test_a_preview_fills_the_160_frames_exactly():
    assert (mfcc(noise(1_310_328 / 44_100), REPORT_SPEC)[0] != 0).all()
    assert mfcc(noise((159 * 8192 - 1) / 44_100), REPORT_SPEC)[0, 159] == 0


def test_time_runs_along_the_columns():
    step = 40
    mono = noise(20)
    mono[: step * REPORT_SPEC.hop_length] *= np.float32(0.01)
    loudness = mfcc(mono, REPORT_SPEC)[0]
    assert np.argmax(np.abs(np.diff(loudness[:100]))) in (step - 1, step)
    # 40 dB in each of 256 bands raise the first orthonormal coefficient by 40 sqrt(256).
    assert loudness[step + 1 : 100].mean() - loudness[: step - 1].mean() == pytest.approx(640, rel=0.05)


def test_louder_sound_changes_the_first_coefficient_alone():
    quiet, loud = mfcc(noise(5, amplitude=0.01), REPORT_SPEC), mfcc(noise(5, amplitude=0.1), REPORT_SPEC)
    n_used = 1 + 5 * 44_100 // 8192
    np.testing.assert_allclose((loud - quiet)[0, :n_used], 20 * 16, atol=0.01)
    np.testing.assert_allclose(loud[1:], quiet[1:], atol=0.01)


def test_same_sound_at_two_sample_rates_is_about_the_same(tmp_path):
    rng = np.random.default_rng(0)
    frequencies, phases, rates = rng.uniform(40, 15_000, 40), rng.uniform(0, 6, 40), rng.uniform(0.2, 4, 40)
    arrays = []
    for rate in (44_100, 48_000):
        time = np.arange(4 * rate)[:, np.newaxis] / rate
        partials = np.sin(2 * np.pi * frequencies * time + phases) * (1 + np.sin(2 * np.pi * rates * time))
        soundfile.write(tmp_path / "song.wav", partials.mean(axis=1), rate, subtype="FLOAT")
        arrays.append(extract(tmp_path / "song.wav", REPORT_SPEC))
    difference = np.abs(arrays[0] - arrays[1])[:, 1:21]  # but for where the sound starts and stops
    assert 0 < difference.max() < 0.02 * np.ptp(arrays[0][:, :21])


def test_the_centre_of_a_song_is_extracted_when_the_spec_says_so(tmp_path):
    mono = np.concatenate([noise(20, seed=1, amplitude=0.05), noise(32, seed=2), noise(20, seed=3, amplitude=0.05)])
    path = tmp_path / "song.wav"
    soundfile.write(path, mono, 44_100, subtype="FLOAT")
    centre, first = slice(20 * 44_100, 52 * 44_100), slice(32 * 44_100)
    np.testing.assert_array_equal(extract(path, get_spec("report_centre")), mfcc(mono[centre], REPORT_SPEC))
    np.testing.assert_array_equal(extract(path, REPORT_SPEC), mfcc(mono[first], REPORT_SPEC))


def test_same_samples_give_the_same_bits(tmp_path):
    path = tmp_path / "song.mp3"
    soundfile.write(path, noise(3), 44_100)
    assert extract(path, REPORT_SPEC).tobytes() == extract(path, REPORT_SPEC).tobytes()
    mono = noise(3)
    kept = mono.copy()
    assert mfcc(mono, REPORT_SPEC).tobytes() == mfcc(mono.astype(np.float64), REPORT_SPEC).tobytes()
    np.testing.assert_array_equal(mono, kept)


def test_filterbank_equals_torchaudios_and_librosas():
    import librosa.filters

    ours = mel_filterbank(REPORT_SPEC)
    assert (ours.shape, ours.dtype) == ((256, 2049), np.float32)
    theirs = REPORTS_TRANSFORM.MelSpectrogram.mel_scale.fb.numpy().T
    np.testing.assert_allclose(ours.toarray(), theirs, atol=1e-4)
    assert ours.nnz == np.count_nonzero(theirs)
    librosas = librosa.filters.mel(sr=44_100, n_fft=4096, n_mels=256, htk=True, norm=None)
    np.testing.assert_allclose(ours.toarray(), librosas, atol=1e-3)  # torchaudio's corners are float32
    assert mel_filterbank(MfccSpec()) is ours


def test_equals_librosa_when_it_is_given_the_same_options():
    import librosa.feature

    mono = np.concatenate([noise(1), chirp(2)])
    sizes = {"sr": 44_100, "n_mfcc": 20, "n_fft": 4096, "hop_length": 8192, "n_mels": 256}
    theirs = librosa.feature.mfcc(y=mono, **sizes, htk=True, mel_norm=None, pad_mode="reflect")
    np.testing.assert_allclose(mfcc(mono, REPORT_SPEC), fitted(theirs, REPORT_SPEC), rtol=0, atol=TOLERANCE)
    by_default = librosa.feature.mfcc(y=mono, **sizes)
    assert np.abs(mfcc(mono, REPORT_SPEC) - fitted(by_default, REPORT_SPEC)).max() > 50


@pytest.mark.parametrize("mono", [np.zeros(2048), np.zeros(0)])
def test_too_few_samples_to_reflect_are_refused(mono):
    with pytest.raises(AudioError, match=f"has {len(mono)} samples; its spectrogram needs more than 2048"):
        mfcc(mono, REPORT_SPEC)
    assert np.isfinite(mfcc(np.zeros(2049), REPORT_SPEC)).all()


@pytest.mark.parametrize("wrong", [np.zeros((2, 44_100)), np.zeros(44_100, dtype=np.int16)])
def test_stereo_and_whole_numbers_are_a_mistake_in_the_program(wrong):
    with pytest.raises(ValueError, match="one-dimensional and of floats"):
        mfcc(wrong, REPORT_SPEC)


def test_clips_shorter_than_the_spec_asks_for_are_refused(tmp_path):
    path = tmp_path / "song.wav"
    soundfile.write(path, noise(1.5), 44_100)
    assert extract(path, REPORT_SPEC).shape == (20, 160)
    with pytest.raises(AudioError, match=r"song.wav lasts 1.50 s; at least 2 s are needed"):
        extract(path, replace(REPORT_SPEC, min_seconds=2))


def test_import_stays_light():
    heavy = "{'torch', 'torchaudio', 'librosa', 'av', 'pandas', 'sklearn'}"
    code = f"import sys, songfeat.mfcc; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
