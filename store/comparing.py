"""Two runs on the same tracks: which of them comes closer, and how sure that is."""

from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from songfeat import metrics
from songfeat.errors import ConfigError, DataError
from songfeat.labels import ALL_TARGETS
from store import runs
from store.catalogue import Catalogue


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """A paired comparison.

    Attributes
    ----------
    table : pandas.DataFrame
        As :func:`songfeat.metrics.compare` gives it.
    tracks : int
        On how many tracks it rests.
    notes : tuple of str
        Sentences on what to bear in mind, because the runs differ in more than their models.
    """

    table: pd.DataFrame
    tracks: int
    notes: tuple[str, ...]


def compare(
    catalogue: Catalogue, first: str, second: str, *, split: str = "test", genre: str | None = None
) -> Comparison:
    """Compare two runs on the tracks that stand in this part for both, against the values that the first learned.

    Raises
    ------
    UnknownName
        If there is no such run, or no such genre among the tracks.
    ConfigError
        If both are one run.
    DataError
        If the runs share no target, or no track of this part.
    """
    if first == second:
        raise ConfigError(f"A run can only be compared with another one, but {first} is named twice.")
    with catalogue.lease() as db:
        one, other = (runs.read(db, run_id) for run_id in (first, second))
        shared = [name for name in ALL_TARGETS if name in one["targets"] and name in other["targets"]]
        if not shared:
            raise DataError(
                f"{first} predicts {', '.join(one['targets'])} and {second} {', '.join(other['targets'])}: there are"
                " no values of one feature to compare."
            )
        pairs = runs.read_pairs(db, one, split=split)
        others = runs.read_pairs(db, other, split=split, source=one["source"])
        about = _about(db, first)
    reference, of_first = (_wide(pairs, value, shared) for value in ("reference", "predicted"))
    of_second = _wide(others, "predicted", shared)
    tracks = of_first.index.intersection(of_second.index)
    if tracks.empty:
        raise DataError(
            f"No track with a value of {one['source']} is in the {split} part of both {first} and {second}, so that"
            " there is nothing to compare them on. Train both with the same split and seed."
        )
    about = about.loc[tracks]
    table = metrics.compare(
        of_first.loc[tracks],
        of_second.loc[tracks],
        reference.loc[tracks],
        artists=about["artist"],
        genres=about["genre"],
    )
    return Comparison(table=_of_genre(table, genre), tracks=len(tracks), notes=tuple(_notes(one, other, split)))


def calibration(catalogue: Catalogue, run_id: str, *, split: str = "test") -> pd.DataFrame:
    """What reference values are on average where a run predicts low or high; see :func:`songfeat.metrics.calibration`.

    Raises
    ------
    UnknownName
        If there is no such run.
    """
    pairs = runs.pairs(catalogue, run_id, split=split)
    targets = [name for name in ALL_TARGETS if name in set(pairs["feature"])]
    if not targets:
        return pd.DataFrame(columns=["feature", "bin", "predicted", "reference", "n"])
    return metrics.calibration(_wide(pairs, "predicted", targets), _wide(pairs, "reference", targets))


def _wide(pairs: pd.DataFrame, value: str, targets: list[str]) -> pd.DataFrame:
    """One row a track, one column a target, NaN where not known."""
    return pairs.pivot(index="track_id", columns="feature", values=value).reindex(columns=targets)


def _about(db: duckdb.DuckDBPyConnection, run_id: str) -> pd.DataFrame:
    table = db.execute(
        """
        SELECT track_id, artist_key AS artist, coalesce(genre_group, '') AS genre
        FROM tracks SEMI JOIN (SELECT track_id FROM predictions WHERE run_id = ?) USING (track_id)""",
        [run_id],
    ).df()
    return table.set_index("track_id")


def _of_genre(table: pd.DataFrame, genre: str | None) -> pd.DataFrame:
    if genre is None:
        return table
    found = table[table["genre"] == genre]
    if found.empty:
        raise DataError(
            f"None of the tracks that both runs predict is of the genre {genre!r}; there are"
            f" {', '.join(table['genre'].unique())}."
        )
    return found.reset_index(drop=True)


def _notes(one: "pd.Series[Any]", other: "pd.Series[Any]", split: str) -> list[str]:
    notes = []
    if one["split"] != other["split"]:
        by_random = "first" if one["split"] == "random" else "second"
        notes.append(
            f"The first run is split by {one['split']}, the second by {other['split']}: the {by_random} may have"
            " learned from other songs of the artists that it is tested on, which flatters it."
        )
    elif one["seed"] != other["seed"]:
        notes.append(
            f"The runs are split with different seeds, {one['seed']} and {other['seed']}: only the tracks that are in"
            f" the {split} part of both are compared."
        )
    if one["source"] != other["source"]:
        notes.append(
            f"The first run learned from {one['source']}, the second from {other['source']}: both are measured against"
            f" {one['source']}."
        )
    return notes
