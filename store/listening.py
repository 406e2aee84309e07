"""The sound of one clip as a person looks at it: waveform, mel spectrogram and MFCCs, on one time axis."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from songfeat.audio import load_mono
from songfeat.mel import decibels
from songfeat.mfcc import cepstrum, fit_frames
from songfeat.specs import MelSpec, MfccSpec

ENVELOPE_BINS = 900


@dataclass(frozen=True, kw_only=True, eq=False)
class Sound:
    """What a clip looks like.

    Attributes
    ----------
    envelope : pandas.DataFrame
        Columns seconds, low, high: the least and the greatest sample of each slice of time.
    frame_seconds : numpy.ndarray
        The time that each frame is centred on, (n_frames,).
    levels : numpy.ndarray
        The mel spectrogram that the MFCCs come from, in decibels, (n_mels, n_frames).
    coefficients : numpy.ndarray
        MFCCs, (n_mfcc, n_frames); only frames of the clip, none that only fill up the array.
    """

    envelope: pd.DataFrame
    frame_seconds: np.ndarray
    levels: np.ndarray
    coefficients: np.ndarray

    @property
    def relative(self) -> np.ndarray:
        """Each coefficient in standard deviations from its own mean over the clip, 0 where it does not vary."""
        mean = self.coefficients.mean(axis=1, keepdims=True)
        deviation = self.coefficients.std(axis=1, keepdims=True)
        return np.divide(self.coefficients - mean, deviation, out=np.zeros_like(self.coefficients), where=deviation > 0)

    @property
    def table(self) -> pd.DataFrame:
        """One row a coefficient: mean, standard deviation, least and greatest value over the frames."""
        return pd.DataFrame(
            {
                "coefficient": np.arange(len(self.coefficients)),
                "mean": self.coefficients.mean(axis=1),
                "deviation": self.coefficients.std(axis=1),
                "lowest": self.coefficients.min(axis=1),
                "highest": self.coefficients.max(axis=1),
            }
        )


def listen(path: str | Path, spec: MfccSpec) -> Sound:
    """Decode the part of a file that `spec` uses, and compute what there is to see of it.

    Computing one clip's MFCCs costs less than finding them among the shards
    of a large library, and gives the same numbers.

    Raises
    ------
    AudioError
        If the file is gone or has no sound that can be used.
    """
    mono = decode(path, spec)
    levels = decibels(mono, spec)
    used = min(levels.shape[1], spec.n_frames)
    return Sound(
        envelope=envelope(mono, spec.sample_rate),
        frame_seconds=np.arange(used) / spec.frames_per_second,
        levels=levels[:, :used],
        coefficients=fit_frames(cepstrum(levels, spec), used),
    )


def decode(path: str | Path, spec: MelSpec) -> np.ndarray:
    """The part of a file that `spec` uses, mono, float32, (n_samples,), at its sample rate; raises AudioError."""
    return load_mono(
        path,
        sample_rate=spec.sample_rate,
        max_seconds=spec.max_seconds,
        cut=spec.cut,
        min_seconds=spec.min_seconds,
    )


def envelope(mono: np.ndarray, sample_rate: int, *, bins: int = ENVELOPE_BINS) -> pd.DataFrame:
    """The least and the greatest sample in each of at most `bins` equal slices of time.

    A line through every sample of 30 seconds would be a million points that
    nobody can see; this keeps every peak.
    """
    starts = np.unique(np.linspace(0, len(mono), bins, endpoint=False).astype(int))
    return pd.DataFrame(
        {
            "seconds": starts / sample_rate,
            "low": np.minimum.reduceat(mono, starts),
            "high": np.maximum.reduceat(mono, starts),
        }
    )
