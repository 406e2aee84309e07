"""Mel-frequency cepstral coefficients (Davis & Mermelstein, 1980) in NumPy and SciPy.

The numbers are those of ``torchaudio.transforms.MFCC``, without PyTorch and in
less time. ``librosa.feature.mfcc`` gives them too if it is told to: it uses
Slaney's mel scale, triangles of equal area, and zeros where this reflects, so
it needs ``htk=True, mel_norm=None, pad_mode="reflect"``. Reference (1.0) and
floor (80 dB below the loudest mel cell) are the same in all three.
"""

import os
from functools import lru_cache

import numpy as np
import scipy.fft
from scipy.sparse import csr_array

from songfeat.audio import load_mono
from songfeat.errors import AudioError
from songfeat.specs import MfccSpec


def extract(path: str | os.PathLike[str], spec: MfccSpec) -> np.ndarray:
    """The MFCCs of an audio file.

    Returns
    -------
    numpy.ndarray
        float32, (n_mfcc, n_frames), see :func:`mfcc`.

    Raises
    ------
    AudioError
        If the file has no sound that can be used.
    """
    mono = load_mono(
        path,
        sample_rate=spec.sample_rate,
        max_seconds=spec.max_seconds,
        cut=spec.cut,
        min_seconds=spec.min_seconds,
    )
    return mfcc(mono, spec)


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
    if mono.ndim != 1 or mono.dtype.kind != "f":
        raise ValueError(f"mono must be one-dimensional and of floats, not {mono.ndim}-dimensional {mono.dtype}.")
    half = spec.n_fft // 2
    if len(mono) <= half:
        raise AudioError(f"The clip has {len(mono)} samples; its MFCCs need more than {half}.")
    padded = np.pad(mono.astype(np.float32, copy=False), half, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, spec.n_fft)[:: spec.hop_length] * _window(spec)
    spectrum = scipy.fft.rfft(frames, axis=1, overwrite_x=True)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    mel = mel_filterbank(spec) @ power.T
    decibels = 10 * np.log10(np.maximum(mel, spec.amin))
    np.maximum(decibels, decibels.max() - spec.top_db, out=decibels)
    used = min(decibels.shape[1], spec.n_frames)
    array = np.zeros(spec.shape, dtype=np.float32)
    array[:, :used] = _dct(spec) @ decibels[:, :used]
    return array


@lru_cache(maxsize=16)
def mel_filterbank(spec: MfccSpec) -> csr_array:
    """The weights of each frequency bin in each mel band.

    Triangles of height 1 whose corners lie evenly on the HTK mel scale (Young
    et al., The HTK Book), computed in float32 as torchaudio does.

    Returns
    -------
    scipy.sparse.csr_array
        float32, (n_mels, n_fft // 2 + 1), for reading only.
    """
    low, high = 2595.0 * np.log10(1.0 + np.array([spec.f_min, spec.f_max]) / 700.0)
    mels = np.linspace(low, high, spec.n_mels + 2, dtype=np.float32)
    corners = 700.0 * (10.0 ** (mels / 2595.0) - 1.0)
    bins = np.linspace(0, spec.sample_rate // 2, spec.n_fft // 2 + 1, dtype=np.float32)
    widths = np.diff(corners)[:, np.newaxis]
    distances = corners[:, np.newaxis] - bins
    rising = -distances[:-2] / widths[:-1]
    falling = distances[2:] / widths[1:]
    bank = csr_array(np.maximum(np.float32(0), np.minimum(rising, falling)))
    bank.data.flags.writeable = False
    return bank


@lru_cache(maxsize=16)
def _window(spec: MfccSpec) -> np.ndarray:
    """The periodic Hann window, float32, (n_fft,), with zeros on both sides where it is shorter."""
    hann = np.square(np.sin(np.pi * np.arange(spec.win_length) / spec.win_length))
    before = (spec.n_fft - spec.win_length) // 2
    return np.pad(hann, (before, spec.n_fft - spec.win_length - before)).astype(np.float32)


@lru_cache(maxsize=16)
def _dct(spec: MfccSpec) -> np.ndarray:
    """The first rows of the orthonormal DCT-II, float32, (n_mfcc, n_mels)."""
    matrix = scipy.fft.dct(np.eye(spec.n_mels), axis=0, norm=spec.dct_norm)[: spec.n_mfcc]
    return np.ascontiguousarray(matrix, dtype=np.float32)
