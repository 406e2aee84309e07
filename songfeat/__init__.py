"""Predict Spotify's audio features from sound and from numbers, and measure how close it comes."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from songfeat.pretrained.song import SongAnswer

__version__ = "0.1.0"


def predict(path: str | os.PathLike[str]) -> "SongAnswer":
    """Spotify's audio features of an audio file, from the model that comes with Songfeat.

    What :func:`songfeat.pretrained.song.predict` gives; imported late, so that ``import songfeat`` costs nothing.
    """
    from songfeat.pretrained.song import predict as predict_song

    return predict_song(path)
