"""From tracks to a finished stereo sound: balance, room, audience and level."""

import numpy as np
import scipy.fft
import scipy.signal

from songfeat.synth.wavetable import FloatArray

_CEILING = 0.98  # no sample lies beyond it
_SHELF_HZ = 900.0
_CROWD_LOOP_SECONDS = 5.0


def rms(sound: FloatArray) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.vdot(sound, sound) / max(sound.size, 1)))


def reverberation(dry: FloatArray, sample_rate: int, *, decay_seconds: float, rng: np.random.Generator) -> FloatArray:
    """The echo of a mono sound in a room, (2, n_samples), about as loud as the sound itself.

    The room is noise that dies away by 60 dB within `decay_seconds`, another
    noise for each ear (Moorer, "About this reverberation business", 1979). It
    runs at half the sample rate: rooms swallow the highest octave anyway.
    """
    n_half = len(dry) // 2
    half = dry[: 2 * n_half].reshape(n_half, 2).mean(axis=1)
    n_room = int(decay_seconds * sample_rate / 2)
    fade = np.exp(np.linspace(0.0, -6.9, n_room, dtype=np.float32))
    room = rng.standard_normal((2, n_room), dtype=np.float32) * fade
    room /= np.sqrt(np.sum(room**2, axis=1, keepdims=True))
    n_fft = scipy.fft.next_fast_len(n_half + n_room, real=True)
    echo = scipy.fft.irfft(scipy.fft.rfft(room, n_fft) * scipy.fft.rfft(half, n_fft), n_fft)[:, :n_half]
    wet = np.zeros((2, len(dry)), dtype=np.float32)
    wet[:, 0 : 2 * n_half : 2] = echo
    wet[:, 1 : 2 * n_half - 1 : 2] = 0.5 * (echo[:, :-1] + echo[:, 1:])
    return wet


def brighten(mix: FloatArray, sample_rate: int, *, decibels: float) -> None:
    """Raise (or, below 0, lower) everything well above `_SHELF_HZ`, in place."""
    pole = np.float32(np.exp(-2 * np.pi * _SHELF_HZ / sample_rate))
    low = scipy.signal.lfilter(np.array([1 - pole]), np.array([1, -pole]), mix)
    mix *= np.float32(10.0 ** (decibels / 20.0))
    mix += np.float32(1.0 - 10.0 ** (decibels / 20.0)) * low


def audience(n_samples: int, sample_rate: int, rng: np.random.Generator) -> FloatArray:
    """A murmuring, clapping crowd, (2, n_samples), with an RMS of about 1."""
    n_loop = min(int(_CROWD_LOOP_SECONDS * sample_rate), n_samples)
    noise = rng.standard_normal((2, n_loop), dtype=np.float32)
    band = scipy.signal.butter(1, (500, 3000), "bandpass", fs=sample_rate, output="ba")
    murmur = scipy.signal.lfilter(*(part.astype(np.float32) for part in band), noise)
    claps = (rng.random((2, n_loop), dtype=np.float32) < 40.0 / sample_rate).astype(np.float32)
    clap = np.diff(rng.standard_normal(sample_rate // 80 + 1, dtype=np.float32)) * np.geomspace(
        1.0, 0.01, sample_rate // 80, dtype=np.float32
    )
    applause = scipy.signal.oaconvolve(claps, clap[None, :], axes=1)[:, :n_loop]
    loop = murmur / rms(murmur) + applause / max(rms(applause), 1e-6)
    return np.tile(loop / rms(loop), -(-n_samples // n_loop))[:, :n_samples]


def bring_to_level(mix: FloatArray, level: float) -> FloatArray:
    """Scale to an RMS of `level` dB below full scale, rounding off peaks that would not fit.

    Works in place; a very peaky mix comes out a little softer than asked.
    """
    asked = 10.0 ** (level / 20.0)
    sketch = np.ascontiguousarray(mix[:, ::16])
    gain = asked / max(rms(sketch), 1e-9)
    for _ in range(4):  # what the rounding takes away, a little more gain gives back
        gain *= asked / max(rms(_CEILING * np.tanh(gain / _CEILING * sketch)), 1e-9)
    mix *= np.float32(gain / _CEILING)
    np.tanh(mix, out=mix)
    mix *= np.float32(_CEILING)
    return mix
