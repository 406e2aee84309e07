"""The library as a table: filtered, sorted, and handed out page by page, so that its size does not matter."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from songfeat.errors import UnknownName
from songfeat.labels import ALL_TARGETS
from songfeat.text import normalise
from store.catalogue import Catalogue

DESCENDING = "-"
"""Before a sort key: the largest first."""

SORT_KEYS = ("title", "artist", "album", "genre", "genre_group", "year", "duration_s", "popularity", "added_at")
"""What every library can be sorted by; where a source is chosen, its targets as well."""

_COLUMNS = ("track_id", *SORT_KEYS)


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which songs are wanted; what is not set wants all.

    Attributes
    ----------
    query : str
        Words that title or artist must hold.
    genres : tuple of str
        Genre groups.
    source : str, optional
        Whose reference values songs must have; those of the targets then stand in the table.
    years : tuple of int, optional
        The first and the last year.
    with_clip, with_predictions : bool
        Whether only songs count that have one.
    run, part : str, optional
        Only songs that stood in this part of this run's split, or in any.
    """

    query: str = ""
    genres: tuple[str, ...] = ()
    source: str | None = None
    years: tuple[int, int] | None = None
    with_clip: bool = False
    with_predictions: bool = False
    run: str | None = None
    part: str | None = None


def count(catalogue: Catalogue, wanted: Filter) -> int:
    """How many songs a filter finds."""
    found, params = _found(wanted)
    with catalogue.lease() as db:
        ((number,),) = db.execute(f"SELECT count(*) FROM {found}", params).fetchall()
    return int(number)


def page(
    catalogue: Catalogue, wanted: Filter, *, sort: tuple[str, ...] = (), limit: int = 50, offset: int = 0
) -> pd.DataFrame:
    """One page of the songs that a filter finds.

    Parameters
    ----------
    catalogue : Catalogue
    wanted : Filter
    sort : tuple of str
        :data:`SORT_KEYS` or, with a source, targets; the first counts most. One
        that begins with :data:`DESCENDING` is sorted from the largest. What is
        not known comes last either way.
    limit, offset : int
        How many songs, and how many stand on the pages before.

    Returns
    -------
    pandas.DataFrame
        track_id, the columns of :data:`SORT_KEYS`, the targets where a source is given, has_clip, has_predictions.

    Raises
    ------
    UnknownName
        If a sort key is no column; the message lists the choices.
    """
    columns = [*_COLUMNS, *(ALL_TARGETS if wanted.source else ())]
    order = _order(sort, columns[1:])
    found, params = _found(wanted)
    with catalogue.lease() as db:
        return db.execute(
            f"""
            WITH shown AS (
                -- Sorting ids alone takes half the time of sorting whole rows.
                SELECT {", ".join(columns)} FROM {found}
                AND track_id IN (SELECT track_id FROM {found} ORDER BY {order} LIMIT $limit OFFSET $offset)
            )
            SELECT *, track_id IN (SELECT track_id FROM clips WHERE status = 'ok') AS has_clip,
                   track_id IN (SELECT track_id FROM predictions SEMI JOIN shown USING (track_id)) AS has_predictions
            FROM shown ORDER BY {order}""",
            {**params, "limit": limit, "offset": offset},
        ).df()


def years(catalogue: Catalogue) -> tuple[int, int] | None:
    """The first and the last year of the library; None where no year is known."""
    with catalogue.lease() as db:
        ((first, last),) = db.execute("SELECT min(year), max(year) FROM tracks").fetchall()
    return None if first is None else (int(first), int(last))


def _order(sort: tuple[str, ...], known: list[str]) -> str:
    keys = []
    for key in sort:
        name = key.removeprefix(DESCENDING)
        if name not in known:
            raise UnknownName("sort key", name, known)
        keys.append(f"{name} {'DESC' if key.startswith(DESCENDING) else 'ASC'} NULLS LAST")
    # Ends with the id, or songs that are equal so far would change places between pages.
    return ", ".join([*keys, *([] if keys else ["title NULLS LAST"]), "track_id"])


def _found(wanted: Filter) -> tuple[str, dict[str, Any]]:
    """What stands after FROM, and its parameters."""
    conditions, params = ["true"], dict[str, Any]()
    if words := normalise(wanted.query).split():
        conditions.append("list_bool_and([contains(title_key || ' ' || artist_key, word) FOR word IN $words])")
        params["words"] = words
    if wanted.genres:
        conditions.append("list_contains($genres, genre_group)")
        params["genres"] = list(wanted.genres)
    if wanted.years:
        conditions.append("year BETWEEN $first AND $last")
        params |= dict(zip(("first", "last"), wanted.years, strict=True))
    if wanted.with_clip:
        conditions.append("track_id IN (SELECT track_id FROM clips WHERE status = 'ok')")
    if wanted.with_predictions:
        conditions.append("track_id IN (SELECT track_id FROM predictions)")
    if wanted.run:
        conditions.append(
            "track_id IN (SELECT track_id FROM predictions WHERE run_id = $run AND split = coalesce($part, split))"
        )
        params |= {"run": wanted.run, "part": wanted.part}
    table = "tracks"
    if wanted.source:
        table = "tracks JOIN reference USING (track_id)"
        conditions.append("source = $source")
        params["source"] = wanted.source
    return f"{table} WHERE {' AND '.join(conditions)}", params
