"""Statistics of sound that a table brings along, beside what it says of its songs."""

import numpy as np
import pandas as pd

from songfeat.specs import SPECS, TableSpec
from store.catalogue import Catalogue
from store.shards import Shards


def statistics(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The columns of each spec that a table has all columns of, by the spec's name; rows with gaps are left out.

    Parameters
    ----------
    frame : pandas.DataFrame
        As :func:`store.sources.table_files.read_table` gives it.
    """
    found = {}
    for name, spec in SPECS.items():
        if isinstance(spec, TableSpec) and set(spec.columns) <= set(frame.columns):
            numbers = frame[list(spec.columns)].apply(pd.to_numeric, errors="coerce").astype(float)
            found[name] = numbers[np.isfinite(numbers).all(axis=1)]
    return found


def keep(catalogue: Catalogue, found: dict[str, pd.DataFrame], track_ids: pd.Series) -> dict[str, int]:
    """Store them for the tracks that their rows went to; gives how many are new, by spec.

    A track keeps the statistics that it has; of several rows of one track the first counts.

    Parameters
    ----------
    catalogue : Catalogue
    found : dict
        From :func:`statistics`.
    track_ids : pandas.Series
        By row.
    """
    counts = {}
    for name, numbers in found.items():
        shards = Shards(catalogue.workspace, SPECS[name])
        of_track = numbers.set_axis(track_ids.reindex(numbers.index))
        of_track = of_track[of_track.index.notna() & ~of_track.index.duplicated()]
        of_track = of_track[~of_track.index.isin(list(shards.known()))]
        if len(of_track):
            shards.write(dict(zip(of_track.index, of_track.to_numpy(np.float32), strict=True)))
        counts[name] = len(of_track)
    return counts
