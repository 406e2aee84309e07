"""Any two values of songs against each other: the songs or, where they are too many, squares that count them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from songfeat.errors import UnknownName
from songfeat.labels import FEATURES, REFERENCE_COLUMNS
from store.catalogue import Catalogue

AXES = (*REFERENCE_COLUMNS, "year", "duration_s", "popularity")
"""What an axis, the size and the colour of marks can stand for."""

MOST_POINTS = 5_000
"""Of more songs, a scatter says less than squares that count them."""

COLUMNS, ROWS = 40, 24
"""Of squares: a picture is wider than high."""

_TAIL = 0.001
_SONG_COLUMNS = ("track_id", "title", "artist", "genre", "genre_group", "year", "duration_s", *REFERENCE_COLUMNS)


@dataclass(frozen=True, kw_only=True)
class View:
    """What is drawn against what.

    Attributes
    ----------
    source : str
        Whose reference values.
    x, y : str
        Of :data:`AXES`.
    size, colour : str, optional
        Of :data:`AXES`; songs of which they are not known are left out.
    genres : tuple of str
        Genre groups; none means all.
    """

    source: str
    x: str
    y: str
    size: str | None = None
    colour: str | None = None
    genres: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.shown:
            if name not in AXES:
                raise UnknownName("axis", name, AXES)

    @property
    def shown(self) -> tuple[str, ...]:
        return tuple(name for name in (self.x, self.y, self.size, self.colour) if name)


@dataclass(frozen=True, kw_only=True, eq=False)
class Cloud:
    """What a view shows.

    Attributes
    ----------
    songs : int
        How many it stands for.
    marks : pandas.DataFrame
        With up to :data:`MOST_POINTS` songs one row a song: track_id, title,
        artist, x, y and, where asked for, size and colour. With more one row a
        square: square (its number), x, y (its middle), songs and, where asked
        for, colour (the mean over its songs).
    by_square : bool
    """

    songs: int
    marks: pd.DataFrame
    by_square: bool


def cloud(catalogue: Catalogue, view: View, *, most_points: int = MOST_POINTS) -> Cloud:
    """The songs of a view, or the squares that count them; those beyond the range stand in the outermost squares."""
    with catalogue.lease() as db:
        ((songs,),) = db.execute(f"SELECT count(*) FROM ({_values(view)})", _params(view)).fetchall()
        if songs <= most_points:
            marks = db.execute(f"SELECT * FROM ({_values(view)}) ORDER BY track_id", _params(view)).df()
            return Cloud(songs=songs, marks=marks, by_square=False)
        grid = _grid(db, view)
        mean = ", avg(colour) AS colour" if view.colour else ""
        marks = db.execute(
            f"""
            SELECT {_SQUARE} AS square, count(*) AS songs{mean} FROM ({_values(view)}) GROUP BY square
            ORDER BY square""",
            {**_params(view), **grid},
        ).df()
    column, row = marks["square"] % COLUMNS, marks["square"] // COLUMNS
    marks.insert(1, "x", grid["x_low"] + (column + 0.5) * grid["x_step"])
    marks.insert(2, "y", grid["y_low"] + (row + 0.5) * grid["y_step"])
    return Cloud(songs=songs, marks=marks, by_square=True)


def songs(catalogue: Catalogue, view: View, track_ids: Sequence[str], *, limit: int | None = None) -> pd.DataFrame:
    """These songs with all their values of the view's source, by artist and title."""
    with catalogue.lease() as db:
        return _songs(db, view, "list_contains($ids, track_id)", {"ids": list(track_ids), "limit": limit})


def songs_in_squares(
    catalogue: Catalogue, view: View, squares: Sequence[int], *, limit: int | None = None
) -> pd.DataFrame:
    """The songs that stand in these squares of a view, in the form of :func:`songs`."""
    with catalogue.lease() as db:
        inside = f"track_id IN (SELECT track_id FROM ({_values(view)}) WHERE list_contains($squares, {_SQUARE}))"
        given = {**_params(view), **_grid(db, view), "squares": list(squares), "limit": limit}
        return _songs(db, view, inside, given)


_SQUARE = f"""(
    greatest(0, least({COLUMNS - 1}, floor((x - $x_low) / $x_step)))
    + {COLUMNS} * greatest(0, least({ROWS - 1}, floor((y - $y_low) / $y_step)))
)::INTEGER"""


def _values(view: View) -> str:
    """The songs of a view with what is drawn, in SQL."""
    drawn = {"x": view.x, "y": view.y, "size": view.size, "colour": view.colour}
    columns = ", ".join(f"{column}::DOUBLE AS {name}" for name, column in drawn.items() if column)
    known = " AND ".join(f"{column} IS NOT NULL" for column in view.shown)
    of_genre = "AND list_contains($genres, genre_group)" if view.genres else ""
    return f"""
        SELECT track_id, title, artist, {columns} FROM reference JOIN tracks USING (track_id)
        WHERE source = $source AND {known} {of_genre}"""


def _params(view: View) -> dict[str, Any]:
    return {"source": view.source, **({"genres": list(view.genres)} if view.genres else {})}


def _grid(db: duckdb.DuckDBPyConnection, view: View) -> dict[str, float]:
    """Where the squares begin and how wide they are."""
    asked = ", ".join(f"quantile_cont({axis}, [{_TAIL}, {1 - _TAIL}])" for axis in ("x", "y"))
    (ends,) = db.execute(f"SELECT {asked} FROM ({_values(view)})", _params(view)).fetchall()
    grid: dict[str, float] = {}
    for axis, name, squares, (low, high) in zip(("x", "y"), (view.x, view.y), (COLUMNS, ROWS), ends, strict=True):
        if name in FEATURES and not FEATURES[name].unit:
            low, high = FEATURES[name].low, FEATURES[name].high
        grid |= {f"{axis}_low": low, f"{axis}_step": ((high - low) or 1.0) / squares}
    return grid


def _songs(db: duckdb.DuckDBPyConnection, view: View, condition: str, params: dict[str, Any]) -> pd.DataFrame:
    return db.execute(
        f"""
        SELECT {", ".join(_SONG_COLUMNS)},
               track_id IN (SELECT track_id FROM clips WHERE status = 'ok') AS has_clip
        FROM reference JOIN tracks USING (track_id) WHERE source = $source AND {condition}
        ORDER BY artist NULLS LAST, title, track_id LIMIT $limit""",
        {**params, "source": view.source},
    ).df()
