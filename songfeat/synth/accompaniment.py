"""What chords and bass play in a bar, by the name that a recipe gives it."""

from collections.abc import Callable
from typing import NamedTuple

from songfeat.synth.harmony import Harmony
from songfeat.synth.recipe import Recipe


class Note(NamedTuple):
    """One stroke, tone, chord or syllable."""

    beat: float
    beats: float
    pitches: tuple[int, ...] = ()  # MIDI
    gain: float = 1.0
    syllable: int = 0  # of a voice: which of the song's syllables
    stroke: str = ""  # of a drum: which one


Line = Callable[[Recipe, Harmony, int], list[Note]]
"""``(recipe, harmony, bar) -> notes``"""


def _slots(recipe: Recipe, bar: int, per_beat: int) -> list[tuple[float, float]]:
    """Evenly spread (beat, beats) within a bar."""
    start, length = bar * recipe.meter, 1.0 / per_beat
    return [(start + slot * length, length) for slot in range(recipe.meter * per_beat)]


def _often(recipe: Recipe) -> int:
    """How many times as busy as it might be: dense songs play double time."""
    return 2 if recipe.density > 0.5 else 1


def _pad(recipe: Recipe, harmony: Harmony, bar: int) -> list[Note]:
    return [Note(bar * recipe.meter, recipe.meter, harmony.chord(bar))]


def _strum(recipe: Recipe, harmony: Harmony, bar: int) -> list[Note]:
    slots = _slots(recipe, bar, _often(recipe))
    return [Note(at, long, harmony.chord(bar), 0.7 if turn else 1.0) for turn, (at, long) in enumerate(slots)]


def _skank(recipe: Recipe, harmony: Harmony, bar: int) -> list[Note]:
    return [Note(at + 0.5, 0.25, harmony.chord(bar)) for at, _ in _slots(recipe, bar, 1)]


def _stabs(recipe: Recipe, harmony: Harmony, bar: int) -> list[Note]:
    places = (0.0, 1.5, 2.5, 3.5)[: 2 + _often(recipe)]
    return [Note(bar * recipe.meter + at, 0.75, harmony.chord(bar)) for at in places if at < recipe.meter]


def _arpeggio(recipe: Recipe, harmony: Harmony, bar: int) -> list[Note]:
    chord = harmony.chord(bar)
    path = (*chord, *chord[-2:0:-1])
    slots = _slots(recipe, bar, 2 * _often(recipe))
    return [Note(at, 2 * long, (path[turn % len(path)],)) for turn, (at, long) in enumerate(slots)]


def _long(recipe: Recipe, harmony: Harmony, bar: int) -> list[Note]:
    return [Note(bar * recipe.meter, recipe.meter, (harmony.bass(bar),))]


def _roots(recipe: Recipe, harmony: Harmony, bar: int) -> list[Note]:
    start, half = bar * recipe.meter, (recipe.meter + 1) // 2
    return [
        Note(start, half, (harmony.bass(bar),)),
        Note(start + half, recipe.meter - half, (harmony.bass(bar, degree=4),)),
    ]


def _quavers(recipe: Recipe, harmony: Harmony, bar: int) -> list[Note]:
    return [Note(at, long, (harmony.bass(bar),)) for at, long in _slots(recipe, bar, 2)]


def _between(recipe: Recipe, harmony: Harmony, bar: int) -> list[Note]:
    return [Note(at + 0.5, 0.5, (harmony.bass(bar),)) for at, _ in _slots(recipe, bar, 1)]


def _walking(recipe: Recipe, harmony: Harmony, bar: int) -> list[Note]:
    steps = zip(_slots(recipe, bar, 1), (0, 2, 4, 5, 4), strict=False)
    return [Note(at, long, (harmony.bass(bar, degree=degree),)) for (at, long), degree in steps]


def _syncopated(recipe: Recipe, harmony: Harmony, bar: int) -> list[Note]:
    places = ((0.0, 0.75, 0), (0.75, 0.75, 0), (1.5, 1.0, 4), (2.5, 0.5, 0), (3.25, 0.75, 0))
    start = bar * recipe.meter
    return [
        Note(start + at, long, (harmony.bass(bar, degree=degree),)) for at, long, degree in places if at < recipe.meter
    ]


COMPINGS: dict[str, Line] = {
    "pad": _pad, "strum": _strum, "off-beat": _skank, "stabs": _stabs, "arpeggio": _arpeggio,
}  # fmt: skip
"""How chords are played."""

BASS_LINES: dict[str, Line] = {
    "long": _long, "roots": _roots, "quavers": _quavers, "off-beat": _between, "walking": _walking,
    "syncopated": _syncopated,
}  # fmt: skip
"""How the bass moves."""
