"""What could be learned from the workspace as it is, counted without loading it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import duckdb
import numpy as np
import pandas as pd

from songfeat.specs import SPECS, Spec
from songfeat.splits import FRACTIONS, PARTS, share_out
from store.catalogue import Catalogue
from store.exclusions import EXCLUDED_SONGS, EXCLUDED_SOURCES
from store.label_sources import COMPLETE
from store.shards import Shards

FEW_TESTED = 30
"""Fewer songs in the test part say little about a model."""

_GROUPS = {"artist": "coalesce(nullif(artist_key, ''), track_id)", "random": "track_id"}
"""What stands in one part as a whole, in SQL: as :func:`songfeat.splits.groups_by` has it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Preview:
    """What a training would learn from and be measured on.

    Attributes
    ----------
    tracks, artists : int
        Artists that are not known are not counted.
    genres : pandas.Series
        Tracks by genre group, the largest first; those of no known group are left out.
    parts : dict of str to int
        Tracks by part of the split; empty where there are too few to split.
    notes : tuple of str
        Sentences on what to bear in mind.
    """

    tracks: int
    artists: int
    genres: pd.Series
    parts: dict[str, int]
    notes: tuple[str, ...]


def tracks_by_source(
    catalogue: Catalogue, *, inputs: tuple[str, ...], targets: tuple[str, ...], spec: Spec | None
) -> pd.DataFrame:
    """Per source: tracks that a model with these inputs can learn from. Columns source, tracks; the most first."""
    with _usable(catalogue, inputs=inputs, targets=targets, spec=spec) as (db, usable):
        return db.execute(
            f"SELECT source, count(*) AS tracks FROM ({usable}) GROUP BY source ORDER BY tracks DESC, source"
        ).df()


def preview(
    catalogue: Catalogue,
    *,
    inputs: tuple[str, ...],
    targets: tuple[str, ...],
    spec: Spec | None,
    source: str,
    by: Literal["artist", "random"],
    seed: int,
) -> Preview:
    """What a training on the values of `source`, split so, would have to learn from."""
    group = _GROUPS[by]
    with _usable(catalogue, inputs=inputs, targets=targets, spec=spec) as (db, usable):
        db.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE asked AS
            SELECT track_id, artist_key, genre_group FROM ({usable}) JOIN tracks USING (track_id)
            WHERE source = $source""",
            {"source": source},
        )
        artists = db.execute("SELECT count(DISTINCT artist_key) FROM asked WHERE artist_key <> ''").fetchone()
        genres = db.execute(
            "SELECT genre_group, count(*) AS tracks FROM asked WHERE genre_group <> '' GROUP BY ALL ORDER BY ALL"
        ).df()
        groups = db.execute(f"SELECT {group} AS name, count(*) AS tracks FROM asked GROUP BY ALL").df()
        db.execute("DROP TABLE asked")
    parts = _parts(groups["name"].to_numpy(object), groups["tracks"].to_numpy(), seed)
    by_genre = genres.set_index("genre_group")["tracks"].sort_values(ascending=False, kind="stable")
    tracks = int(groups["tracks"].sum())
    return Preview(
        tracks=tracks,
        artists=artists[0] if artists else 0,
        genres=by_genre,
        parts=parts,
        notes=tuple(_notes(tracks, by_genre, parts)),
    )


def _parts(names: np.ndarray, sizes: np.ndarray, seed: int) -> dict[str, int]:
    """How many tracks each part has: as :func:`songfeat.splits.split` gives them, group by group."""
    if len(names) < len(PARTS):
        return {}
    part_of_group = share_out(names, sizes, FRACTIONS, seed)
    return {part: int(sizes[part_of_group == place].sum()) for place, part in enumerate(PARTS)}


def _notes(tracks: int, genres: pd.Series, parts: dict[str, int]) -> Iterator[str]:
    if not parts:
        yield "There are too few artists to train on some and to test on others."
    elif parts["test"] < FEW_TESTED:
        yield (
            f"Only {parts['test']} songs would be left to test on: fewer than {FEW_TESTED} say little about a model."
            " Cross-validation tests on every song."
        )
    if len(genres) and genres.iloc[0] > tracks / 2:
        yield (
            f"{genres.index[0]} makes up {genres.iloc[0] / tracks:.0%} of these songs: scores will mostly say how well"
            " the model does there."
        )


@contextmanager
def _usable(
    catalogue: Catalogue, *, inputs: tuple[str, ...], targets: tuple[str, ...], spec: Spec | None
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """A lease, and in SQL the columns source and track_id of what a model with these inputs can learn from."""
    numeric = COMPLETE if "numeric" in inputs else "true"
    given = " OR ".join(f"{name} IS NOT NULL" for name in targets)
    hears = spec is not None and spec.kind in inputs
    sound = "track_id IN (SELECT track_id FROM heard)" if hears else "true"
    known = Shards(catalogue.workspace, spec).known() if spec is not None and hears else set()
    # Arrays that came with a table go by the track's id instead of the clip's digest.
    clip = (
        "clips WHERE status = 'ok'"
        if spec is None or spec.by_clip
        else "(SELECT track_id, track_id AS sha256 FROM tracks)"
    )
    with catalogue.lease() as db:
        db.register("extracted", pd.DataFrame({"sha256": pd.Series(sorted(known), dtype="str")}))
        yield (
            db,
            f"""
            WITH clip AS (SELECT track_id, min(sha256) AS sha256 FROM {clip} GROUP BY track_id),
                 heard AS (SELECT track_id FROM clip JOIN extracted USING (sha256))
            SELECT source, track_id FROM reference WHERE ({numeric}) AND ({given}) AND {sound}
                AND track_id NOT IN ({EXCLUDED_SONGS}) AND source NOT IN ({EXCLUDED_SOURCES})""",
        )
        db.unregister("extracted")


def clips_waiting(catalogue: Catalogue, spec: Spec) -> int:
    """How many usable clips have no array of this spec yet."""
    known = Shards(catalogue.workspace, spec).known()
    with catalogue.lease() as db:
        rows = db.execute("SELECT sha256 FROM clips WHERE status = 'ok'").fetchall()
    return sum(sha not in known for (sha,) in rows)


def specs_with_arrays(catalogue: Catalogue, kind: str) -> list[str]:
    """The names of the specs of a kind of which there are arrays, the report's first."""
    of_kind = {name: Shards(catalogue.workspace, spec) for name, spec in SPECS.items() if spec.kind == kind}
    return [name for name, shards in of_kind.items() if shards.place.names()]


def shards_stamp(catalogue: Catalogue, spec: Spec) -> int:
    """A number that changes whenever arrays of this spec are added; the catalogue's version does not tell."""
    return Shards(catalogue.workspace, spec).place.stamp()
