"""How clips sound, in a few numbers each: the mean and the deviation of every coefficient over the frames."""

import numpy as np
import pandas as pd

from songfeat.specs import Spec
from store import clips
from store.catalogue import Catalogue
from store.shards import Shards


def statistics(catalogue: Catalogue, spec: Spec) -> pd.DataFrame:
    """Mean and standard deviation over time of each row of each song's array, one clip a song.

    Shards are read one after the other, so that memory holds the arrays of one only.

    Parameters
    ----------
    catalogue : Catalogue
    spec : Spec
        Of arrays with a time axis, ``(channels, frames)``.

    Returns
    -------
    pandas.DataFrame
        float32, one row a song that has an array, by track_id in its order;
        columns ``mean_0`` … and ``deviation_0`` …, in the array's units.

    Raises
    ------
    ShardError
        If a shard is damaged.
    """
    clip_of = clips.one_a_track(catalogue)
    found: dict[str, np.ndarray] = {}
    for digests, arrays in Shards(catalogue.workspace, spec).by_shard(clip_of):
        found.update(zip(digests, over_time(arrays), strict=True))
    heard = clip_of[clip_of.isin(list(found))]
    columns = [f"{name}_{row}" for name in ("mean", "deviation") for row in range(spec.shape[0])]
    values = np.stack([found[digest] for digest in heard]) if len(heard) else np.empty((0, len(columns)), np.float32)
    return pd.DataFrame(values, index=heard.index, columns=columns)


def over_time(arrays: np.ndarray) -> np.ndarray:
    """Means and standard deviations over the frames that hold sound: (n, channels, frames) to (n, 2 channels).

    A frame of zeros only fills up the array of a short clip.
    """
    heard = arrays.any(axis=1, keepdims=True)
    frames = np.maximum(heard.sum(axis=2), 1)
    mean = arrays.sum(axis=2) / frames
    squares = np.square(arrays - mean[:, :, np.newaxis], where=heard, out=np.zeros_like(arrays))
    return np.concatenate([mean, np.sqrt(squares.sum(axis=2) / frames)], axis=1).astype(np.float32)
