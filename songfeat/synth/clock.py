"""When a beat falls: tempo, swing, and how steadily the players keep time."""

import numpy as np
import numpy.typing as npt

from songfeat.synth.recipe import Recipe

_SWAY_BEATS = 0.22  # how far the pulse of the loosest players drifts to either side
_JITTER_SECONDS = 0.03  # standard deviation of their single strokes


def onset_seconds(recipe: Recipe, beats: npt.ArrayLike, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Times at which notes written at `beats` are played, not before 0.

    The average tempo is the recipe's; only an irregular beat strays from it.
    """
    whole, part = np.divmod(np.asarray(beats, dtype=np.float64), 1.0)
    late = 0.5 + recipe.swing
    swung = np.where(part < 0.5, part * late / 0.5, late + (part - 0.5) * (1.0 - late) / 0.5)
    loose = 1.0 - recipe.regularity
    beat = whole + swung
    beat += _SWAY_BEATS * loose * np.sin(2 * np.pi * beat / (1.7 * recipe.meter))
    seconds = beat * 60.0 / recipe.tempo + _JITTER_SECONDS * loose * rng.standard_normal(beat.shape)
    return np.maximum(seconds, 0.0)
