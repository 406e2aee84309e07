"""Mel spectrograms in decibels, in NumPy and SciPy: what MFCCs and log-mel arrays have in common.

The numbers are those of ``torchaudio.transforms.MelSpectrogram`` and
``AmplitudeToDB``, without PyTorch and in less time.
"""

from functools import lru_cache

import numpy as np
import scipy.fft
from scipy.sparse import csr_array

from songfeat.errors import AudioError
from songfeat.specs import LogMelSpec, MelSpec


def log_mel(mono: np.ndarray, spec: LogMelSpec) -> np.ndarray:
    """The log-mel array of a waveform.

    Parameters
    ----------
    mono : numpy.ndarray
        Floating point, (n_samples,), at the spec's sample rate; full scale is 1.
    spec : LogMelSpec

    Returns
    -------
    numpy.ndarray
        float32, (n_mels, n_frames), decibels; see :func:`decibels`. Columns
        after the clip's end have the floor's value.

    Raises
    ------
    AudioError
        If there are too few samples to reflect half a window.
    """
    levels = decibels(mono, spec)
    used = min(levels.shape[1], spec.n_frames)
    array = np.full(spec.shape, levels.max() - spec.top_db, dtype=np.float32)
    array[:, :used] = levels[:, :used]
    return array


def decibels(mono: np.ndarray, spec: MelSpec) -> np.ndarray:
    """The mel spectrogram of a whole waveform in decibels.

    Returns
    -------
    numpy.ndarray
        float32, (n_mels, frames of the waveform). Column t is about sample
        ``t * hop_length``. No cell is more than `top_db` below the loudest.

    Raises
    ------
    AudioError
        If there are too few samples to reflect half a window.
    """
    return to_decibels(mel_filterbank(spec) @ power_spectrogram(mono, spec), spec)


def power_spectrogram(mono: np.ndarray, spec: MelSpec) -> np.ndarray:
    """Squared magnitudes, float32, (n_fft // 2 + 1, frames of the waveform); raises as :func:`decibels` does."""
    if mono.ndim != 1 or mono.dtype.kind != "f":
        raise ValueError(f"mono must be one-dimensional and of floats, not {mono.ndim}-dimensional {mono.dtype}.")
    half = spec.n_fft // 2
    if len(mono) <= half:
        raise AudioError(f"The clip has {len(mono)} samples; its spectrogram needs more than {half}.")
    spectrum = scipy.fft.rfft(_frames(mono.astype(np.float32, copy=False), spec), axis=1, overwrite_x=True)
    power: np.ndarray = np.square(spectrum.real) + np.square(spectrum.imag)
    return power.T


def _frames(mono: np.ndarray, spec: MelSpec) -> np.ndarray:
    """The windowed frames around every `hop_length`-th sample, (frames, n_fft); the clip is reflected at its ends."""
    size, hop, half = spec.n_fft, spec.hop_length, spec.n_fft // 2
    count = 1 + (len(mono) + 2 * half - size) // hop
    starts = np.arange(count) * hop - half
    inside = (starts >= 0) & (starts + size <= len(mono))
    frames = np.empty((count, size), dtype=np.float32)
    if inside.any():  # straight from the clip, which is long; only its ends are copied
        first, last = np.flatnonzero(inside)[[0, -1]]
        view = np.lib.stride_tricks.sliding_window_view(mono, size)[starts[first] : starts[last] + 1 : hop]
        np.multiply(view, _window(spec), out=frames[first : last + 1])
    for frame in np.flatnonzero(~inside):
        places = np.abs(np.arange(starts[frame], starts[frame] + size))
        past = len(mono) - 1
        frames[frame] = mono[past - np.abs(past - places)] * _window(spec)
    return frames


def to_decibels(mel: np.ndarray, spec: MelSpec) -> np.ndarray:
    """Decibels of mel cells, with the spec's two floors."""
    levels = 10 * np.log10(np.maximum(mel, spec.amin))
    np.maximum(levels, levels.max() - spec.top_db, out=levels)
    return levels


@lru_cache(maxsize=16)
def mel_filterbank(spec: MelSpec) -> csr_array:
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
def _window(spec: MelSpec) -> np.ndarray:
    """The periodic Hann window, float32, (n_fft,), with zeros on both sides where it is shorter."""
    hann = np.square(np.sin(np.pi * np.arange(spec.win_length) / spec.win_length))
    before = (spec.n_fft - spec.win_length) // 2
    return np.pad(hann, (before, spec.n_fft - spec.win_length - before)).astype(np.float32)
