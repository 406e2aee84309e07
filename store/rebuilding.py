"""What the MFCCs of one clip keep of it, to be seen and heard: for trying out how arrays are computed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from songfeat.inversion import equally_loud, kept, rebuild
from songfeat.mel import mel_filterbank
from songfeat.specs import REPORT_SPEC, MfccSpec
from store.listening import decode

MOST_COLUMNS, MOST_ROWS = 400, 128
"""Of a picture; more cells than that cannot be seen."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Attempt:
    """What one choice of settings keeps of a clip.

    Attributes
    ----------
    shape : tuple of int
        Of the array that a model would get: coefficients, frames of this clip.
    n_samples : int
        Of the clip, at the spec's sample rate.
    empty_bands : int
        Mel bands narrower than the distance of two frequencies, which hold none and stay at the floor.
    heard_share : float
        The share of the samples that some window holds, from 0 to 1.
    error_db, kept_share : float
        See :class:`songfeat.inversion.Kept`.
    seconds, bands : numpy.ndarray
        Where the pictures' cells lie: the middle of each column, and of each row counted in mel bands.
    levels, rebuilt : numpy.ndarray
        The mel spectrogram and what the MFCCs keep of it, decibels, averaged to at most :data:`MOST_ROWS` by
        :data:`MOST_COLUMNS` cells.
    """

    shape: tuple[int, int]
    n_samples: int
    empty_bands: int
    heard_share: float
    error_db: float
    kept_share: float
    seconds: np.ndarray
    bands: np.ndarray
    levels: np.ndarray
    rebuilt: np.ndarray


def settings(*, n_mfcc: int, n_fft: int, hop_length: int, n_mels: int) -> MfccSpec:
    """A spec that differs from the report's in these, with as many frames as its longest clip needs.

    Raises
    ------
    ConfigError
        If they do not go together, such as more coefficients than mel bands.
    """
    longest = round(REPORT_SPEC.max_seconds * REPORT_SPEC.sample_rate)
    return MfccSpec(
        n_mfcc=n_mfcc,
        n_fft=n_fft,
        win_length=n_fft,
        hop_length=hop_length,
        n_mels=n_mels,
        n_frames=1 + longest // hop_length,
    )


def attempt(path: str | Path, spec: MfccSpec) -> Attempt:
    """Compute a clip's MFCCs and what they keep of its mel spectrogram; raises AudioError if it cannot be used."""
    mono = decode(path, spec)
    found = kept(mono, spec)
    n_bands, n_frames = found.levels.shape
    rows, columns = _pool(n_bands, MOST_ROWS), _pool(n_frames, MOST_COLUMNS)
    return Attempt(
        shape=found.coefficients.shape,
        n_samples=len(mono),
        empty_bands=int(np.sum(mel_filterbank(spec).sum(axis=1) == 0)),
        heard_share=min(1.0, spec.win_length / spec.hop_length),
        error_db=found.error_db,
        kept_share=found.share,
        seconds=_means(np.arange(n_frames) / spec.frames_per_second, columns),
        bands=_means(np.arange(n_bands, dtype=float), rows),
        levels=_picture(found.levels, rows, columns),
        rebuilt=_picture(found.rebuilt, rows, columns),
    )


def sounds(path: str | Path, spec: MfccSpec) -> tuple[np.ndarray, np.ndarray]:
    """A clip as the spec's arrays come from, and rebuilt from its MFCCs alone, equally loud; raises as `attempt` does.

    Both are float32, (n_samples,), at the spec's sample rate, within full scale.
    """
    mono = decode(path, spec)
    return equally_loud(mono, rebuild(kept(mono, spec).coefficients, spec, n_samples=len(mono)))


def _picture(levels: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return _means(_means(levels, rows).T, columns).T


def _pool(size: int, most: int) -> np.ndarray:
    """Where each of at most `most` even groups of neighbours begins."""
    return np.unique(np.linspace(0, size, min(size, most), endpoint=False).astype(int))


def _means(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The mean of each group of neighbours along the first axis."""
    sizes = np.diff([*starts, len(values)])
    sums: np.ndarray = np.add.reduceat(values, starts, axis=0)
    return sums / sizes.reshape(-1, *[1] * (values.ndim - 1))
