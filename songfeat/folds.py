"""Cross-validation: every track is tested on once, by a model that learned from artists other than its own.

As in a single split, the songs of an artist stand together (grouped k-fold
cross-validation; Flexer 2007 shows for music how much a model seems to gain
where they do not).
"""

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from songfeat.errors import ConfigError, DataError
from songfeat.splits import FRACTIONS, PARTS, groups_by, share_out

_FOLD = "fold-"


def folds(tracks: pd.DataFrame, *, k: int, by: Literal["artist", "random"] = "artist", seed: int = 0) -> pd.DataFrame:
    """Give each track its part in each fold.

    Each group (an artist, or a single track with ``by="random"``) is hashed
    with `seed` into one of `k` folds of like size, and is the test part of
    that fold. The other groups are hashed anew for each fold into training and
    validation part, in the proportion of a single split. Few groups are shared
    out by their numbers of tracks, as :func:`songfeat.splits.split` does. Other
    seeds give other folds: repeated cross-validation is one run a seed.

    Parameters
    ----------
    tracks : pandas.DataFrame
        Indexed by track id; the column `artist` holds artist keys, ``""`` where not known.
    k : int
        How many folds, 2 or more.
    by : {"artist", "random"}
    seed : int

    Returns
    -------
    pandas.DataFrame
        Names of :data:`songfeat.splits.PARTS`, with the index of `tracks` and
        one column a fold: ``"fold-1"`` and so on.

    Raises
    ------
    ConfigError
        If `k` is below 2.
    UnknownName
        If `by` is neither of the two.
    DataError
        If track ids repeat, or there are too few groups.
    """
    if k < 2:
        raise ConfigError(f"A cross-validation needs 2 folds or more, got {k}.")
    if not tracks.index.is_unique:
        raise DataError(f"Track {tracks.index[tracks.index.duplicated()][0]!r} stands more than once in the folds.")
    group_of_track, names = pd.factorize(groups_by(tracks, by).to_numpy(dtype=object))
    # Of two folds, each is all that the other has to learn from and to be tuned by.
    needed = 4 if k == 2 else k
    if len(names) < needed:
        what = "artists" if by == "artist" else "tracks"
        raise DataError(f"A cross-validation with {k} folds needs at least {needed} {what}, got {len(names)}.")
    sizes = np.bincount(group_of_track)
    fold_of_group = share_out(names, sizes, [1 / k] * k, seed)
    found = {}
    for number in range(1, k + 1):
        tested = fold_of_group == number - 1
        if (~tested).sum() < 2:
            raise DataError(
                f"Fold {number} of {k} leaves one artist to learn from and to be tuned by: the others have too few"
                " tracks. Choose more folds, or another seed."
            )
        parts = np.full(len(names), PARTS.index("test"))
        rest = np.array(FRACTIONS[:2]) / sum(FRACTIONS[:2])
        parts[~tested] = share_out(names[~tested], sizes[~tested], list(rest), f"{seed} fold {number}")
        found[f"{_FOLD}{number}"] = np.array(PARTS)[parts[group_of_track]]
    return pd.DataFrame(found, index=tracks.index)


def folds_in(folder: Path) -> list[Path]:
    """The folders of a run's folds, each named after its fold, in order; none for a run of one split."""
    return sorted(folder.glob(f"{_FOLD}*"), key=lambda path: int(path.name.removeprefix(_FOLD)))
