"""A library of synthesised songs whose values are known exactly, because they follow from how each was made."""

from songfeat.synth.names import GENRES
from songfeat.synth.song import DemoSong, make_song

__all__ = ["GENRES", "DemoSong", "make_song"]
