"""From MFCCs back to sound: what they keep can be seen, and heard.

The coefficients that were left out count as zeros, so that the spectrum comes
back smooth; its phases were never kept, and are made up so that neighbouring
windows agree (Griffin & Lim, 1984).
"""

from dataclasses import dataclass

import numpy as np
import scipy.fft

from songfeat.mel import decibels, mel_filterbank
from songfeat.mfcc import cepstrum
from songfeat.specs import MelSpec, MfccSpec

ITERATIONS = 16
"""Of Griffin and Lim's algorithm; more are hardly heard."""

_OVERLAP = 4  # windows that hold each sample, as Griffin and Lim's algorithm needs several


@dataclass(frozen=True, kw_only=True, eq=False)
class Kept:
    """What MFCCs keep of a mel spectrogram.

    Attributes
    ----------
    levels : numpy.ndarray
        The mel spectrogram in decibels, (n_mels, frames).
    coefficients : numpy.ndarray
        Its MFCCs, (n_mfcc, frames).
    rebuilt : numpy.ndarray
        The mel spectrogram that these describe, in decibels, (n_mels, frames).
    """

    levels: np.ndarray
    coefficients: np.ndarray
    rebuilt: np.ndarray

    @property
    def error_db(self) -> float:
        """The root mean square, over all cells, of what is lost, in decibels."""
        return float(np.sqrt(np.mean(np.square(self.rebuilt - self.levels))))

    @property
    def share(self) -> float:
        """The share of the spectrogram's variance about its mean level that is kept, from 0 to 1; NaN if it has none.

        As the transform is orthonormal, what is lost is the sum of the squares of the coefficients left out.
        """
        variance = float(np.sum(np.square(self.levels - self.levels.mean())))
        lost = float(np.sum(np.square(self.rebuilt - self.levels)))
        return 1 - lost / variance if variance else float("nan")


def kept(mono: np.ndarray, spec: MfccSpec) -> Kept:
    """What the MFCCs of a waveform keep of it; raises AudioError if it is too short."""
    levels = decibels(mono, spec)
    coefficients = cepstrum(levels, spec)
    return Kept(levels=levels, coefficients=coefficients, rebuilt=mel_levels(coefficients, spec))


def mel_levels(coefficients: np.ndarray, spec: MfccSpec) -> np.ndarray:
    """The mel spectrogram in decibels that MFCCs describe: (n_mfcc, frames) to (n_mels, frames)."""
    levels: np.ndarray = scipy.fft.idct(coefficients, n=spec.n_mels, axis=0, norm=spec.dct_norm)
    return levels


def power_spectrum(levels: np.ndarray, spec: MelSpec) -> np.ndarray:
    """The smooth power spectrum whose mel spectrogram is the given one, nearly.

    Each band's power is spread evenly over its triangle, and each frequency
    takes the mean of the bands that hold it. Exact where the spectrum is flat
    across a band, as it is where it comes from a few MFCCs.

    Parameters
    ----------
    levels : numpy.ndarray
        Decibels, (n_mels, frames).
    spec : MelSpec

    Returns
    -------
    numpy.ndarray
        Squared magnitudes, (n_fft // 2 + 1, frames); zeros at frequencies that no band holds.
    """
    bank = mel_filterbank(spec)
    widths = bank.sum(axis=1)[:, np.newaxis]
    weights = bank.sum(axis=0)[:, np.newaxis]
    power = 10 ** (levels / 10)
    density = np.divide(power, widths, out=np.zeros_like(power), where=widths > 0)
    spread: np.ndarray = bank.T @ density
    return np.divide(spread, weights, out=np.zeros_like(spread), where=weights > 0)


def rebuild(coefficients: np.ndarray, spec: MfccSpec, *, n_samples: int, iterations: int = ITERATIONS) -> np.ndarray:
    """Sound that has the given MFCCs, nearly.

    Between frames the spectrum goes straight from one to the next: where
    windows do not overlap, as in the report's spec, nothing is known of what
    lies between.

    Parameters
    ----------
    coefficients : numpy.ndarray
        (n_mfcc, frames), at least one frame.
    spec : MfccSpec
    n_samples : int
        How long the sound shall be, at the spec's sample rate.
    iterations : int

    Returns
    -------
    numpy.ndarray
        float32, (n_samples,).
    """
    from librosa import griffinlim

    hop_length = spec.n_fft // _OVERLAP
    magnitude = np.sqrt(power_spectrum(mel_levels(coefficients, spec), spec))
    # One more than there are hops, as frames are centred.
    at = np.minimum(np.arange(n_samples // hop_length + 1) * hop_length / spec.hop_length, magnitude.shape[1] - 1)
    before = at.astype(int)
    after = np.minimum(before + 1, magnitude.shape[1] - 1)
    share = (at - before).astype(magnitude.dtype)
    frames = magnitude[:, before] * (1 - share) + magnitude[:, after] * share
    mono: np.ndarray = griffinlim(
        frames.astype(np.float32),
        n_iter=iterations,
        hop_length=hop_length,
        n_fft=spec.n_fft,
        window=spec.window,
        length=n_samples,
        random_state=0,
    )
    return mono.astype(np.float32, copy=False)


def equally_loud(original: np.ndarray, rebuilt: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both sounds, float32, as loud as each other (by root mean square) and within full scale.

    They are as loud as the original, or as loud as the one with the higher
    peaks can be. A spectrum that was smoothed in decibels is quieter than the
    one it came from, which says nothing of what is kept.
    """
    levels = [float(np.sqrt(np.mean(np.square(sound)))) for sound in (original, rebuilt)]
    peaks = [float(np.abs(sound).max()) for sound in (original, rebuilt)]
    loudest = [level / peak for level, peak in zip(levels, peaks, strict=True) if peak > 0]
    common = min(levels[0], *loudest) if loudest else 0.0
    gains = [common / level if level > 0 else 1.0 for level in levels]
    return (original * gains[0]).astype(np.float32), (rebuilt * gains[1]).astype(np.float32)
