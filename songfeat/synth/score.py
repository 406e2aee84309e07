"""Who plays what and when: the notes of one song, from its recipe."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from songfeat.synth.accompaniment import BASS_LINES, COMPINGS, Note
from songfeat.synth.drums import PATTERNS, STEPS_PER_BEAT
from songfeat.synth.harmony import Harmony
from songfeat.synth.recipe import Recipe
from songfeat.synth.voices import VOWELS

_GOLDEN = 0.618_033_988_75  # its multiples spread evenly over [0, 1), so that shares of bars come out as asked
_SYLLABLES_PER_SECOND = 4.8  # of ordinary talk
SYLLABLES = 24  # different ones in one song

# MIDI pitches around which tunes move: the lead's, and a low and a high voice's.
_LEAD_CENTRE = 69
_VOICE_CENTRES = (55, 64)


@dataclass(frozen=True, kw_only=True)
class Score:
    """The notes of one song by part."""

    drums: list[Note]
    chords: list[Note]
    bass: list[Note]
    lead: list[Note]
    sung: list[Note]
    spoken: list[Note]


def write_score(recipe: Recipe, n_bars: int, rng: np.random.Generator) -> Score:
    """Write `n_bars` bars; the same for the same recipe and state of `rng`."""
    harmony = Harmony(recipe, rng)
    comping, bass_line = COMPINGS[recipe.comping], BASS_LINES[recipe.bass_line]
    sung, spoken = _voice_bars(recipe, n_bars)
    silent = [bar for bar in range(n_bars) if bar not in sung | spoken]
    # A singer follows the band only half of the way up or down.
    voice_centre = _VOICE_CENTRES[recipe.voice_is_high] + recipe.register / 2
    return Score(
        drums=[note for name in PATTERNS[recipe.drum_pattern] for note in _drum(recipe, name, n_bars, rng)],
        chords=[note for bar in range(n_bars) for note in comping(recipe, harmony, bar)],
        bass=[note for bar in range(n_bars) for note in bass_line(recipe, harmony, bar)],
        lead=_tune(recipe, harmony, silent, rng, centre=_LEAD_CENTRE + recipe.register),
        sung=_tune(recipe, harmony, sorted(sung), rng, centre=voice_centre, vowels=len(VOWELS)),
        spoken=[note for bar in sorted(spoken) for note in _talk(recipe, bar, rng)],
    )


def _voice_bars(recipe: Recipe, n_bars: int) -> tuple[set[int], set[int]]:
    """The bars that are sung and those that are spoken: the shares that the recipe asks for, at least one if any."""
    voiced = [bar for bar in range(n_bars) if bar * _GOLDEN % 1.0 < recipe.voice_share]
    spoken = {bar for turn, bar in enumerate(voiced) if turn * _GOLDEN % 1.0 < recipe.spoken_share}
    return set(voiced) - spoken, spoken


def _drum(recipe: Recipe, name: str, n_bars: int, rng: np.random.Generator) -> Iterator[Note]:
    """One drum's strokes: an irregular beat leaves some out and adds stray ones, a thin one has few soft strokes."""
    steps = recipe.meter * STEPS_PER_BEAT
    pattern = PATTERNS[recipe.drum_pattern][name]
    bar_pattern = (pattern * 2)[:steps]
    loose = 1.0 - recipe.regularity
    for step in range(n_bars * steps):
        sign, chance = bar_pattern[step % steps], float(rng.random())
        gain = {"X": 1.0, "x": 0.55, ".": 0.0}[sign]
        missing = chance < 0.5 * loose or (sign == "x" and chance > 0.35 + 0.65 * recipe.density)
        if sign == "." and "X" in pattern and chance < 0.12 * loose:
            yield Note(step / STEPS_PER_BEAT, 0.25, gain=0.5, stroke=name)
        elif gain and not missing:
            yield Note(step / STEPS_PER_BEAT, 0.25, gain=gain, stroke=name)


def _rhythm(recipe: Recipe, rng: np.random.Generator) -> list[tuple[float, float]]:
    """(beat, beats) of a tune's notes in one bar: many in a dense song."""
    on, off = 0.5 + 0.45 * recipe.density, 0.75 * recipe.density
    chances = rng.random(recipe.meter * 2)
    starts = [slot / 2 for slot, chance in enumerate(chances) if slot == 0 or chance < (off if slot % 2 else on)]
    ends = [*starts[1:], float(recipe.meter)]
    return [(start, end - start) for start, end in zip(starts, ends, strict=True)]


def _tune(
    recipe: Recipe, harmony: Harmony, bars: list[int], rng: np.random.Generator, *, centre: float, vowels: int = 1
) -> list[Note]:
    """A tune that walks through the scale, rests on chord tones, and repeats the rhythm of its first bars."""
    rhythms = [_rhythm(recipe, rng) for _ in range(2)]
    ladder = harmony.ladder(centre)
    place, notes = len(ladder) // 2, []
    for turn, bar in enumerate(bars):
        for beat, beats in rhythms[turn % 4 == 2]:
            place = int(np.clip(place + rng.integers(-2, 3), 0, len(ladder) - 1))
            pitch = ladder[place]
            if beat == 0:
                pitch = harmony.chord_tone(bar, pitch)
            notes.append(Note(bar * recipe.meter + beat, 0.92 * beats, (pitch,), syllable=int(rng.integers(vowels))))
    return notes


def _talk(recipe: Recipe, bar: int, rng: np.random.Generator) -> Iterator[Note]:
    """Syllables of one bar: about as many per second in every song, off the grid, with gaps for breath."""
    per_beat = max(round(_SYLLABLES_PER_SECOND * 60.0 / recipe.tempo), 1)
    length = 1.0 / per_beat
    for slot in range(recipe.meter * per_beat):
        if rng.random() < 0.85:
            beat = bar * recipe.meter + (slot + float(rng.uniform(0.0, 0.3))) * length
            yield Note(beat, length, gain=float(rng.uniform(0.6, 1.1)), syllable=int(rng.integers(SYLLABLES)))
