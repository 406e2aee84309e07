"""Descriptors of harmony: key and mode, intervals, chords and register, from spectral peaks."""

from typing import NamedTuple

import numpy as np

from songfeat.descriptors.spectra import Spectra, long_bins_hz

_LOW_HZ, _HIGH_HZ = 65, 4000
_CHROMA_HZ = (80, 2500)

# How well each pitch class fits a key on the first (Krumhansl & Kessler 1982).
_MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
_MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])


def _standardised(rows: np.ndarray) -> np.ndarray:
    return (rows - rows.mean(axis=-1, keepdims=True)) / (rows.std(axis=-1, keepdims=True) + 1e-6)


_KEYS = _standardised(np.array([np.roll(profile, root) for profile in (_MAJOR, _MINOR) for root in range(12)]))
_TRIADS = np.array(
    [[(pitch - root) % 12 in triad for pitch in range(12)] for triad in ((0, 4, 7), (0, 3, 7)) for root in range(12)]
) / np.sqrt(3)


class Peaks(NamedTuple):
    """Spectral peaks: window, pitch (MIDI number, tuned), weight; and how the clip is tuned."""

    window: np.ndarray
    pitch: np.ndarray
    weight: np.ndarray
    tuning: float
    in_tune: float


def describe(spectra: Spectra) -> dict[str, np.ndarray]:
    """Groups of descriptors by name."""
    peaks, n_windows = _peaks(spectra), len(spectra.long_power)
    chroma = np.zeros((n_windows, 12))
    nearest = np.round(peaks.pitch).astype(int)
    centred = np.exp(-0.5 * np.square((peaks.pitch - nearest) / 0.2))
    np.add.at(chroma, (peaks.window, nearest % 12), peaks.weight * centred)
    unit = _unit(chroma)
    return {**_key_of_bins(spectra), **_intervals(unit), **_chords(chroma, unit), **_key(chroma, peaks, nearest),
            "register": _register(peaks, n_windows)}  # fmt: skip


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / (np.sqrt(np.square(rows).sum(axis=1, keepdims=True)) + 1e-6)


def _peaks(spectra: Spectra) -> Peaks:
    """Peaks above the mean of their window, placed between bins by a parabola (Smith & Serra 1987)."""
    hz = long_bins_hz()
    low, high = np.searchsorted(hz, [_LOW_HZ, _HIGH_HZ])
    levels = 0.5 * np.log(spectra.long_power[:, low - 1 : high + 1] + 1e-12)
    top = levels.max(axis=1, keepdims=True)
    floor = np.maximum(top - 6, levels.mean(axis=1, keepdims=True) + 1)
    middle = levels[:, 1:-1]
    window, bin_ = np.nonzero((middle > levels[:, :-2]) & (middle >= levels[:, 2:]) & (middle > floor))
    before, at, after = (levels[window, bin_ + step] for step in range(3))
    between = 0.5 * (before - after) / (before - 2 * at + after - 1e-9)
    pitch = 69 + 12 * np.log2((bin_ + low + between) * hz[1] / 440)
    weight = np.exp(0.5 * (at - top[window, 0])) * np.exp(-0.5 * np.square((pitch - 60) / 24))
    mean_phase = (weight * np.exp(2j * np.pi * pitch)).sum() / (weight.sum() + 1e-9)
    tuning = float(np.angle(mean_phase) / (2 * np.pi))
    return Peaks(window, pitch - tuning, weight, tuning, float(abs(mean_phase)))


def _intervals(unit: np.ndarray) -> dict[str, np.ndarray]:
    """How much each interval class, semitone to tritone, sounds at once."""
    classes = np.stack([(unit * np.roll(unit, step, axis=1)).sum(axis=1) for step in range(1, 7)], axis=1)
    return {"intervals": np.concatenate([classes.mean(axis=0), classes.std(axis=0)[:3]])}


def _chords(chroma: np.ndarray, unit: np.ndarray) -> dict[str, np.ndarray]:
    """How major and how minor each moment and each second sounds, and how often that changes."""
    fits = unit @ _TRIADS.T
    major, minor = fits[:, :12].max(axis=1), fits[:, 12:].max(axis=1)
    seconds = len(chroma) // 4
    slow = _unit(chroma[: seconds * 4].reshape(seconds, 4, 12).mean(axis=1))
    chords = slow @ _TRIADS.T
    chord = chords.argmax(axis=1)
    moments = [major.mean(), minor.mean(), (major - minor).mean(), (major > minor).mean(), (major - minor).std()]
    changes = [chords.max(axis=1).mean(), (chord < 12).mean(), (np.diff(chord) != 0).mean()]
    alike = [(slow[1:] * slow[:-1]).sum(axis=1).mean(), (unit[1:] * unit[:-1]).sum(axis=1).mean()]
    return {"chords": np.array([*moments, *changes, *alike])}


def _key(chroma: np.ndarray, peaks: Peaks, nearest: np.ndarray) -> dict[str, np.ndarray]:
    total = chroma.mean(axis=0)
    fits = _KEYS @ _standardised(total) / 12
    key = int(fits.argmax())
    from_root = np.roll(total / (total.sum() + 1e-6), -(key % 12))
    low = nearest < 52
    bass = np.bincount(nearest[low] % 12, weights=peaks.weight[low], minlength=12)
    bass = bass / (bass.sum() + 1e-6)
    major, minor = fits[:12].max(), fits[12:].max()
    best = [major, minor, major - minor, np.sort(fits)[-2] - fits.max()]
    meet = (bass * np.roll(from_root, key % 12)).sum()
    return {"key": np.array([*best, peaks.in_tune, peaks.tuning, bass.max(), *from_root, meet])}


def _register(peaks: Peaks, n_windows: int) -> np.ndarray:
    """How the peaks spread over ranges of eight semitones; how many there are, and how high."""
    total = peaks.weight.sum() + 1e-9
    edges = range(36, 108, 8)
    shares = [peaks.weight[(peaks.pitch >= low) & (peaks.pitch < low + 8)].sum() / total for low in edges]
    mean_pitch = (peaks.weight * peaks.pitch).sum() / total
    return np.array([*shares, len(peaks.pitch) / n_windows, peaks.weight.sum() / n_windows, mean_pitch])


def _key_of_bins(spectra: Spectra) -> dict[str, np.ndarray]:
    """The same questions asked of all that stands out of a window's median, not of peaks: it hears noisier music."""
    hz = long_bins_hz()
    part = slice(*np.searchsorted(hz, _CHROMA_HZ))
    magnitude = np.sqrt(spectra.long_power[:, part])
    pitch = 69 + 12 * np.log2(hz[part] / 440)
    nearest = np.round(pitch)
    weights = np.zeros((len(pitch), 12), dtype=np.float32)
    weights[np.arange(len(pitch)), nearest.astype(int) % 12] = np.exp(-0.5 * np.square((pitch - nearest) / 0.25))
    above = np.maximum(magnitude - 2 * np.median(magnitude, axis=1, keepdims=True), 0) @ weights
    chroma = above / (above.sum(axis=1, keepdims=True) + 1e-6)
    mean = chroma.mean(axis=0)
    fits = _KEYS @ _standardised(mean) / 12
    major, minor = fits[:12], fits[12:]
    entropy = -(chroma * np.log(chroma + 1e-6)).sum(axis=1)
    moved = np.abs(np.diff(chroma, axis=0)).sum(axis=1)
    ordered = np.sort(mean)[::-1]
    best = [major.max(), minor.max(), major.max() - minor.max(), np.sort(major)[-2] - major.max()]
    spread = [-(mean * np.log(mean + 1e-6)).sum(), entropy.mean(), entropy.std(), moved.mean(), moved.std()]
    return {
        "pitch_classes": np.roll(mean, -int(major.argmax())),
        "key_of_bins": np.array([*best, *spread, *ordered[:4], ordered[-3:].sum()]),
    }
