"""How one demo song is made: everything that is drawn at random before a note sounds."""

from dataclasses import dataclass

import numpy as np

from songfeat.synth.names import artist_index, genre_of
from songfeat.synth.profiles import PROFILES, Profile

# Two moods tie a song's ingredients together, as in real music: loud songs tend to be dense, fast, electric and
# distorted; danceable ones have strong steady drums and bright tunes. For each ingredient: the mood, and how much
# of its place in the genre's range the mood decides (a negative share turns it round); the rest is its own draw.
_MOODS: dict[str, tuple[str, float]] = {
    "level": ("intensity", 0.75),
    "density": ("intensity", 0.5),
    "distortion": ("intensity", 0.6),
    "electric": ("intensity", 0.5),
    "tempo": ("intensity", 0.3),
    "drum_level": ("groove", 0.75),
    "regularity": ("groove", 0.75),
    "register": ("groove", 0.6),
    "reverb": ("groove", -0.4),
}
LEVEL_DB = (-28.0, -6.0)
"""The softest and the loudest mix, dB RMS below full scale."""

_ARTIST_SHARE = 0.4  # of every draw: an artist's songs lie near each other
_SPREAD = 1.55  # a mean of several draws bunches in the middle; this fills the range again
_WITHOUT_VOICE_DB = -3.0  # instrumentals are mixed softer
_LIVE = 0.15  # share of songs recorded before an audience
_CROWD = (0.35, 1.0)  # how loud such an audience is


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One song's ingredients. Levels, shares and degrees run from 0 to 1.

    Attributes
    ----------
    tempo : float
        Beats per minute.
    key : int
        Pitch class of the tonic, 0 is C.
    mode : int
        1 major, 0 minor.
    meter : int
        Beats in a bar.
    swing : float
        Delay of the off-beat quaver, in beats.
    regularity : float
        Of the beat: at 1 a machine's, at 0 late, early and missing strokes and a pulse that sways.
    density : float
        Share of the possible off-beat strokes and notes that are played.
    distortion : float
        Level of the distorted guitar.
    electric : float
        Share of electronic timbres; the rest of each part is played by acoustic ones.
    level : float
        Loudness that the mix is brought to, dB RMS below full scale.
    register : float
        Shift of all tunes and chords, semitones; the higher, the brighter they are played.
    voice_share : float
        Share of the bars that have a voice, 0 for an instrumental.
    spoken_share : float
        Share of the bars with a voice in which it speaks.
    crowd : float
        Level of the audience, 0 in a studio.
    """

    genre: str
    tempo: float
    key: int
    mode: int
    meter: int
    swing: float
    drum_pattern: str
    drum_level: float
    regularity: float
    density: float
    distortion: float
    electric: float
    level: float
    register: float
    comping: str
    bass_line: str
    acoustic_chords: str
    acoustic_lead: str
    electric_chords: str
    electric_lead: str
    sevenths: bool
    voice_share: float
    spoken_share: float
    voice_is_high: bool
    reverb: float
    crowd: float


class _Draws:
    """Draws for one song, each leaning towards its artist's."""

    def __init__(self, number: int, seed: int) -> None:
        self.song = np.random.default_rng([seed, 1, number])
        self.artist = np.random.default_rng([seed, 2, artist_index(number)])
        self._moods = {mood: self.place() for mood in ("intensity", "groove")}

    def place(self) -> float:
        """A place in a range, from 0 (its low end) to 1."""
        return _ARTIST_SHARE * float(self.artist.random()) + (1 - _ARTIST_SHARE) * float(self.song.random())

    def within(self, name: str, low: float, high: float) -> float:
        """A value from a range, drawn towards the mood that `name` follows."""
        mood, share = _MOODS.get(name, ("", 0.0))
        pull = self._moods.get(mood, 0.0)
        place = (1 - abs(share)) * self.place() + abs(share) * (pull if share >= 0 else 1 - pull)
        return low + (high - low) * float(np.clip(0.5 + _SPREAD * (place - 0.5), 0.0, 1.0))

    def happens(self, probability: float) -> bool:
        """Whether something that has `probability` happens; half of the time it is the artist who decides."""
        artist, song, who = self.artist.random(), self.song.random(), self.song.random()
        return bool((artist if who < 0.5 else song) < probability)

    def choose(self, options: tuple[str, ...]) -> str:
        """One of several, mostly the artist's favourite."""
        favourite, other = self.artist.integers(len(options)), self.song.integers(len(options))
        return options[favourite if self.song.random() < 0.6 else other]


def draw_recipe(number: int, *, seed: int) -> Recipe:
    """Draw the recipe of song `number`; the same for the same `seed` and `number`."""
    # The artist's draws must come in the same order for every song, so all are made, needed or not.
    genre = genre_of(number)
    profile, draws = PROFILES[genre], _Draws(number, seed)
    voiced, spoken = draws.happens(profile.voiced), draws.happens(profile.spoken)
    voice_share = draws.within("voice_share", *profile.voice_share)
    spoken_share = draws.within("spoken_share", *profile.spoken_share)
    crowd = draws.within("crowd", *_CROWD)
    meters, odds = zip(*profile.meters.items(), strict=True)
    return Recipe(
        genre=genre,
        tempo=round(draws.within("tempo", *profile.tempo), 1),
        key=int(draws.song.integers(12)),
        mode=int(draws.happens(profile.major)),
        meter=int(draws.song.choice(meters, p=odds)),
        swing=draws.within("swing", *profile.swing),
        drum_level=draws.within("drum_level", *profile.drum_level),
        regularity=draws.within("regularity", *profile.regularity),
        density=draws.within("density", *profile.density),
        distortion=draws.within("distortion", *profile.distortion),
        electric=draws.within("electric", *profile.electric),
        level=max(draws.within("level", *profile.level) + (0.0 if voiced else _WITHOUT_VOICE_DB), LEVEL_DB[0]),
        register=draws.within("register", *profile.register),
        sevenths=draws.happens(profile.sevenths),
        voice_share=voice_share if voiced else 0.0,
        spoken_share=spoken_share if voiced and spoken else 0.0,
        voice_is_high=draws.happens(0.5),
        reverb=draws.within("reverb", *profile.reverb),
        crowd=crowd if draws.song.random() < _LIVE else 0.0,
        **_choices(profile, draws),
    )


def _choices(profile: Profile, draws: _Draws) -> dict[str, str]:
    return {
        "drum_pattern": draws.choose(profile.drum_patterns),
        "comping": draws.choose(profile.compings),
        "bass_line": draws.choose(profile.bass_lines),
        "acoustic_chords": draws.choose(profile.acoustic_chords),
        "acoustic_lead": draws.choose(profile.acoustic_leads),
        "electric_chords": draws.choose(profile.electric_chords),
        "electric_lead": draws.choose(profile.electric_leads),
    }
