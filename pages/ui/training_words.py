"""How what is trained reads to a person. Knows no Streamlit."""

from collections.abc import Sequence

from pages.ui import words
from store.readiness import Preview

_KINDS = {
    "numeric": "numbers",
    "metadata": "metadata",
    "mfcc": "MFCCs",
    "logmel": "spectrograms",
    "stats": "statistics",
}
"""The kinds of input that models see, in people's words."""

_DOES = {"train": "train on", "val": "tune by", "test": "test on"}
"""What the songs of each part are there for."""


def inputs(kinds: Sequence[str]) -> str:
    """What a model sees: ``"numbers and MFCCs"``; ``"nothing"`` for one that answers the same for every song."""
    return words.listed([_KINDS[kind] for kind in _KINDS if kind in kinds]) or "nothing"


def readiness(songs: int, minimum: int, *, hears: bool) -> str:
    """Whether a workspace has what a model needs: ``":green[●] 240 songs are ready."``."""
    if songs >= minimum:
        return f":green[●] {words.count(songs, 'song')} {'is' if songs == 1 else 'are'} ready"
    missing = "extract arrays first" if hears else "import values first"
    return f":orange[○] {words.count(songs, 'song') if songs else 'no song'} of the {minimum} it takes: {missing}"


def training_data(found: Preview) -> str:
    """What a training would have, in one line of Markdown."""
    parts = [
        words.count(found.tracks, "song"),
        words.count(found.artists, "artist"),
        words.count(len(found.genres), "genre"),
    ]
    told = " · ".join(f"**{number}** {noun}" for number, noun in (part.split(" ", 1) for part in parts))
    sizes = ", ".join(f"{number:,} to {_DOES[part]}" for part, number in found.parts.items())
    return f"{told}  \n{sizes}" if sizes else told
