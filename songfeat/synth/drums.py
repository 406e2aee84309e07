"""Drum sounds, each struck once per song, and the patterns that they play."""

from collections.abc import Callable

import numpy as np

from songfeat.synth.wavetable import FloatArray, seconds_of, shape

STEPS_PER_BEAT = 4

# Sixteenths of one bar of four, by drum: "X" loud, "x" soft, "." nothing. Other meters repeat or cut the bar.
PATTERNS: dict[str, dict[str, str]] = {
    "backbeat": {"kick": "X.......X.x.....", "snare": "....X.......X...", "hat": "X.x.X.x.X.x.X.x."},
    "driving": {"kick": "X...X...X...X.x.", "snare": "....X.......X...", "hat": "X.X.X.X.X.X.X.X."},
    "syncopated": {"kick": "X..x..X...X..x..", "snare": "....X.......X..x", "hat": "X.xxX.xxX.xxX.xx"},
    "half time": {"kick": "X.....x...x.....", "snare": "........X.......", "hat": "X.x.X.x.X.x.Xxxx"},
    "boom bap": {"kick": "X.x.......Xx....", "snare": "....X.......X...", "hat": "X.x.X.x.X.x.X.x."},
    "four on the floor": {"kick": "X...X...X...X...", "snare": "....X.......X...", "hat": "..X...X...X...X."},
    "breakbeat": {"kick": "X.X.......XX....", "snare": "....X..x.x..X..x", "hat": "X.X.X.X.X.X.X.X."},
    "swing": {"kick": "x.......x.......", "snare": "......x........x", "hat": "X...X.x.X...X.x."},
    "brushes": {"kick": "x.......x.......", "snare": "x.x.X.x.x.x.X.x.", "hat": "....x.......x..."},
    "train": {"kick": "X.......X.......", "snare": "x.xxX.xxx.xxX.xx", "hat": "....x.......x..."},
    "one drop": {"kick": "........X.......", "snare": "........X.......", "hat": "X.x.X.x.X.x.X.x."},
    "steppers": {"kick": "X...X...X...X...", "snare": "........X.......", "hat": "X.xxX.x.X.xxX.x."},
    "timpani": {"kick": "X...........x...", "snare": "................", "hat": "................"},
}


def _swept(n_samples: int, sample_rate: int, *, start: float, end: float, drop: float, decay: float) -> FloatArray:
    """A sine that falls from `start` to `end` Hz and dies away, at rates of `drop` and `decay` per second."""
    time = seconds_of(n_samples, sample_rate)
    cycles = end * time + (start - end) / drop * (1.0 - np.exp(-drop * time))
    return np.asarray(np.sin(2 * np.pi * cycles) * np.exp(-decay * time), dtype=np.float32)


def _hiss(rng: np.random.Generator, n_samples: int, sample_rate: int, *, decay: float, rough: int) -> FloatArray:
    """Noise that dies away; each step of `rough` leaves more of the treble and less of the rest."""
    noise = np.diff(rng.standard_normal(n_samples + rough, dtype=np.float32), n=rough) / np.float32(2**rough)
    return np.asarray(noise * np.exp(-decay * seconds_of(n_samples, sample_rate)), dtype=np.float32)


def _blend(acoustic: FloatArray, machine: FloatArray, electric: float) -> FloatArray:
    return np.asarray((1.0 - electric) * acoustic + electric * machine, dtype=np.float32)


def _kick(rng: np.random.Generator, sample_rate: int, electric: float) -> FloatArray:
    n_samples = int(0.35 * sample_rate)
    skin = _swept(n_samples, sample_rate, start=160, end=65, drop=40, decay=14)
    boom = _swept(n_samples, sample_rate, start=220, end=46, drop=30, decay=8)
    return _blend(skin, boom, electric)


def _snare(rng: np.random.Generator, sample_rate: int, electric: float) -> FloatArray:
    n_samples = int(0.2 * sample_rate)
    shell = _swept(n_samples, sample_rate, start=240, end=185, drop=30, decay=22)
    wires = _hiss(rng, n_samples, sample_rate, decay=20, rough=0)
    clap = _hiss(rng, n_samples, sample_rate, decay=14, rough=1)
    return _blend(0.7 * shell + 0.25 * wires, 0.2 * shell + 0.9 * clap, electric)


def _hat(rng: np.random.Generator, sample_rate: int, electric: float) -> FloatArray:
    n_samples = int(0.09 * sample_rate)
    brush = _hiss(rng, n_samples, sample_rate, decay=60, rough=1)
    metal = _hiss(rng, n_samples, sample_rate, decay=40, rough=3)
    return _blend(0.22 * brush, 0.6 * metal, electric)


_HITS: dict[str, Callable[[np.random.Generator, int, float], FloatArray]] = {
    "kick": _kick, "snare": _snare, "hat": _hat,
}  # fmt: skip


def hits(rng: np.random.Generator, sample_rate: int, *, electric: float) -> dict[str, FloatArray]:
    """One stroke of each drum, between an acoustic kit (`electric` 0) and a drum machine (1)."""
    return {
        name: shape(hit(rng, sample_rate, electric), sample_rate, attack=0.001, release=0.02)
        for name, hit in _HITS.items()
    }
