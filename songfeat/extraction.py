"""From an audio file to the array that a spec describes."""

import numpy as np

from songfeat.audio import Sound, load_mono
from songfeat.errors import ConfigError
from songfeat.mel import log_mel
from songfeat.mfcc import beat_mfcc, mfcc, separated_mfcc
from songfeat.specs import BeatMfccSpec, LogMelSpec, MelSpec, MfccSpec, SeparatedMfccSpec, Spec


def extract(path: Sound, spec: Spec) -> np.ndarray:
    """The array of an audio file.

    Returns
    -------
    numpy.ndarray
        float32, of the spec's shape.

    Raises
    ------
    AudioError
        If the file has no sound that can be used.
    StorageError
        If it lies on object storage that cannot be reached.
    ConfigError
        If the spec's arrays are not computed from sound.
    """
    if not isinstance(spec, MelSpec):
        raise ConfigError(f"Arrays of the family {spec.family!r} come from a table; none can be computed from sound.")
    mono = load_mono(
        path,
        sample_rate=spec.sample_rate,
        max_seconds=spec.max_seconds,
        cut=spec.cut,
        min_seconds=spec.min_seconds,
    )
    return compute(mono, spec)


def compute(mono: np.ndarray, spec: MelSpec) -> np.ndarray:
    """The array of a waveform at the spec's sample rate; raises AudioError if it is too short."""
    match spec:
        case BeatMfccSpec():
            return beat_mfcc(mono, spec)
        case SeparatedMfccSpec():
            return separated_mfcc(mono, spec)
        case MfccSpec():
            return mfcc(mono, spec)
        case LogMelSpec():
            return log_mel(mono, spec)
    raise ConfigError(f"There is no way to compute arrays of the family {spec.family!r}.")
