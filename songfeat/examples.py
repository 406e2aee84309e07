"""Tracks with what a model sees of them and what it should answer, joined by track id."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from songfeat.disk_arrays import Array, choose
from songfeat.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Examples:
    """A set of tracks; every part has the same tracks in the same order.

    Attributes
    ----------
    tracks : pandas.DataFrame
        Indexed by `track_id` (unique), with the columns `artist` (the artist
        key, ``""`` where not known) and `genre` (the genre group, ``""`` where
        not known).
    targets : pandas.DataFrame
        Reference values, one column per target, NaN where there is none.
    numeric : pandas.DataFrame or None
        Numeric inputs by name, without gaps.
    metadata : pandas.DataFrame or None
        What else is known of the tracks, with gaps; see :data:`songfeat.metadata.COLUMNS`.
    arrays : mapping of str to numpy.ndarray or DiskArray
        Inputs that were computed from sound, by kind: ``{"mfcc": (n, n_mfcc, n_frames)}``, float32.
        A memory map stays on disk, also when some of its tracks are selected.
    """

    tracks: pd.DataFrame
    targets: pd.DataFrame
    numeric: pd.DataFrame | None = None
    metadata: pd.DataFrame | None = None
    arrays: Mapping[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        index = self.tracks.index
        if not index.is_unique:
            raise DataError("Each track may stand only once among the examples.")
        frames = {"targets": self.targets, "numeric inputs": self.numeric, "metadata": self.metadata}
        for name, frame in frames.items():
            if frame is not None and not frame.index.equals(index):
                raise DataError(f"The {name} are not of the same tracks, in the same order, as the examples.")
        for kind, array in self.arrays.items():
            if len(array) != len(index):
                raise DataError(f"There are {len(array)} {kind} arrays for {len(index)} tracks.")

    def __len__(self) -> int:
        return len(self.tracks)

    def select(self, mask: np.ndarray) -> "Examples":
        """The tracks where the boolean `mask` is true, in the same order."""
        return Examples(
            tracks=self.tracks[mask],
            targets=self.targets[mask],
            numeric=None if self.numeric is None else self.numeric[mask],
            metadata=None if self.metadata is None else self.metadata[mask],
            arrays={kind: choose(array, mask) for kind, array in self.arrays.items()},
        )
