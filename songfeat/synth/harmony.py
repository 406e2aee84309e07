"""Chords and scales in the key of a song."""

import numpy as np

from songfeat.synth.recipe import Recipe

_SCALES = {1: (0, 2, 4, 5, 7, 9, 11), 0: (0, 2, 3, 5, 7, 8, 10)}  # by mode, semitones above the tonic
# One scale degree per bar, 0 is the tonic; each begins or ends at home so that the key can be heard.
_PROGRESSIONS = {
    1: ((0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 4, 0), (0, 3, 0, 4), (0, 1, 4, 0), (0, 0, 3, 4)),
    0: ((0, 5, 2, 6), (0, 3, 4, 0), (0, 6, 5, 4), (0, 5, 3, 4), (0, 3, 6, 0), (0, 0, 5, 6)),
}
_CHORD_CENTRE, _BASS_CENTRE = 60, 40  # MIDI pitches that chords and bass stay close to


def near(pitch: float, centre: float) -> int:
    """The note of the same name that lies closest to `centre`: tunes change register, never key."""
    return int(pitch + 12 * round((centre - pitch) / 12))


class Harmony:
    """The chord of each bar, and the notes that fit it."""

    def __init__(self, recipe: Recipe, rng: np.random.Generator) -> None:
        self._recipe = recipe
        self._scale = _SCALES[recipe.mode]
        progressions = _PROGRESSIONS[recipe.mode]
        self._progression = progressions[int(rng.integers(len(progressions)))]

    def _tone(self, degree: int) -> int:
        octave, step = divmod(degree, 7)
        return self._recipe.key + 12 * octave + self._scale[step]

    def chord(self, bar: int) -> tuple[int, ...]:
        """MIDI pitches of the bar's chord, lowest first."""
        root = self._progression[bar % len(self._progression)]
        thirds = (0, 2, 4, 6) if self._recipe.sevenths else (0, 2, 4)
        centre = _CHORD_CENTRE + self._recipe.register
        return tuple(sorted(near(self._tone(root + third), centre) for third in thirds))

    def chord_tone(self, bar: int, pitch: int) -> int:
        """The tone of the bar's chord, in any octave, that lies closest to `pitch`."""
        return min((near(tone, pitch) for tone in self.chord(bar)), key=lambda tone: abs(tone - pitch))

    def bass(self, bar: int, *, degree: int = 0) -> int:
        """MIDI pitch of the bar's root, or of the scale tone `degree` steps above it."""
        root = self._progression[bar % len(self._progression)]
        return near(self._tone(root), _BASS_CENTRE) + self._tone(root + degree) - self._tone(root)

    def ladder(self, centre: float) -> list[int]:
        """The scale within a ninth or so around `centre`, lowest first."""
        tones = [self._recipe.key + 12 * octave + step for octave in range(11) for step in self._scale]
        return [tone for tone in tones if abs(tone - centre) <= 8]
