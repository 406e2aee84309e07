"""From a recipe to a waveform: each different note is played once, laid wherever it is written, and mixed."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from songfeat.synth import drums, voices
from songfeat.synth.accompaniment import Note
from songfeat.synth.clock import onset_seconds
from songfeat.synth.instruments import INSTRUMENTS
from songfeat.synth.mix import audience, brighten, bring_to_level, reverberation, rms
from songfeat.synth.recipe import Recipe
from songfeat.synth.score import SYLLABLES, Score, write_score
from songfeat.synth.wavetable import FloatArray, hertz

_INAUDIBLE = 0.05  # parts softer than this are left out
_FUZZ_ABOVE_BASS = 12  # semitones

_BRIGHTER_DB = 1.2  # per semitone that a song is played higher
_UNDER_SPEECH = 0.4  # how far the band steps back while somebody talks

# How loud each part is before the recipe has its say, as RMS while it plays, and where it stands: -1 left, 1 right.
_BALANCE = {
    "drums": (1.3, 0.0),
    "chords": (0.5, -0.35),
    "bass": (0.5, 0.0),
    "lead": (0.55, 0.3),
    "fuzz": (0.9, 0.2),
    "sung": (0.85, 0.0),
    "spoken": (1.9, 0.0),
}


def render(recipe: Recipe, *, n_samples: int, sample_rate: int, rng: np.random.Generator) -> FloatArray:
    """Play a recipe; (n_samples, 2), float32, within [-1, 1]."""
    n_beats = n_samples / sample_rate * recipe.tempo / 60.0
    score = write_score(recipe, math.ceil(n_beats / recipe.meter) + 1, rng)
    desk = _Desk(recipe, n_samples, sample_rate, rng)
    _play_band(desk, score)
    brighten(desk.mix, sample_rate, decibels=_BRIGHTER_DB * recipe.register)
    _play_drums(desk, score)
    desk.step_back(score.spoken)
    _play_voices(desk, score)
    mix = desk.mix
    echo = reverberation(mix.mean(axis=0), sample_rate, decay_seconds=0.3 + 3.0 * recipe.reverb, rng=rng)
    mix += np.float32(recipe.reverb) * echo
    if recipe.crowd:
        mix += np.float32(0.45 * recipe.crowd * rms(mix)) * audience(n_samples, sample_rate, rng)
    return np.ascontiguousarray(bring_to_level(mix, recipe.level).T)


class _Desk:
    """The mixing desk: takes parts one by one and keeps their stereo sum in `mix`, (2, n_samples)."""

    def __init__(self, recipe: Recipe, n_samples: int, sample_rate: int, rng: np.random.Generator) -> None:
        self.recipe, self.sample_rate, self.rng = recipe, sample_rate, rng
        self.mix = np.zeros((2, n_samples), dtype=np.float32)
        self._track = np.zeros(n_samples, dtype=np.float32)

    def seconds(self, note: Note) -> float:
        """How long a note is held."""
        return note.beats * 60.0 / self.recipe.tempo

    def add(
        self, part: str, notes: Sequence[Note], play: Callable[[Note], FloatArray], *, gain: float, share: float = 1.0
    ) -> None:
        """Play `notes` and mix them in at `gain`; `share` is the share of the time in which the part plays."""
        if not notes or gain < _INAUDIBLE:
            return
        self._track.fill(0.0)
        self._lay(notes, play)
        loud, place = _BALANCE[part]
        scale = loud * gain * math.sqrt(share) / max(rms(self._track), 1e-9)
        for side, row in ((-1, 0), (1, 1)):
            self.mix[row] += np.float32(scale * math.sqrt(0.5 * (1.0 + side * place))) * self._track

    def step_back(self, notes: Sequence[Note]) -> None:
        """Soften what is in the mix so far in the bars that hold `notes`, so that speech is understood."""
        meter, n_samples = self.recipe.meter, self.mix.shape[1]
        bar_samples = 60.0 / self.recipe.tempo * meter * self.sample_rate
        loud = np.ones(math.ceil(n_samples / bar_samples) + 2, dtype=np.float32)
        loud[[int(note.beat) // meter for note in notes]] = _UNDER_SPEECH
        # Between bars the level slides over a fifth of a bar: a jump would click.
        corners = np.repeat(np.arange(len(loud)), 2) + np.tile([0.1, 0.9], len(loud))
        coarse = np.interp(np.arange(0, n_samples, 64) / bar_samples, corners, np.repeat(loud, 2))
        self.mix *= np.repeat(coarse.astype(np.float32), 64)[:n_samples]

    def _lay(self, notes: Sequence[Note], play: Callable[[Note], FloatArray]) -> None:
        """Add each note to the track where it is played, rendering equal ones once."""
        played: dict[Note, FloatArray] = {}
        starts = onset_seconds(self.recipe, [note.beat for note in notes], self.rng) * self.sample_rate
        for note, start in zip(notes, starts.astype(int), strict=True):
            room = len(self._track) - start
            if room <= 0:
                continue
            alike = note._replace(beat=0.0)
            if alike not in played:
                played[alike] = np.float32(note.gain) * play(note)
            sound = played[alike][:room]
            self._track[start : start + len(sound)] += sound


def _instrument(desk: _Desk, name: str) -> Callable[[Note], FloatArray]:
    play = INSTRUMENTS[name]

    def chord(note: Note) -> FloatArray:
        tones = (play(hertz(pitch), desk.seconds(note), desk.sample_rate) for pitch in note.pitches)
        return np.asarray(sum(tones), dtype=np.float32)

    return chord


def _play_band(desk: _Desk, score: Score) -> None:
    """Chords, bass and lead, each on an acoustic and an electronic instrument, and the distorted guitar."""
    recipe = desk.recipe
    for part, notes, acoustic, electric in (
        ("chords", score.chords, recipe.acoustic_chords, recipe.electric_chords),
        ("bass", score.bass, "double bass", "saw bass"),
        ("lead", score.lead, recipe.acoustic_lead, recipe.electric_lead),
    ):
        share = 1.0 - recipe.voice_share if part == "lead" else 1.0
        desk.add(part, notes, _instrument(desk, acoustic), gain=math.sqrt(1.0 - recipe.electric), share=share)
        desk.add(part, notes, _instrument(desk, electric), gain=math.sqrt(recipe.electric), share=share)
    riff = [note._replace(pitches=(note.pitches[0] + _FUZZ_ABOVE_BASS,)) for note in score.bass]
    desk.add("fuzz", riff, _instrument(desk, "fuzz guitar"), gain=recipe.distortion)


def _play_drums(desk: _Desk, score: Score) -> None:
    strokes = drums.hits(desk.rng, desk.sample_rate, electric=desk.recipe.electric)
    desk.add("drums", score.drums, lambda note: strokes[note.stroke], gain=desk.recipe.drum_level)


def _play_voices(desk: _Desk, score: Score) -> None:
    recipe, sample_rate, high = desk.recipe, desk.sample_rate, desk.recipe.voice_is_high

    def sing(note: Note) -> FloatArray:
        vowel = voices.VOWELS[note.syllable % len(voices.VOWELS)]
        return voices.sung(vowel, hertz(note.pitches[0]), desk.seconds(note), sample_rate, high=high)

    spoken_share = recipe.voice_share * recipe.spoken_share
    desk.add("sung", score.sung, sing, gain=1.0, share=recipe.voice_share - spoken_share)
    if score.spoken:
        lengths = desk.rng.uniform(0.12, 0.22, SYLLABLES)
        bank = [voices.spoken(desk.rng, float(seconds), sample_rate, high=high) for seconds in lengths]
        desk.add("spoken", score.spoken, lambda note: bank[note.syllable], gain=1.0, share=spoken_share)
