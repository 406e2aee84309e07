"""Descriptors of rhythm: onsets by band, the pulses they make, and how strong and steady those are."""

from itertools import pairwise

import numpy as np
import scipy.fft

from songfeat.descriptors.spectra import FRAMES_PER_SECOND, N_MELS, Spectra, upper_triangle

_TEMPI = np.exp(np.linspace(np.log(40), np.log(300), 28))
_N_LAGS = 320  # frames, 5 s
_BEAT_LAGS = np.arange(12, 120)  # frames: 312 to 31 beats a minute
_MEAN_OVER = 63  # frames: what changes more slowly than within a second is no pulse
_PULSE_HZ = (0.5, 1, 2, 4, 8, 16)


def describe(spectra: Spectra) -> dict[str, np.ndarray]:
    """Groups of descriptors by name."""
    flux = np.maximum(np.diff(spectra.mel_db, axis=0), 0).reshape(-1, 8, N_MELS // 8).mean(axis=2)
    onsets = {
        "all": flux.mean(axis=1),
        "low": flux[:, 0],
        "mid": flux[:, 1:4].mean(axis=1),
        "high": flux[:, 5:].mean(axis=1),
    }
    pulses = {name: _autocorrelation(strength) for name, strength in onsets.items()}
    tempogram = _at_tempi(pulses["all"])
    return {
        "flux_mean": flux.mean(axis=0),
        "flux_deviation": flux.std(axis=0),
        "tempogram": tempogram,
        **{f"tempogram_{name}": _at_tempi(pulses[name])[::2] for name in ("low", "mid", "high")},
        "steadiness": _steadiness(onsets["all"], pulses["all"]),
        "pulse": _pulse(onsets["all"]),
        "beat": _beat(pulses, tempogram),
        "onsets": _intervals(onsets["all"]),
    }


def _autocorrelation(strength: np.ndarray) -> np.ndarray:
    """Of the onset strength less its moving mean, 1 at lag 0 (Ellis 2007), (_N_LAGS,)."""
    half = _MEAN_OVER // 2
    padded = np.pad(strength, half, mode="reflect")
    local = strength - np.convolve(padded, np.full(_MEAN_OVER, 1 / _MEAN_OVER), "valid")
    n = len(local)
    power = np.square(np.abs(scipy.fft.rfft(local, scipy.fft.next_fast_len(n + _N_LAGS, real=True))))
    raw = scipy.fft.irfft(power)[:_N_LAGS] / (n - np.arange(_N_LAGS)).clip(1)
    return raw / (raw[0] + 1e-9)


def _at(pulses: np.ndarray, lag: np.ndarray | float) -> np.ndarray:
    return np.interp(lag, np.arange(_N_LAGS), pulses)


def _at_tempi(pulses: np.ndarray) -> np.ndarray:
    return _at(pulses, 60 / _TEMPI * FRAMES_PER_SECOND)


def _steadiness(strength: np.ndarray, pulses: np.ndarray) -> np.ndarray:
    """How alike the pulses of the clip's thirds are, and how strong on average."""
    third = len(strength) // 3
    if third <= _N_LAGS:
        thirds = np.array([_at_tempi(pulses)] * 3)
    else:
        thirds = np.array([_at_tempi(_autocorrelation(strength[i * third : (i + 1) * third])) for i in range(3)])
    alike = upper_triangle(np.corrcoef(thirds)) if (thirds.std(axis=1) > 0).all() else np.zeros(3)
    return np.array([alike.mean(), thirds.max(axis=1).mean()])


def _pulse(strength: np.ndarray) -> np.ndarray:
    """Peak and flatness of the onset strength's spectrum by octave."""
    power = np.square(np.abs(scipy.fft.rfft((strength - strength.mean()) * np.hanning(len(strength)))))
    edges = np.searchsorted(np.fft.rfftfreq(len(strength), 1 / FRAMES_PER_SECOND), _PULSE_HZ)
    found: list[float] = []
    for low, high in pairwise(edges):
        part = power[low:high] + 1e-9
        found += [np.log10(part.max() / part.mean()), np.log(part).mean() - np.log(part.mean())]
    return np.array(found)


def _beat(pulses: dict[str, np.ndarray], tempogram: np.ndarray) -> np.ndarray:
    """The likeliest beat, its multiples and fractions, in all bands and in each."""
    whole = pulses["all"]
    tempi = 60 * FRAMES_PER_SECOND / _BEAT_LAGS
    preference = np.exp(-0.5 * np.square(np.log2(tempi / 120) / 0.9))
    lag = int(_BEAT_LAGS[np.argmax(whole[_BEAT_LAGS] * preference)])
    tempo = 60 * FRAMES_PER_SECOND / lag
    bands = [pulses[name] for name in ("low", "mid", "high")]
    ratios = [_at(whole, lag * ratio) for ratio in (1, 2, 1 / 2, 3 / 2, 1 / 4)]
    peaks = [band[_BEAT_LAGS].max() for band in pulses.values()]
    in_bands = [_at(band, lag * ratio) for ratio in (1, 2) for band in bands]
    fractions = [_at(bands[0], lag / 2), _at(bands[2], lag / 2), _at(bands[0], 4 * lag if 4 * lag < 319 else 2 * lag)]
    positive = np.maximum(tempogram, 0)
    share = positive / max(positive.sum(), 1e-9)
    spread = [positive.mean(), tempogram.std(), -(share * np.log(share + 1e-9)).sum()]
    near_118 = abs(np.log2(tempo / 118))
    return np.array([np.log2(tempo / 120), near_118, *ratios, *peaks, *in_bands, *fractions, *spread])


def _intervals(strength: np.ndarray) -> np.ndarray:
    """Onsets a second, the times between them, and how far they stand out."""
    middle = strength[1:-1]
    peaks = (middle > strength[:-2]) & (middle >= strength[2:]) & (middle > strength.mean() + strength.std())
    times = np.flatnonzero(peaks) / FRAMES_PER_SECOND
    between = np.diff(times) if len(times) > 3 else np.ones(2)
    mean = strength.mean() + 1e-9
    stand_out = [strength.std() / mean, np.percentile(strength, 99) / mean]
    rate = len(times) / (len(strength) / FRAMES_PER_SECOND)
    return np.array([rate, between.mean(), between.std(), np.median(between), *stand_out])
