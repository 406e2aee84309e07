"""Mel-frequency cepstral coefficients (Davis & Mermelstein, 1980).

The numbers are those of ``torchaudio.transforms.MFCC``, without PyTorch and in
less time. ``librosa.feature.mfcc`` gives them too if it is told to: it uses
Slaney's mel scale, triangles of equal area, and zeros where this reflects, so
it needs ``htk=True, mel_norm=None, pad_mode="reflect"``. Reference (1.0) and
floor (80 dB below the loudest mel cell) are the same in all three.
"""

from functools import lru_cache

import numpy as np
import scipy.fft

from songfeat.mel import decibels, mel_filterbank, power_spectrogram, to_decibels
from songfeat.specs import BeatMfccSpec, MfccSpec, SeparatedMfccSpec


def mfcc(mono: np.ndarray, spec: MfccSpec) -> np.ndarray:
    """The MFCCs of a waveform.

    Parameters
    ----------
    mono : numpy.ndarray
        Floating point, (n_samples,), at the spec's sample rate; full scale is 1.
    spec : MfccSpec
        What to compute.

    Returns
    -------
    numpy.ndarray
        float32, (n_mfcc, n_frames). Column t is about sample ``t *
        hop_length``. Columns after the clip's end are zeros; samples past the
        last column still count for the loudest cell, from which the floor of
        `top_db` is measured.

    Raises
    ------
    AudioError
        If there are too few samples to reflect half a window.
    """
    return fit_frames(cepstrum(decibels(mono, spec), spec), spec.n_frames)


def beat_mfcc(mono: np.ndarray, spec: BeatMfccSpec) -> np.ndarray:
    """The MFCCs of a waveform, averaged from beat to beat.

    Returns
    -------
    numpy.ndarray
        float32, (n_mfcc, n_frames): what comes before the first beat, then one
        column a beat, then zeros. Where no beat is heard it is one column.

    Raises
    ------
    AudioError
        If there are too few samples to reflect half a window.
    """
    from librosa import beat, onset, util

    levels = decibels(mono, spec)
    strength = onset.onset_strength(S=levels, sr=spec.sample_rate)
    _, beats = beat.beat_track(
        onset_envelope=strength,
        sr=spec.sample_rate,
        hop_length=spec.hop_length,
        start_bpm=spec.start_bpm,
        tightness=spec.tightness,
        trim=False,
    )
    return fit_frames(util.sync(cepstrum(levels, spec), [0, *beats.tolist()], aggregate=np.mean), spec.n_frames)


def separated_mfcc(mono: np.ndarray, spec: SeparatedMfccSpec) -> np.ndarray:
    """The MFCCs of the harmonic and of the percussive part of a waveform.

    Returns
    -------
    numpy.ndarray
        float32, (2 * n_mfcc, n_frames). Frames past the last whole pool are dropped.

    Raises
    ------
    AudioError
        If there are too few samples to reflect half a window.
    """
    from librosa import decompose

    mel = mel_filterbank(spec) @ power_spectrogram(mono, spec)
    parts = decompose.hpss(np.sqrt(mel), kernel_size=spec.kernel)
    columns = np.concatenate([cepstrum(to_decibels(np.square(part), spec), spec) for part in parts])
    whole = columns.shape[1] // spec.pool * spec.pool
    pooled = columns[:, :whole].reshape(len(columns), -1, spec.pool).mean(axis=2)
    return fit_frames(pooled, spec.n_frames)


def cepstrum(levels: np.ndarray, spec: MfccSpec) -> np.ndarray:
    """The first coefficients of the orthonormal DCT-II of each column: (n_mels, any) to (n_mfcc, the same)."""
    coefficients: np.ndarray = _dct(spec) @ levels
    return coefficients


def fit_frames(columns: np.ndarray, n_frames: int) -> np.ndarray:
    """As many columns as wanted, float32: those past that are dropped, missing ones are zeros."""
    array = np.zeros((len(columns), n_frames), dtype=np.float32)
    used = min(columns.shape[1], n_frames)
    array[:, :used] = columns[:, :used]
    return array


@lru_cache(maxsize=16)
def _dct(spec: MfccSpec) -> np.ndarray:
    """The first rows of the orthonormal DCT-II, float32, (n_mfcc, n_mels)."""
    matrix = scipy.fft.dct(np.eye(spec.n_mels), axis=0, norm=spec.dct_norm)[: spec.n_mfcc]
    return np.ascontiguousarray(matrix, dtype=np.float32)
