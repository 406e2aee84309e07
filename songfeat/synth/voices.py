"""Voices: a glottal buzz shaped by the formants of a vowel, sung on pitch or spoken."""

import numpy as np

from songfeat.synth.wavetable import FloatArray, partials, period, phases, read, seconds_of, shape, vibrato

# First three formants of a male voice, Hz (Peterson & Barney, 1952).
_FORMANTS = {
    "a": (730.0, 1090.0, 2440.0),
    "e": (530.0, 1840.0, 2480.0),
    "i": (270.0, 2290.0, 3010.0),
    "o": (570.0, 840.0, 2410.0),
    "u": (300.0, 870.0, 2240.0),
}
VOWELS = tuple(_FORMANTS)
_STRENGTHS = (1.0, 0.7, 0.45)
_BANDWIDTHS = (90.0, 110.0, 170.0)
_HIGH_VOICE = 1.16  # a shorter vocal tract lifts all formants


def _vowel(vowel: str, frequency: float, sample_rate: int, *, high: bool) -> FloatArray:
    """One period of a vowel at a pitch, with an RMS of about 1."""
    pitch = partials(frequency, sample_rate, highest=6000.0) * frequency
    loud = np.full_like(pitch, 0.02)
    for centre, strength, width in zip(_FORMANTS[vowel], _STRENGTHS, _BANDWIDTHS, strict=True):
        away = (pitch - centre * (_HIGH_VOICE if high else 1.0)) / width
        loud += strength / (1.0 + away**2)
    loud /= np.sqrt(pitch / frequency)
    return period(loud / np.sqrt(0.5 * np.sum(loud**2)))


def sung(vowel: str, frequency: float, seconds: float, sample_rate: int, *, high: bool) -> FloatArray:
    """A vowel held on a pitch, with the vibrato of a trained voice."""
    n_samples = int((seconds + 0.05) * sample_rate)
    pitch = vibrato(frequency, n_samples, sample_rate, rate=5.8, depth=0.45)
    sound = read(_vowel(vowel, frequency, sample_rate, high=high), phases(pitch, n_samples, sample_rate))
    return shape(sound, sample_rate, attack=min(0.05, seconds / 3), release=min(0.07, seconds / 3))


def spoken(rng: np.random.Generator, seconds: float, sample_rate: int, *, high: bool) -> FloatArray:
    """One syllable of talk: a hiss or click, then a gliding vowel at a pitch of its own."""
    consonant_seconds = float(rng.uniform(0.025, 0.06))
    consonant = np.diff(rng.standard_normal(int(consonant_seconds * sample_rate), dtype=np.float32), n=2)
    shape(consonant, sample_rate, attack=0.008, release=0.015)
    n_samples = max(int((seconds - consonant_seconds) * sample_rate), sample_rate // 50)
    time = seconds_of(n_samples, sample_rate)
    frequency = (190.0 if high else 115.0) * float(rng.uniform(0.8, 1.35))
    glide = 1.0 + float(rng.uniform(-1.6, 0.6)) * time + 0.012 * rng.standard_normal(n_samples, dtype=np.float32)
    phase = phases(np.asarray(frequency * np.maximum(glide, 0.5), dtype=np.float32), n_samples, sample_rate)
    first, second = (read(_vowel(str(v), frequency, sample_rate, high=high), phase) for v in rng.choice(VOWELS, 2))
    moved = np.minimum(time / (0.6 * seconds), 1.0)
    vowel = (first * (1.0 - moved) + second * moved) * np.exp(-3.0 * time)
    vowel += 0.12 * rng.standard_normal(n_samples, dtype=np.float32) * np.exp(-3.0 * time)
    shape(vowel, sample_rate, attack=0.012, release=0.05)
    return np.concatenate([float(rng.uniform(0.3, 0.9)) * consonant, vowel])
