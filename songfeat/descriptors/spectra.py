"""What all descriptors are computed from: one pass of short windows over the sound, one of long ones."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import scipy.fft

from songfeat.errors import SilentAudio

SAMPLE_RATE = 32_000
"""Hz: a recording's top octave, up to 16 kHz, tells acoustic instruments from others."""

MIN_SECONDS = 6.0
"""The slowest pulse that the rhythm descriptors look for takes 5 seconds to show itself."""

HOP = 512
FRAMES_PER_SECOND = SAMPLE_RATE / HOP
N_MELS = 64

_WINDOW = 1024
_LONG_WINDOW = 8192
_AT_A_TIME = 2**17  # samples
_FLOOR = 1e-10
_RANGE_DB = 80.0
_PADDING = 1e-3  # of the loudest hop: what lies below, -60 dB, before and after the music is no part of it


def trim(mono: np.ndarray) -> np.ndarray:
    """A clip without the silence before and after it, cut at whole hops."""
    hops = len(mono) // HOP
    if not hops:
        return mono[:0]
    framed = mono[: hops * HOP].reshape(hops, HOP)
    level = np.sqrt(np.einsum("ij,ij->i", framed, framed))
    loud = np.flatnonzero(level > _PADDING * level.max())
    return mono[loud[0] * HOP : (loud[-1] + 1) * HOP] if len(loud) else mono[:0]


def decibels(power: np.ndarray) -> np.ndarray:
    """Of power, with a floor at -100 dB."""
    return 10 * np.log10(np.maximum(power, _FLOOR))


def upper_triangle(matrix: np.ndarray) -> np.ndarray:
    """What stands above the diagonal of a square matrix, row by row."""
    return matrix[np.triu_indices(len(matrix), 1)]


@dataclass(frozen=True, eq=False)
class Spectra:
    """The sound of a clip and its spectra, each computed once and when first asked for.

    Parameters
    ----------
    mono : numpy.ndarray
        float32, (n_samples,), at :data:`SAMPLE_RATE`, as :func:`trim` leaves it.

    Raises
    ------
    SilentAudio
        If less than :data:`MIN_SECONDS` of sound are left.
    """

    mono: np.ndarray

    def __post_init__(self) -> None:
        seconds = len(self.mono) / SAMPLE_RATE
        if seconds < MIN_SECONDS:
            raise SilentAudio(f"There are {seconds:.1f} s of sound between silences; {MIN_SECONDS:g} s are needed.")

    @cached_property
    def power(self) -> np.ndarray:
        """Squared magnitudes of windows of 32 ms, float32, (n_frames, 513)."""
        return _power(self.mono, _WINDOW, HOP)

    @cached_property
    def mel(self) -> np.ndarray:
        """Mean power of each mel band, float32, (n_frames, N_MELS)."""
        return self.power @ _mel_bank()

    @cached_property
    def mel_db(self) -> np.ndarray:
        """Mel bands in decibels, at most 80 dB below the loudest, (n_frames, N_MELS)."""
        levels = decibels(self.mel)
        return np.maximum(levels, levels.max() - _RANGE_DB)

    @cached_property
    def level_db(self) -> np.ndarray:
        """Each frame's level relative to the clip's mean power, at least -60 dB, (n_frames,)."""
        total = self.power.sum(axis=1)
        return np.maximum(decibels(total) - decibels(total.mean()), -60)

    @cached_property
    def long_power(self) -> np.ndarray:
        """Squared magnitudes of windows of 256 ms side by side, float32, (n_windows, 4097)."""
        return _power(self.mono, _LONG_WINDOW, _LONG_WINDOW)


def long_bins_hz() -> np.ndarray:
    """The frequencies of the bins of :attr:`Spectra.long_power`."""
    return np.fft.rfftfreq(_LONG_WINDOW, 1 / SAMPLE_RATE)


def _power(mono: np.ndarray, size: int, hop: int) -> np.ndarray:
    """Squared magnitudes, (n_windows, size // 2 + 1), a few windows at a time, as the processor's cache holds them."""
    windows = np.lib.stride_tricks.sliding_window_view(mono, size)[::hop]
    power = np.empty((len(windows), size // 2 + 1), dtype=np.float32)
    step = _AT_A_TIME // size
    for start in range(0, len(windows), step):
        part = slice(start, start + step)
        spectrum = scipy.fft.rfft(windows[part] * _hann(size), axis=1, overwrite_x=True)
        np.square(spectrum.real, out=power[part])
        power[part] += np.square(spectrum.imag)
    return power


@lru_cache(maxsize=2)
def _hann(size: int) -> np.ndarray:
    return np.hanning(size + 1)[:-1].astype(np.float32)


@lru_cache(maxsize=1)
def _mel_bank() -> np.ndarray:
    """Triangles on the mel scale from 20 Hz to 16 kHz, each of sum 1, (513, N_MELS)."""
    hz = np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE)
    low, high = 2595 * np.log10(1 + np.array([20, SAMPLE_RATE / 2]) / 700)
    corners = 700 * (10 ** (np.linspace(low, high, N_MELS + 2) / 2595) - 1)
    widths = np.diff(corners)
    rising = (hz[:, np.newaxis] - corners[:-2]) / widths[:-1]
    falling = (corners[2:] - hz[:, np.newaxis]) / widths[1:]
    bank = np.maximum(0, np.minimum(rising, falling))
    for band in np.flatnonzero(bank.max(axis=0) == 0):  # lies between two bins
        bank[np.abs(hz - corners[band + 1]).argmin(), band] = 1
    return (bank / bank.sum(axis=0)).astype(np.float32)
