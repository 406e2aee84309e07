"""A song's values, as plain functions of its recipe.

They follow exactly: two songs with the same recipe have the same values, and
each ingredient can be heard. Loudness alone is measured, on the finished sound.
"""

import math

import numpy as np

from songfeat.labels import ALL_TARGETS, FEATURES
from songfeat.synth.profiles import REGISTER, TEMPO
from songfeat.synth.recipe import LEVEL_DB, Recipe

DANCE_TEMPO = 118.0
"""Beats per minute at which one dances best."""

_SILENCE_DB = FEATURES["loudness"].low  # what a silent waveform measures


def _logistic(place: float) -> float:
    return 1.0 / (1.0 + math.exp(-place))


def _fast(recipe: Recipe) -> float:
    """Tempo as a place between the slowest and the fastest of all genres."""
    slowest, fastest = TEMPO
    return (recipe.tempo - slowest) / (fastest - slowest)


def danceability(recipe: Recipe) -> float:
    """A strong and regular beat, at a tempo near 118 BPM, four in a bar."""
    beat = recipe.regularity * (0.2 + 0.8 * recipe.drum_level)
    near = math.exp(-((math.log2(recipe.tempo / DANCE_TEMPO) / 0.4) ** 2))
    four = 1.0 if recipe.meter == 4 else 0.75
    return 0.07 + 0.9 * four * (0.7 * beat + 0.3 * near)


def energy(recipe: Recipe) -> float:
    """Loud, fast, dense and distorted."""
    softest, loudest = LEVEL_DB
    loud = (recipe.level - softest) / (loudest - softest)
    mean = 0.45 * loud + 0.15 * _fast(recipe) + 0.2 * recipe.density + 0.2 * recipe.distortion
    return _logistic(6.0 * (mean - 0.5))


def speechiness(recipe: Recipe) -> float:
    """The share of the bars that are spoken; singing and a noisy audience count for a little."""
    spoken = recipe.voice_share * recipe.spoken_share
    sung = recipe.voice_share - spoken
    return 0.025 + 0.85 * spoken + 0.03 * sung + 0.05 * recipe.crowd


def acousticness(recipe: Recipe) -> float:
    """The share of acoustic timbres, which distortion drowns and loud electronic drums spoil."""
    acoustic = 1.0 - recipe.electric
    return 0.01 + 0.98 * acoustic**1.3 * (1.0 - 0.7 * recipe.distortion) * (1.0 - 0.3 * recipe.drum_level)


def instrumentalness(recipe: Recipe) -> float:
    """High without a voice, near nothing once half of the bars have one; a dense arrangement hints at none."""
    return (0.8 + 0.15 * recipe.density) * _logistic(14.0 * (0.25 - recipe.voice_share))


def valence(recipe: Recipe) -> float:
    """Major, fast and high is cheerful; minor, slow and low is sad."""
    lowest, highest = REGISTER
    high = (recipe.register - lowest) / (highest - lowest)
    return 0.04 + 0.92 * (0.25 * recipe.mode + 0.25 * _fast(recipe) + 0.5 * high)


def liveness(recipe: Recipe) -> float:
    """An audience; a large room sounds a little like one."""
    return 0.04 + 0.75 * recipe.crowd + 0.35 * recipe.reverb


def loudness_db(waveform: np.ndarray) -> float:
    """RMS level of a waveform in dB below full scale (a square wave of 1 has 0 dB), at least that of silence."""
    power = float(np.vdot(waveform, waveform)) / max(waveform.size, 1)
    return max(_SILENCE_DB, 10.0 * math.log10(power)) if power > 0 else _SILENCE_DB


_TARGETS = (danceability, energy, speechiness, acousticness, instrumentalness, valence)


def song_values(recipe: Recipe, waveform: np.ndarray) -> dict[str, float]:
    """All of a song's values by feature name; `waveform` is what the recipe sounds like."""
    by_name = {function.__name__: function for function in _TARGETS}
    values = {name: by_name[name](recipe) for name in ALL_TARGETS}
    return values | {
        "liveness": liveness(recipe),
        "tempo": recipe.tempo,
        "loudness": loudness_db(waveform),
        "key": float(recipe.key),
        "mode": float(recipe.mode),
        "time_signature": float(recipe.meter),
    }
