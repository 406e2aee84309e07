"""The pitched instruments, acoustic and electronic: each plays one note as a mono array."""

from collections.abc import Callable

import numpy as np

from songfeat.synth.wavetable import FloatArray, partials, period, phases, read, seconds_of, shape, vibrato

Instrument = Callable[[float, float, int], FloatArray]
"""``(frequency in Hz, seconds, sample_rate) -> (n_samples,)``"""

_OCTAVES = 5  # groups of partials of a string that die away together


def plucked(frequency: float, seconds: float, sample_rate: int, *, bright: float, ring: float) -> FloatArray:
    """A plucked or struck string.

    What the string of Karplus and Strong ("Digital synthesis of plucked-string
    and drum timbres", 1983) comes to once its averaging filter is solved:
    partials that die away the faster the higher they are, here octave by octave.
    """
    number = partials(frequency, sample_rate, highest=9000.0)
    loud = np.abs(np.sin(np.pi * 0.21 * number)) / number * np.exp(-number * frequency / bright)
    n_samples = int((seconds + 0.12) * sample_rate)
    phase, time = phases(frequency, n_samples, sample_rate), seconds_of(n_samples, sample_rate)
    sound = np.zeros(n_samples, dtype=np.float32)
    for octave in range(_OCTAVES):
        top = 2 ** (octave + 1) if octave < _OCTAVES - 1 else np.inf
        group = np.where((number >= 2**octave) & (number < top), loud, 0.0)
        rate = np.float32(1.0 / ring + (1.5 * 2**octave * frequency / 1000.0) ** 2)
        sound += read(period(group), phase) * np.exp(-rate * time)
    return shape(sound, sample_rate, attack=0.002, release=0.12)


def sustained(
    frequency: float,
    seconds: float,
    sample_rate: int,
    *,
    rolloff: float,
    bright: float,
    odd: float = 1.0,
    attack: float = 0.06,
    sway: float = 0.12,
) -> FloatArray:
    """A bowed or blown tone, or an organ pipe: partials that fall as ``number ** -rolloff``.

    `bright` is the frequency above which they fall faster, `odd` the share of
    the even partials, `sway` the depth of the vibrato in semitones.
    """
    number = partials(frequency, sample_rate, highest=9000.0)
    loud = number**-rolloff * np.exp(-number * frequency / bright) * np.where(number % 2 == 0, odd, 1.0)
    n_samples = int((seconds + 0.08) * sample_rate)
    pitch = vibrato(frequency, n_samples, sample_rate, rate=5.2, depth=sway) if sway else frequency
    sound = read(period(loud), phases(pitch, n_samples, sample_rate))
    return shape(sound, sample_rate, attack=min(attack, seconds / 2), release=0.08)


def saws(
    frequency: float, seconds: float, sample_rate: int, *, detune: float, bright: float, attack: float
) -> FloatArray:
    """Two saw-tooth oscillators, `detune` semitones apart, through a gentle low-pass at `bright` Hz."""
    number = partials(frequency, sample_rate)
    table = period(1.0 / number / np.sqrt(1.0 + (number * frequency / bright) ** 2))
    n_samples = int((seconds + 0.05) * sample_rate)
    apart = 2.0 ** (detune / 24.0)
    sound = read(table, phases(frequency * apart, n_samples, sample_rate))
    sound += read(table, phases(frequency / apart, n_samples, sample_rate))
    return shape(sound, sample_rate, attack=min(attack, seconds / 2), release=0.05)


def square(frequency: float, seconds: float, sample_rate: int) -> FloatArray:
    """A square wave, the lead of early synthesisers."""
    number = partials(frequency, sample_rate)
    table = period(np.where(number % 2 == 1, 1.0, 0.15) / number)
    sound = read(table, phases(frequency, int((seconds + 0.03) * sample_rate), sample_rate))
    return shape(sound, sample_rate, attack=0.005, release=0.03)


def modulated(frequency: float, seconds: float, sample_rate: int, *, ratio: float, index: float) -> FloatArray:
    """An FM tone that starts bright and mellows, after Chowning (1973).

    `ratio` is the modulator's frequency over the carrier's, `index` the depth
    of modulation at the start.
    """
    n_samples = int((seconds + 0.06) * sample_rate)
    time = seconds_of(n_samples, sample_rate)
    carrier = np.float32(2 * np.pi * frequency) * time
    depth = np.float32(index) * np.exp(-2.5 * time)
    sound = np.sin(carrier + depth * np.sin(np.float32(ratio) * carrier)) * np.exp(-1.2 * time)
    return shape(sound, sample_rate, attack=0.003, release=0.06)


def fuzz(frequency: float, seconds: float, sample_rate: int) -> FloatArray:
    """A power chord (root, fifth, octave) on an overdriven guitar."""
    number = partials(frequency, sample_rate, highest=5000.0)
    string = period(1.0 / number)
    n_samples = int((seconds + 0.03) * sample_rate)
    chord = sum(read(string, phases(frequency * step, n_samples, sample_rate)) for step in (1.0, 1.498, 2.003))
    sound = np.tanh(2.5 * np.asarray(chord, dtype=np.float32))
    return shape(sound, sample_rate, attack=0.004, release=0.03)


def _voiced(play: Callable[..., FloatArray], **settings: float) -> Instrument:
    return lambda frequency, seconds, sample_rate: play(frequency, seconds, sample_rate, **settings)


INSTRUMENTS: dict[str, Instrument] = {
    # acoustic
    "guitar": _voiced(plucked, bright=2500, ring=0.7),
    "steel guitar": _voiced(plucked, bright=4000, ring=1.0),
    "piano": _voiced(plucked, bright=1800, ring=1.2),
    "double bass": _voiced(plucked, bright=900, ring=0.5),
    "strings": _voiced(sustained, rolloff=1.0, bright=2500, attack=0.12),
    "violin": _voiced(sustained, rolloff=0.9, bright=3000, sway=0.25),
    "flute": _voiced(sustained, rolloff=2.0, bright=4000, attack=0.05, sway=0.15),
    "horn": _voiced(sustained, rolloff=0.5, bright=1500, attack=0.04),
    "pipe organ": _voiced(sustained, rolloff=1.2, bright=3000, odd=0.6, attack=0.03, sway=0.0),
    # electronic
    "saw pad": _voiced(saws, detune=0.2, bright=3500, attack=0.05),
    "saw bass": _voiced(saws, detune=0.06, bright=900, attack=0.005),
    "square": square,
    "electric organ": _voiced(sustained, rolloff=0.35, bright=5000, odd=0.4, attack=0.008, sway=0.0),
    "electric piano": _voiced(modulated, ratio=7.0, index=1.6),
    "bell": _voiced(modulated, ratio=3.5, index=3.5),
    # overdriven
    "fuzz guitar": fuzz,
}
"""Every instrument that a recipe can name."""
