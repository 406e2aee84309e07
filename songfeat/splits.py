"""Which tracks a model learns from, is tuned on and is judged by.

Songs of one artist resemble one another, so they stand together in one part;
otherwise a model is judged on artists that it has already heard.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Literal

import numpy as np
import pandas as pd

from songfeat.errors import ConfigError, DataError, UnknownName

PARTS = ("train", "val", "test")
"""The parts of a split, in order."""

FRACTIONS = (0.70, 0.15, 0.15)
"""The shares of the parts unless a person chooses others."""

FEW_GROUPS = 200
"""Below this many groups the parts are filled one after the other: hashing each group by itself is too uneven."""


def artist_groups(artists: pd.Series) -> pd.Series:
    """The group of each track: its artist, or the track alone where the artist is not known.

    Parameters
    ----------
    artists : pandas.Series
        Artist keys (see :func:`songfeat.text.artist_key`) by track id; ``""``
        or a missing value where not known. A track id holds a colon, an
        artist key holds none: the two cannot be taken for one another.
    """
    keys = artists.astype(object)
    return keys.where(artists.notna() & (keys != ""), artists.index.to_numpy())


def split(
    tracks: pd.DataFrame,
    *,
    by: Literal["artist", "random"] = "artist",
    seed: int = 0,
    fractions: Sequence[float] = FRACTIONS,
) -> pd.Series:
    """Give each track its part.

    Each group (an artist, or a single track with ``by="random"``) is hashed
    together with `seed` to a number in [0, 1), and the number says the part.
    No group's part depends on any other, so a library that grows keeps the
    parts of the tracks it had. Hashing shares out groups evenly only where
    there are many of them: with fewer than `FEW_GROUPS`, or where a part would
    stay empty, the groups are put in the order of their hashes instead and
    fill train, val and test one after the other, each to its share of the
    tracks and with one group at least. That is as reproducible, but a track
    that is added can move others.

    Parameters
    ----------
    tracks : pandas.DataFrame
        Indexed by track id; the column `artist` holds artist keys, ``""`` where not known.
    by : {"artist", "random"}
        "random" ignores the artists. It is there to show how much a model
        seems to gain from songs by artists that it knows.
    seed : int
        Part of what is hashed: another seed, another split.
    fractions : sequence of float
        The shares of `PARTS`, each above 0, together 1.

    Returns
    -------
    pandas.Series
        Names of `PARTS`, with the index of `tracks`.

    Raises
    ------
    UnknownName
        If `by` is neither of the two.
    ConfigError
        If the fractions are no shares.
    DataError
        If track ids repeat, or there are fewer than three groups.
    """
    _check_fractions(fractions)
    if not tracks.index.is_unique:
        raise DataError(f"Track {tracks.index[tracks.index.duplicated()][0]!r} stands more than once in the split.")
    groups = groups_by(tracks, by)
    group_of_track, names = pd.factorize(groups.to_numpy(dtype=object))
    if len(names) < len(PARTS):
        what = "artists" if by == "artist" else "tracks"
        raise DataError(f"A split into {', '.join(PARTS)} needs at least {len(PARTS)} {what}, got {len(names)}.")
    parts = share_out(names, np.bincount(group_of_track), fractions, seed)
    return pd.Series(np.array(PARTS)[parts[group_of_track]], index=tracks.index, name="part")


def share_out(names: np.ndarray, sizes: np.ndarray, fractions: Sequence[float], seed: int | str) -> np.ndarray:
    """The number of the part that each group goes to, from 0; see :func:`split`.

    Parameters
    ----------
    names : numpy.ndarray
        Of the groups, as text; at least as many as there are parts.
    sizes : numpy.ndarray
        Their tracks.
    fractions : sequence of float
        The shares of the parts, together 1.
    seed : int or str
        Part of what is hashed.
    """
    position = _hash_positions(names, seed)
    parts = np.searchsorted(np.cumsum(fractions)[:-1], position, side="right")
    if len(names) < FEW_GROUPS or len(np.unique(parts)) < len(fractions):
        order = np.argsort(position)
        parts[order] = _fill(sizes[order], fractions)
    return parts


def _check_fractions(fractions: Sequence[float]) -> None:
    if not (len(fractions) == len(PARTS) and all(share > 0 for share in fractions) and abs(sum(fractions) - 1) < 1e-9):
        raise ConfigError(f"fractions must be {len(PARTS)} numbers above 0 that add up to 1, got {tuple(fractions)}.")


def groups_by(tracks: pd.DataFrame, by: str) -> pd.Series:
    """The group of each track, which stands in one part as a whole; see :func:`split`."""
    if by == "artist":
        return artist_groups(tracks["artist"])
    if by == "random":
        return tracks.index.to_series()
    raise UnknownName("way to split", by, ("artist", "random"))


def _hash_positions(names: Iterable[str], seed: int | str) -> np.ndarray:
    """Each name's place in [0, 1): the first 53 bits of its hash, all that a float holds without rounding up to 1."""
    digests = b"".join(blake2b(f"{seed}\0{name}".encode(), digest_size=8).digest() for name in names)
    return (np.frombuffer(digests, dtype=">u8") >> np.uint64(11)).astype(float) / 2**53


def _fill(sizes: np.ndarray, fractions: Sequence[float]) -> np.ndarray:
    """Part numbers of groups in order, filling one part after the other.

    A group goes to the next part if more than half of it lies beyond the
    share of the present one, or if the groups left are just enough for one
    each in the later parts. What an uneven part leaves over or lacks is
    shared by the later ones.
    """
    parts = np.zeros(len(sizes), dtype=int)
    part, taken, left = 0, 0, int(sizes.sum())
    share = left * fractions[0]
    for group, size in enumerate(sizes):
        parts_after = len(fractions) - 1 - part
        full = taken + size / 2 > share or len(sizes) - group <= parts_after
        if taken and parts_after and full:
            left -= taken
            part, taken = part + 1, 0
            share = left * fractions[part] / sum(fractions[part:])
        parts[group] = part
        taken += size
    return parts
