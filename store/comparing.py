"""Two runs on the same tracks: which of them comes closer, and how sure that is."""

from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from songfeat import metrics
from songfeat.errors import ConfigError, DataError
from songfeat.labels import ALL_TARGETS
from songfeat.metrics import ALL
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
    catalogue: Catalogue,
    first: str,
    second: str,
    *,
    split: str = "test",
    genre: str | None = None,
    source: str | None = None,
) -> Comparison:
    """Compare two runs on the tracks that stand in this part for both.

    Against the values that the first learned, unless a `source` is named. A
    `genre` group, or :data:`songfeat.metrics.ALL`, leaves the table with the
    rows of that alone.

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
        against = source or one["source"]
        pairs, others = (_read(db, run, split, against) for run in (one, other))
        about = _about(db, first)
    reference, of_first = (_wide(pairs, value, shared) for value in ("reference", "predicted"))
    of_second = _wide(others, "predicted", shared)
    tracks = of_first.index.intersection(of_second.index)
    if tracks.empty:
        raise DataError(
            f"No track with a value of {against} is in the {split} part of both {first} and {second}, so that"
            " there is nothing to compare them on. Train both with the same split and seed."
        )
    about = about.loc[tracks]
    table = metrics.compare(
        of_first.loc[tracks],
        of_second.loc[tracks],
        reference.loc[tracks],
        artists=about["artist"],
        genres=None if genre == ALL else about["genre"],
    )
    notes = tuple(_notes(one, other, split, source))
    return Comparison(table=_of_genre(table, genre), tracks=_tracks(about, genre), notes=notes)


def _read(db: duckdb.DuckDBPyConnection, run: "pd.Series[Any]", split: str, source: str) -> pd.DataFrame:
    query, params = runs.pairs_query(run, split=split, source=source)
    return db.execute(f"SELECT track_id, feature, predicted, reference FROM ({query})", params).df()


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


def _tracks(about: pd.DataFrame, genre: str | None) -> int:
    return len(about) if genre in (None, ALL) else int((about["genre"] == genre).sum())


def _notes(one: "pd.Series[Any]", other: "pd.Series[Any]", split: str, source: str | None) -> list[str]:
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
    if source is None and one["source"] != other["source"]:
        notes.append(
            f"The first run learned from {one['source']}, the second from {other['source']}: both are measured against"
            f" {one['source']}."
        )
    return notes
