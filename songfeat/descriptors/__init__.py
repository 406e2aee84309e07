"""Some 440 numbers that say how a clip sounds: level, timbre, rhythm and harmony, in NumPy.

All come from two passes over the sound, one of short and one of long windows.
Methods that separate harmonies from drums, or search for a tuning, cost fifty
times as much and are left out.
"""

import hashlib
import json

import numpy as np

from songfeat.descriptors import harmony, rhythm, timbre
from songfeat.descriptors.spectra import MIN_SECONDS, SAMPLE_RATE, Spectra, trim

__all__ = ["MIN_SECONDS", "SAMPLE_RATE", "VERSION", "describe", "digest"]

VERSION = 1
"""Raised whenever a number changes its meaning: models know which they were trained on."""


def describe(mono: np.ndarray) -> dict[str, np.ndarray]:
    """Groups of descriptors of a clip.

    Parameters
    ----------
    mono : numpy.ndarray
        float32, (n_samples,), at :data:`SAMPLE_RATE` Hz; silence before and
        after the music is left aside.

    Returns
    -------
    dict of str to numpy.ndarray
        Each group float32 and one-dimensional, always in the same order and of the same length.

    Raises
    ------
    SilentAudio
        If less than :data:`MIN_SECONDS` of sound are left.
    """
    spectra = Spectra(trim(mono))
    groups = {**timbre.describe(spectra), **rhythm.describe(spectra), **harmony.describe(spectra)}
    return {name: np.nan_to_num(values).astype(np.float32) for name, values in groups.items()}


def digest(groups: dict[str, np.ndarray]) -> str:
    """What tells these descriptors from those of another version: 16 hexadecimal digits."""
    layout = [VERSION, SAMPLE_RATE, [[name, len(values)] for name, values in groups.items()]]
    return hashlib.sha256(json.dumps(layout).encode()).hexdigest()[:16]
