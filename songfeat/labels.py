"""The names, ranges and meanings of what is predicted and of what it is predicted from.

This is the one place that spells a target's name. Values cross every boundary
by name; the order of :data:`TARGETS` is the order in which they are shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from songfeat.errors import UnknownName

TARGETS = ("danceability", "energy", "speechiness", "acousticness", "instrumentalness")
"""The five targets that are predicted unless a person chooses others."""

ALL_TARGETS = (*TARGETS, "valence")
"""Every target that a model may be asked for; valence is the optional sixth."""

NUMERIC_INPUTS = ("valence", "tempo", "loudness", "key", "mode", "time_signature")
"""The report's six numeric inputs."""

AVERAGE = "average"
"""Stands for the mean over a run's targets wherever scores are listed by feature."""


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One value that a source may give for a track.

    Attributes
    ----------
    low, high : float
        The closed range of values that are possible, in `unit`.
    unit : str
        ``""`` for a pure number.
    whole : bool
        Whether only whole numbers are possible.
    unknown : tuple of float
        Values that providers write where they mean "not known".
    meaning : str
        In a musician's words.
    """

    name: str
    meaning: str
    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    whole: bool = False
    unknown: tuple[float, ...] = ()


FEATURES: dict[str, Feature] = {
    feature.name: feature
    for feature in (
        Feature(name="danceability", meaning="how well one can dance to it: steady, strong, regular beat"),
        Feature(name="energy", meaning="how intense it feels: loud, fast and noisy is high"),
        Feature(name="speechiness", meaning="how much of it is speech: above 0.66 talk, 0.33 to 0.66 rap"),
        Feature(name="acousticness", meaning="how sure one is that the instruments are acoustic"),
        Feature(name="instrumentalness", meaning="how likely it has no vocals; 'ooh' counts as none"),
        Feature(name="valence", meaning="how cheerful it sounds: high is happy, low is sad or angry"),
        Feature(name="liveness", meaning="how likely an audience is present: above 0.8 surely live"),
        Feature(name="tempo", low=20.0, high=260.0, unit="BPM", unknown=(0.0,), meaning="beats per minute"),
        Feature(name="loudness", low=-70.0, high=6.0, unit="dB", meaning="average loudness over the track"),
        Feature(
            name="key", low=0, high=11, whole=True, unknown=(-1.0,), meaning="pitch class of the key: 0 is C, 1 is C♯"
        ),
        Feature(name="mode", low=0, high=1, whole=True, meaning="1 major, 0 minor"),
        Feature(
            name="time_signature", low=1, high=7, whole=True, unknown=(0.0,), meaning="beats in a bar, as estimated"
        ),
    )
}
"""Every feature that a reference row can hold, by name."""

REFERENCE_COLUMNS = tuple(FEATURES)
"""The feature columns of a reference row, in order."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question about a song whose answer is yes or no: whether a feature's value is above a threshold.

    A model that is asked it answers how likely yes is. That is no value of the
    feature, so it goes by a name of its own.

    Attributes
    ----------
    name : str
        What a song is if the answer is yes.
    feature : str
        One of :data:`ALL_TARGETS`.
    threshold : float
        A value above it means yes.
    """

    name: str
    feature: str
    threshold: float


QUESTIONS: dict[str, Question] = {
    question.name: question for question in (Question(name="danceable", feature="danceability", threshold=0.5),)
}
"""Every question that a model may be asked, by name."""

SHAPES = {
    "danceability": "even",
    "energy": "even",
    "speechiness": "skewed",
    "acousticness": "two-sided",
    "instrumentalness": "two-sided",
    "valence": "even",
    "danceable": "two-sided",
}
"""How the values behind each answer are distributed: evenly about a middle, piled up at 0 with a long tail, or most of
them near 0 or near 1."""

ANSWERS = (*ALL_TARGETS, *QUESTIONS)
"""Every name under which a model may answer, in the order in which they are shown."""


def resolve_targets(names: Iterable[str]) -> tuple[str, ...]:
    """Check target names and put them into the one order of :data:`ALL_TARGETS`.

    Raises
    ------
    UnknownName
        If a name is no target; the message lists the choices.
    """
    chosen = set(names)
    for name in sorted(chosen):
        if name not in ALL_TARGETS:
            raise UnknownName("target", name, ALL_TARGETS)
    return tuple(name for name in ALL_TARGETS if name in chosen)
