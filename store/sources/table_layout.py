"""Which column of a table holds what: guessed from headers and values, or said by a person."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd

from songfeat.errors import TableError
from songfeat.labels import FEATURES
from songfeat.text import normalise
from store.sources.table_cells import as_text, parse_percent, parse_seconds, parse_track_id
from store.sources.table_positions import place_columns

DURATIONS = ("duration_ms", "duration_s", "duration_min")
"""The fields of a song's length, by unit; a table has at most one."""

FIELDS = (
    *("track_id", "title", "artist", "album", "genre", "genre_group", "year", *DURATIONS),
    *("popularity", "isrc", "preview_url", "clip", "label_source", *FEATURES),
)
"""What a column can be mapped to."""

SHARES = frozenset(name for name, feature in FEATURES.items() if (feature.low, feature.high) == (0, 1))
"""Features from 0 to 1; some tables give those that need not be whole in per cent."""

FMA = "Free Music Archive"
EXPORTIFY_APP = "Exportify (exportify.app)"

_NAMES_SHOWN, _NAME_SHOWN = 30, 40
_ALIASES: dict[str, tuple[str, ...]] = {
    # Headers as `_key` writes them; of several in one table the first is taken.
    "track_id": ("trackuri", "spotifyuri", "trackid", "spotifyid", "spotifytrackid", "uri", "id"),
    "title": ("trackname", "tracktitle", "songname", "songtitle", "title", "song", "name", "track"),
    "artist": ("artists", "trackartist", "artistname", "artistsname", "artistnames", "trackartists", "artist"),
    "album": ("albumname", "trackalbumname", "albumtitle", "album"),
    "genre": ("genre", "trackgenre", "playlistgenre", "trackgenretop", "genres", "topgenre", "artistgenres"),
    "genre_group": ("genregroup",),
    "year": (
        *("year", "releasedyear", "releaseyear", "releasedate", "trackalbumreleasedate", "albumreleasedate"),
        *("albumdatereleased", "release"),
    ),
    "duration_ms": ("durationms", "trackdurationms"),
    "duration_s": ("durations", "durationsec", "durationseconds"),
    "popularity": ("popularity", "trackpopularity"),
    "isrc": ("isrc",),
    "preview_url": ("previewurl", "trackpreviewurl"),
    "clip": ("clip", "filename", "file", "clipname", "audiofile", "filepath", "path"),
    "label_source": ("labelsource",),
    **{name: (name.replace("_", ""),) for name in FEATURES},
    "tempo": ("tempo", "bpm", "beatsperminute", "beatsperminutebpm"),
    "loudness": ("loudness", "loudnessdb"),
}
_UNITLESS_DURATIONS = ("duration", "trackduration", "tracklength", "songlength", "length", "lengthduration")

_LAYOUTS: tuple[tuple[str, frozenset[str]], ...] = tuple(
    (name, frozenset(keys.split()))
    for name, keys in (
        # The first whose headers are all there; so narrow ones stand before wide ones.
        (FMA, "trackid albumname license"),
        (FMA, "trackid tracktitle tracklicense"),
        (FMA, "trackid metadataartistname"),
        (EXPORTIFY_APP, "trackuri albumuri trackdurationms"),
        (EXPORTIFY_APP, "spotifyuri tracknumber trackdurationms"),
        ("Exportify (exportify.net)", "trackname artistnames durationms addedat"),
        ("Spotify Tracks Dataset", "trackid artists albumname trackname trackgenre"),
        ("Spotify 1.2M+ Songs", "id name artistids tracknumber releasedate"),
        ("30000 Spotify Songs", "trackid trackartist playlistgenre playlistsubgenre"),
        ("Ultimate Spotify Tracks DB", "genre artistname trackname trackid popularity"),
        ("Top Hits Spotify", "artist song durationms year genre"),
        ("Spotify 1922-2021", "id name artists idartists releasedate"),
        ("Spotify 1921-2020", "id name artists year releasedate"),
        ("Most Streamed Spotify Songs", "trackname artistsname releasedyear bpm"),
        ("Music4All", "id spotifyid release"),
        ("clip labels", "clip labelsource"),
        ("song feature report", "trackid trackname trackartist previewurl"),
    )
)


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """Which column holds which field.

    Attributes
    ----------
    columns : dict of str to str
        Field (one of :data:`FIELDS`) to column, as the file writes it.
    percent : frozenset of str
        Fields whose column runs from 0 to 100 where the field runs from 0 to 1.
    unused : tuple of str
        Columns that no field takes; unnamed index columns are not counted.
    layout : str
        The name of a layout that was recognised, else ``"guessed"``.
    """

    columns: dict[str, str]
    percent: frozenset[str] = frozenset()
    unused: tuple[str, ...] = ()
    layout: str = "guessed"


def guess_mapping(
    columns: Iterable[str],
    sample: pd.DataFrame | None,
    overrides: dict[str, str],
    *,
    table: str = "The table",
    of_songs: bool = True,
) -> Mapping:
    """Find out which column holds which field.

    Parameters
    ----------
    columns : iterable of str
        The table's columns, as written.
    sample : pandas.DataFrame or None
        Some rows. They tell ids of Spotify from other ids, seconds from
        milliseconds and per cent from shares, and map files whose headers are
        in another language; without them headers alone decide.
    overrides : dict of str to str
        Field to column, as a person says; wins over every guess.
    table : str
        How errors call the table.
    of_songs : bool
        Whether its rows have to say which songs they are of.

    Raises
    ------
    TableError
        If an override names no field or column, or the table cannot be one of songs.
    """
    named = [column for column in columns if not is_index(column)]
    keys: dict[str, str] = {}
    for column in named:
        keys.setdefault(_key(column), column)
    chosen = _overridden(named, overrides, table)
    rows = None if sample is None or sample.empty else sample[named]
    guesses = _guess(keys, rows, taken=set(chosen.values()))
    if set(chosen) & set(DURATIONS):
        guesses = {field: column for field, column in guesses.items() if field not in DURATIONS}
    both = guesses | chosen
    chosen = {field: both[field] for field in FIELDS if field in both}
    if of_songs:
        _check(chosen, keys, table)
    return Mapping(
        columns=chosen,
        percent=_percent_fields(chosen, rows),
        unused=tuple(column for column in named if column not in chosen.values()),
        layout=next((name for name, needed in _LAYOUTS if needed <= keys.keys()), "guessed"),
    )


def is_index(column: str) -> bool:
    """Whether a column only numbers the rows, or is the reader's own."""
    return not column.strip() or column.startswith(("Unnamed: ", "__"))


def id_columns(columns: Iterable[str]) -> list[str]:
    """The columns that by their header may hold the song's id, the likeliest first."""
    ranks = {alias: rank for rank, alias in enumerate(_ALIASES["track_id"])}
    found = [column for column in columns if not is_index(column) and _key(column) in ranks]
    return sorted(found, key=lambda column: ranks[_key(column)])


def _key(header: str) -> str:
    """A header without case, spaces and signs: ``"Artist Name(s)"`` becomes ``"artistnames"``."""
    return normalise(header).replace(" ", "").removeprefix("audiofeatures")


def _listed(columns: list[str]) -> str:
    """Columns in a sentence: as many, and as much of each, as one line holds; damaged tables have odd ones."""
    names = [" ".join("".join(sign if sign.isprintable() else " " for sign in name).split()) for name in columns]
    shown = [name if len(name) <= _NAME_SHOWN else f"{name[:_NAME_SHOWN]}…" for name in names[:_NAMES_SHOWN]]
    more = len(columns) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _overridden(columns: list[str], overrides: dict[str, str], table: str) -> dict[str, str]:
    for field, column in overrides.items():
        if field not in FIELDS:
            raise TableError(f"There is no field {field!r} to map a column to. Choose one of: {', '.join(FIELDS)}.")
        if column not in columns:
            raise TableError(f"{table} has no column {column!r} for {field}. Its columns are: {_listed(columns)}.")
    return dict(overrides)


def _guess(keys: dict[str, str], rows: pd.DataFrame | None, *, taken: set[str]) -> dict[str, str]:
    free = {key: column for key, column in keys.items() if column not in taken}
    placed = place_columns(rows) if rows is not None and "trackname" not in keys else {}
    if placed:
        return {field: column for field, column in placed.items() if column not in taken}
    guesses = {
        field: next((free[alias] for alias in aliases if alias in free), "") for field, aliases in _ALIASES.items()
    }
    if rows is not None and guesses["track_id"]:
        shares = {column: _share_of_ids(rows[column]) for column in id_columns(rows.columns) if column not in taken}
        guesses["track_id"] = max(shares, key=lambda column: shares[column])
    length = next((free[name] for name in _UNITLESS_DURATIONS if name in free), "")
    # Beside a clip's file name stands how long the clip is, not the song.
    if length and not (guesses["duration_ms"] or guesses["duration_s"] or guesses["clip"]):
        guesses[_duration_unit(rows, length)] = length
    return {field: column for field, column in guesses.items() if column}


def _share_of_ids(cells: pd.Series) -> float:
    return sum(parse_track_id(cell) is not None for cell in as_text(cells).dropna()) / len(cells)


def _numbers(cells: pd.Series, parse: Callable[[str], float | None]) -> pd.Series:
    return pd.Series([parse(cell) for cell in as_text(cells).dropna()], dtype="float64").dropna()


def _duration_unit(rows: pd.DataFrame | None, column: str) -> str:
    """The unit in which a song's usual length is a likely number."""
    seconds = pd.Series(dtype="float64") if rows is None else _numbers(rows[column], parse_seconds)
    middle = seconds[seconds > 0].median()
    if middle >= 10_000:
        return "duration_ms"
    return "duration_min" if middle < 20 else "duration_s"


def _percent_fields(chosen: dict[str, str], rows: pd.DataFrame | None) -> frozenset[str]:
    shares = {field: chosen[field] for field in SHARES & chosen.keys() if not FEATURES[field].whole}
    marked = {field for field, column in shares.items() if "%" in column or "percent" in column.lower()}
    if rows is None:
        return frozenset(marked)
    texts = {field: as_text(rows[column]).dropna() for field, column in shares.items()}
    marked |= {field for field, cells in texts.items() if cells.str.strip().str.endswith("%").any()}
    numbers = {field: _numbers(rows[column], parse_percent) for field, column in shares.items()}
    possible = {field: found for field, found in numbers.items() if found.between(0, 100).mean() > 0.9}
    # Numbers that are mostly above 1, and not all small, can be nothing else; beside them, so are whole numbers.
    large = {f for f, found in possible.items() if (found > 1).sum() > max(4, len(found) / 2) and found.max() > 10}
    whole = {f for f, found in possible.items() if (found == found.round()).mean() > 0.9 and found.any()}
    return frozenset(marked | large | (whole if large else set()))


def _check(chosen: dict[str, str], keys: dict[str, str], table: str) -> None:
    if not {"track_id", "title", "clip"} & chosen.keys():
        groups = [name for name in ("artists", "genres", "year") if name in keys]
        if FEATURES.keys() & chosen.keys() and groups:
            raise TableError(
                f"{table} holds values by {' and '.join(groups)} but neither ids nor titles of songs: "
                "it looks like averages, and only values of single songs can be imported."
            )
        raise TableError(
            f"{table} has no column with ids or titles of songs. Its columns are: {_listed(list(keys.values()))}. "
            "Name one with --map title=COLUMN or --map track_id=COLUMN."
        )
    if len(chosen) < 2:
        only = next(iter(chosen.values()))
        raise TableError(
            f"{table} has nothing to import beside its column {only!r}: no artist, no other detail and no values. "
            "If it has, name their columns with --map FIELD=COLUMN."
        )
