"""Periodic sounds: one period is built from its partials, then read at any pitch."""

import numpy as np
import numpy.typing as npt
import scipy.fft

FloatArray = npt.NDArray[np.float32]

_BITS = 11
_TABLE = 1 << _BITS  # samples in one stored period: fine enough to be read without interpolation


def partials(frequency: float, sample_rate: int, *, highest: float = 16_000.0) -> FloatArray:
    """The numbers 1, 2, 3, ... of the partials of a tone that lie below `highest` Hz and below Nyquist."""
    count = int(min(highest, 0.45 * sample_rate) / frequency)
    return np.arange(1, max(count, 1) + 1, dtype=np.float32)


def period(amplitudes: npt.ArrayLike) -> FloatArray:
    """One period made of sines; `amplitudes[k]` belongs to partial ``k + 1``."""
    amplitudes = np.asarray(amplitudes, dtype=np.float32)[: _TABLE // 2 - 1]
    spectrum = np.zeros(_TABLE // 2 + 1, dtype=np.complex64)
    spectrum[1 : len(amplitudes) + 1] = -0.5j * _TABLE * amplitudes
    return np.asarray(scipy.fft.irfft(spectrum), dtype=np.float32)


def phases(frequency: float | FloatArray, n_samples: int, sample_rate: int) -> npt.NDArray[np.uint32]:
    """Where in its period a tone is, sample by sample, in steps of 2**-32; `frequency` may change with time."""
    steps = np.asarray(frequency * (2.0**32 / sample_rate)).astype(np.uint32)
    if steps.ndim == 0:
        return np.arange(n_samples, dtype=np.uint32) * steps  # wraps round at the end of a period, as it should
    return np.cumsum(steps[:n_samples], dtype=np.uint32)


def read(table: FloatArray, phase: npt.NDArray[np.uint32]) -> FloatArray:
    """The stored period as it sounds at these phases."""
    return table[phase >> np.uint32(32 - _BITS)]


def seconds_of(n_samples: int, sample_rate: int) -> FloatArray:
    """Time of each sample from the start of a note."""
    return np.arange(n_samples, dtype=np.float32) / np.float32(sample_rate)


def shape(sound: FloatArray, sample_rate: int, *, attack: float, release: float) -> FloatArray:
    """Fade a note in and out, in place, over so many seconds."""
    rise = min(max(int(attack * sample_rate), 1), len(sound))
    fall = min(max(int(release * sample_rate), 1), len(sound))
    sound[:rise] *= np.linspace(0.0, 1.0, rise, dtype=np.float32)
    sound[len(sound) - fall :] *= np.linspace(1.0, 0.0, fall, dtype=np.float32)
    return sound


def vibrato(frequency: float, n_samples: int, sample_rate: int, *, rate: float, depth: float) -> FloatArray:
    """A pitch that sways by `depth` semitones, `rate` times a second, once the note has settled."""
    time = seconds_of(n_samples, sample_rate)
    settled = np.minimum(time / 0.25, 1.0)
    semitones = depth * settled * np.sin(2 * np.pi * rate * time)
    return np.asarray(frequency * (1.0 + np.log(2.0) / 12.0 * semitones), dtype=np.float32)


def hertz(midi: float) -> float:
    """Frequency of a MIDI note number: 69 is 440 Hz."""
    return float(440.0 * 2.0 ** ((midi - 69.0) / 12.0))
