"""What a genre sounds like: ranges and choices from which recipes are drawn.

The ranges overlap widely on purpose: a genre says something about a song's
values, as in real collections, but never settles them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Range = tuple[float, float]

REGISTER: Range = (-8.0, 10.0)
"""How far tunes and chords are shifted, in semitones."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The ranges of one genre. Levels, shares and degrees run from 0 to 1.

    Attributes
    ----------
    tempo : Range
        Beats per minute.
    major : float
        Probability of a major key.
    meters : mapping of int to float
        Beats in a bar, and their probabilities.
    swing : Range
        Delay of the off-beat quaver, in beats.
    level : Range
        Loudness that the mix is brought to, dB RMS below full scale.
    register : Range
        Shift of all tunes and chords, semitones.
    voiced, spoken : float
        Probability that a song has a voice, and that a voice speaks at all.
    """

    tempo: Range
    major: float
    drum_level: Range
    regularity: Range
    density: Range
    distortion: Range
    electric: Range
    level: Range
    voiced: float
    spoken: float
    spoken_share: Range
    drum_patterns: tuple[str, ...]
    compings: tuple[str, ...]
    bass_lines: tuple[str, ...]
    acoustic_chords: tuple[str, ...]
    acoustic_leads: tuple[str, ...]
    electric_chords: tuple[str, ...]
    electric_leads: tuple[str, ...]
    voice_share: Range = (0.45, 0.95)
    meters: Mapping[int, float] = field(default_factory=lambda: {4: 0.94, 3: 0.06})
    swing: Range = (0.0, 0.04)
    register: Range = REGISTER
    reverb: Range = (0.05, 0.35)
    sevenths: float = 0.1


PROFILES: dict[str, Profile] = {
    "pop": Profile(
        tempo=(80, 140), major=0.65, drum_level=(0.2, 1.0), regularity=(0.5, 1.0), density=(0.2, 0.9),
        distortion=(0.0, 0.35), electric=(0.0, 0.95), level=(-18, -6), voiced=0.92, spoken=0.2,
        spoken_share=(0.1, 0.5), drum_patterns=("backbeat", "four on the floor", "syncopated"),
        compings=("strum", "pad", "stabs", "arpeggio"), bass_lines=("roots", "quavers", "syncopated"),
        acoustic_chords=("piano", "guitar"), acoustic_leads=("guitar", "piano", "flute"),
        electric_chords=("saw pad", "electric piano"), electric_leads=("square", "bell"),
    ),
    "rock": Profile(
        tempo=(80, 175), major=0.55, drum_level=(0.25, 0.95), regularity=(0.3, 0.9), density=(0.3, 1.0),
        distortion=(0.05, 1.0), electric=(0.0, 0.8), level=(-18, -6), voiced=0.88, spoken=0.1,
        spoken_share=(0.1, 0.4), drum_patterns=("backbeat", "driving", "syncopated"),
        compings=("strum", "stabs"), bass_lines=("quavers", "roots"),
        acoustic_chords=("guitar", "steel guitar"), acoustic_leads=("steel guitar", "guitar"),
        electric_chords=("electric organ", "saw pad"), electric_leads=("square", "electric organ"),
    ),
    "hip-hop": Profile(
        tempo=(70, 125), major=0.35, drum_level=(0.35, 1.0), regularity=(0.5, 1.0), density=(0.1, 0.8),
        distortion=(0.0, 0.35), electric=(0.0, 1.0), level=(-17, -6), voiced=0.9, spoken=0.92,
        spoken_share=(0.25, 1.0), voice_share=(0.35, 1.0), swing=(0.0, 0.1),
        drum_patterns=("boom bap", "syncopated", "half time"), compings=("stabs", "pad", "arpeggio"),
        bass_lines=("syncopated", "long", "roots"), acoustic_chords=("piano", "strings"),
        acoustic_leads=("flute", "piano", "horn"), electric_chords=("electric piano", "saw pad"),
        electric_leads=("bell", "square"), sevenths=0.4,
    ),
    "classical": Profile(
        tempo=(55, 160), major=0.55, drum_level=(0.0, 0.3), regularity=(0.0, 0.7), density=(0.05, 0.9),
        distortion=(0.0, 0.04), electric=(0.0, 0.45), level=(-27, -12), voiced=0.2, spoken=0.0,
        spoken_share=(0.0, 0.0), meters={4: 0.6, 3: 0.4}, drum_patterns=("timpani",),
        compings=("pad", "arpeggio"), bass_lines=("long", "roots"),
        acoustic_chords=("strings", "piano", "pipe organ"), acoustic_leads=("violin", "flute", "piano", "horn"),
        electric_chords=("saw pad",), electric_leads=("bell",), reverb=(0.15, 0.5),
    ),
    "jazz": Profile(
        tempo=(65, 200), major=0.5, drum_level=(0.05, 0.75), regularity=(0.15, 0.85), density=(0.1, 0.95),
        distortion=(0.0, 0.2), electric=(0.0, 0.75), level=(-25, -8), voiced=0.45, spoken=0.08,
        spoken_share=(0.1, 0.4), meters={4: 0.82, 3: 0.11, 5: 0.07}, swing=(0.06, 0.17),
        drum_patterns=("swing", "brushes"), compings=("stabs", "pad"), bass_lines=("walking",),
        acoustic_chords=("piano", "guitar"), acoustic_leads=("horn", "flute", "piano"),
        electric_chords=("electric piano", "electric organ"), electric_leads=("electric organ", "bell"), sevenths=0.95,
    ),
    "country": Profile(
        tempo=(75, 165), major=0.85, drum_level=(0.05, 0.85), regularity=(0.35, 0.95), density=(0.2, 0.9),
        distortion=(0.0, 0.55), electric=(0.0, 0.7), level=(-21, -7), voiced=0.9, spoken=0.1,
        spoken_share=(0.1, 0.4), meters={4: 0.84, 3: 0.16}, swing=(0.0, 0.1),
        drum_patterns=("train", "backbeat", "brushes"), compings=("strum", "arpeggio"),
        bass_lines=("roots", "walking"), acoustic_chords=("guitar", "steel guitar"),
        acoustic_leads=("violin", "steel guitar", "guitar"), electric_chords=("electric organ", "electric piano"),
        electric_leads=("square", "electric organ"),
    ),
    "electronic": Profile(
        tempo=(85, 165), major=0.4, drum_level=(0.05, 1.0), regularity=(0.45, 1.0), density=(0.15, 1.0),
        distortion=(0.0, 0.6), electric=(0.25, 1.0), level=(-20, -6), voiced=0.35, spoken=0.2,
        spoken_share=(0.1, 0.5), voice_share=(0.3, 0.8),
        drum_patterns=("four on the floor", "breakbeat", "half time"),
        compings=("pad", "arpeggio", "stabs", "off-beat"), bass_lines=("off-beat", "quavers", "long"),
        acoustic_chords=("piano", "strings"), acoustic_leads=("piano", "flute"), electric_chords=("saw pad", "bell"),
        electric_leads=("square", "bell"), reverb=(0.05, 0.45),
    ),
    "reggae": Profile(
        tempo=(65, 135), major=0.6, drum_level=(0.2, 0.95), regularity=(0.45, 1.0), density=(0.1, 0.8),
        distortion=(0.0, 0.25), electric=(0.05, 0.85), level=(-19, -7.5), voiced=0.88, spoken=0.4,
        spoken_share=(0.15, 0.8), swing=(0.0, 0.1), drum_patterns=("one drop", "steppers"),
        compings=("off-beat",), bass_lines=("syncopated", "roots"), acoustic_chords=("guitar", "piano"),
        acoustic_leads=("horn", "guitar", "flute"), electric_chords=("electric organ", "electric piano"),
        electric_leads=("square", "electric organ"), reverb=(0.1, 0.45), sevenths=0.25,
    ),
}  # fmt: skip
"""One profile per genre of :data:`songfeat.synth.names.GENRES`."""

TEMPO: Range = (
    min(profile.tempo[0] for profile in PROFILES.values()),
    max(profile.tempo[1] for profile in PROFILES.values()),
)
"""Beats per minute of the slowest and the fastest song of any genre."""
