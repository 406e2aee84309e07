"""Descriptors of level and colour: how loud, how compressed, how bright, how it moves."""

from functools import lru_cache
from itertools import pairwise

import numpy as np
import scipy.fft

from songfeat.descriptors.spectra import FRAMES_PER_SECOND, N_MELS, Spectra, decibels, long_bins_hz

_N_MFCC = 20
_N_BANDS = 16
_MODULATION_HZ = (0.25, 0.5, 1, 2, 4, 8, 16, 31)
_BASS_HZ = (20, 40, 60, 90, 130, 200, 300)
_TONAL_HZ = (60, 250, 500, 1000, 2000, 4000, 8000, 15000)


def describe(spectra: Spectra) -> dict[str, np.ndarray]:
    """Groups of descriptors by name."""
    return {**_level(spectra), **_cepstrum(spectra), **_bands(spectra), **_modulation(spectra), **_tonalness(spectra)}


def _level(spectra: Spectra) -> dict[str, np.ndarray]:
    size = np.abs(spectra.mono)
    peak, rms = float(size.max()), float(np.sqrt(spectra.mono @ spectra.mono / len(size)))
    loudest = size[size > 0.9 * peak]
    near = decibels(np.array([peak**2, rms**2, (peak / rms) ** 2]))
    clipped = [100 * len(loudest) / len(size), np.log10(1e-6 + (loudest > 0.99 * peak).sum() / len(size))]
    level = spectra.level_db
    shape = [level.mean(), level.std(), *np.percentile(level, [5, 10, 25, 50, 75, 90, 95])]
    return {"level": np.array([*near, *clipped, *shape, (level < -10).mean(), np.diff(level).std()])}


def _cepstrum(spectra: Spectra) -> dict[str, np.ndarray]:
    """Mel-frequency cepstral coefficients (Davis & Mermelstein 1980) and how fast they change."""
    coefficients = spectra.mel_db @ _dct()
    delta = coefficients[4:] - coefficients[:-4]
    return {
        "mfcc_mean": coefficients[:, 1:].mean(axis=0),
        "mfcc_deviation": coefficients.std(axis=0),
        "mfcc_delta": delta.std(axis=0),
    }


@lru_cache(maxsize=1)
def _dct() -> np.ndarray:
    return scipy.fft.dct(np.eye(N_MELS), type=2, norm="ortho", axis=0)[:_N_MFCC].T.astype(np.float32)


def _bands(spectra: Spectra) -> dict[str, np.ndarray]:
    width = N_MELS // _N_BANDS
    levels = spectra.mel_db.reshape(-1, _N_BANDS, width).mean(axis=2)
    mean = levels.mean()
    low, high = np.percentile(levels, [10, 90], axis=0)
    power = spectra.mel.mean(axis=0).reshape(_N_BANDS, width).sum(axis=1)
    centroid = spectra.mel @ np.arange(N_MELS, dtype=np.float32) / (spectra.mel.sum(axis=1) + 1e-10)
    moved = np.abs(np.diff(centroid)).mean()
    return {
        "band_mean": levels.mean(axis=0) - mean,
        "band_low": low - mean,
        "band_high": high - mean,
        "band_share": 10 * np.log10(power / power.sum() + 1e-9),
        "centroid": np.array([centroid.mean(), centroid.std(), *np.percentile(centroid, [10, 90]), moved]),
    }


def _modulation(spectra: Spectra) -> dict[str, np.ndarray]:
    """How much of each band's movement falls to each octave of modulation; speech moves at 4 Hz (Scheirer 1997)."""
    bands = spectra.mel_db.reshape(-1, 8, N_MELS // 8).mean(axis=2)
    moving = np.column_stack([bands, spectra.level_db])
    moving = (moving - moving.mean(axis=0)) * np.hanning(len(moving))[:, np.newaxis]
    power = np.square(np.abs(scipy.fft.rfft(moving, axis=0)))
    hz = np.fft.rfftfreq(len(moving), 1 / FRAMES_PER_SECOND)
    edges = np.searchsorted(hz, _MODULATION_HZ)
    octaves = np.add.reduceat(power, edges, axis=0)[:-1]
    return {"modulation": (10 * np.log10(octaves / (octaves.sum(axis=0) + 1e-9) + 1e-6)).T.ravel()}


def _tonalness(spectra: Spectra) -> dict[str, np.ndarray]:
    """How far partials stand out of the noise, by frequency range; and how the bass is spread."""
    hz, power = long_bins_hz(), spectra.long_power
    levels = decibels(power)
    found: list[float] = []
    for low, high in pairwise(_TONAL_HZ):
        part = slice(*np.searchsorted(hz, [low, high]))
        mean = levels[:, part].mean(axis=1)
        flatness = mean - decibels(power[:, part].mean(axis=1))
        found += [flatness.mean(), flatness.std(), (levels[:, part] > mean[:, np.newaxis] + 12).mean()]
    mean_power = power.mean(axis=0)
    bass = np.add.reduceat(mean_power, np.searchsorted(hz, _BASS_HZ))[:-1]
    return {"tonalness": np.array(found), "bass": 10 * np.log10(bass / mean_power.sum() + 1e-8)}
