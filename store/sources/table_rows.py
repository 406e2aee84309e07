"""Rows of a table, checked cell by cell, as songs and their reference values."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import pandas as pd

from songfeat.genres import GENRE_GROUPS, genre_group
from songfeat.labels import FEATURES, Feature
from songfeat.metadata import COLUMNS
from songfeat.text import SPOTIFY_ID, artist_key, name_id, title_key
from store.sources import table_cells as cells
from store.sources.table_checks import CheckedTable
from store.sources.table_csv import BROKEN
from store.sources.table_layout import DURATIONS, EXPORTIFY_APP, FMA, Mapping
from store.sources.table_statistics import statistics

_DAY_S = 86_400
_SHORTEST_S = 0.001
_UNITS = {
    "duration_ms": ("ms", 1000.0, cells.parse_milliseconds),
    "duration_s": ("s", 1.0, cells.parse_seconds),
    "duration_min": ("minutes", 1 / 60, cells.parse_number),
}
_FEATURE_PARSERS = {"key": cells.parse_key, "mode": cells.parse_mode, "time_signature": cells.parse_meter}

_TRACK_COLUMNS = (
    *("row", "file", "line", "track_id", "spotify_id", "title", "artist", "artist_key", "title_key", "album"),
    *("genre", "genre_group", "year", "duration_s", "popularity", "isrc", "preview_url", "clip", "label_source"),
)

_YEAR = cells.Quantity(
    limits=Feature(name="year", low=1000, high=2100, whole=True, unknown=(0.0,), meaning="of release"),
    parse=cells.parse_year,
)
_POPULARITY = cells.Quantity(limits=Feature(name="popularity", low=0, high=100, meaning="on the provider's scale"))


@dataclass(frozen=True, kw_only=True)
class CleanRows:
    """The rows of a table that can be used, and what cannot.

    Attributes
    ----------
    tracks : pandas.DataFrame
        One row per usable row of the table, in its order: `row` (position in
        the table, from 0), `file` (``""`` for a single table), `line`,
        `track_id`, `spotify_id`, `title`, `artist`, `artist_key`, `title_key`
        (both ``""`` where not known), `album`, `genre`, `genre_group`, `year`
        (1000 to 2100), `duration_s` (above 0), `popularity` (0 to 100), `isrc`,
        `preview_url`, `clip` and `label_source`. One song may stand in several rows.
    reference : pandas.DataFrame
        `row`, `track_id` and the features as floats, NaN where not given; the
        same rows in the same order.
    rejects : pandas.DataFrame
        `file`, `line`, `column` (as in the file; missing for a row as a whole),
        `value` and `reason` of each cell and row that was left out.
    rows : int
        How many rows the table has.
    """

    tracks: pd.DataFrame
    reference: pd.DataFrame
    rejects: pd.DataFrame
    rows: int
    statistics: dict[str, pd.DataFrame]


def clean(frame: pd.DataFrame, mapping: Mapping) -> CleanRows:
    """Check every cell of a table; a cell that cannot be used costs that cell, not its row.

    Parameters
    ----------
    frame : pandas.DataFrame
        As :func:`store.sources.table_files.read_table` or `join_tables` gives it.
    mapping : Mapping
        Which of its columns holds what.
    """
    table = CheckedTable(frame.reset_index(drop=True), mapping)
    if BROKEN in frame:
        table.leave_out(table.frame[BROKEN].notna().to_numpy(), table.frame[BROKEN])
    reference = _features(table, mapping)
    tracks = _tracks(table, mapping)
    tracks["track_id"] = _track_ids(table, tracks, reference, fma=mapping.layout == FMA)
    table.leave_out(tracks["track_id"].isna().to_numpy(), "the row has neither an id nor a title")
    bare = tracks["track_id"].str.removeprefix("spotify:")
    tracks["spotify_id"] = bare.where(tracks["track_id"].str.startswith("spotify:", na=False))
    files, lines = table.places()
    tracks = tracks.assign(row=tracks.index, file=files, line=lines)[list(_TRACK_COLUMNS)]
    reference = pd.concat([tracks[["row", "track_id"]], reference], axis=1)
    kept = table.kept
    return CleanRows(
        tracks=tracks[kept].reset_index(drop=True),
        reference=reference[kept].reset_index(drop=True),
        rejects=table.rejects(),
        rows=len(frame),
        statistics=statistics(table.frame),
    )


def inputs(frame: pd.DataFrame, mapping: Mapping) -> pd.DataFrame:
    """What models may see of every row of a table, without asking which song it is: gaps where nothing fits.

    The columns are all features and those of :data:`songfeat.metadata.COLUMNS`.
    """
    table = CheckedTable(frame.reset_index(drop=True), mapping)
    known = _features(table, mapping)
    tracks = _tracks(table, mapping)
    return known.join(tracks[[name for name in COLUMNS if name not in known]])


def _features(table: CheckedTable, mapping: Mapping) -> pd.DataFrame:
    return pd.DataFrame(
        {name: table.numbers(name, _feature(name, percent=name in mapping.percent)) for name in FEATURES}
    )


def _feature(name: str, *, percent: bool) -> cells.Quantity:
    limits = FEATURES[name]
    if percent:
        per_cent = replace(limits, low=100 * limits.low, high=100 * limits.high, unit="per cent")
        return cells.Quantity(limits=per_cent, per_unit=100.0, parse=cells.parse_percent)
    return cells.Quantity(limits=limits, parse=_FEATURE_PARSERS.get(name, cells.parse_number))


def _duration(field: str) -> cells.Quantity:
    unit, per_second, parse = _UNITS[field]
    limits = Feature(
        name="duration",
        low=_SHORTEST_S * per_second,
        high=_DAY_S * per_second,
        unit=unit,
        unknown=(0.0,),
        meaning="of the song",
    )
    return cells.Quantity(limits=limits, per_unit=per_second, parse=parse)


def _tracks(table: CheckedTable, mapping: Mapping) -> pd.DataFrame:
    names = cells.parse_escaped_names if mapping.layout == EXPORTIFY_APP else cells.parse_names
    length = next((field for field in DURATIONS if field in mapping.columns), DURATIONS[0])
    title, artist = table.texts("title", _plainly(_one_line)), table.texts("artist", _plainly(names))
    genre = table.texts("genre", _plainly(cells.parse_genres))
    group = table.texts("genre_group", _plainly(_own_group))
    return pd.DataFrame(
        {
            "title": title,
            "artist": artist,
            "title_key": cells.map_texts(title, title_key).fillna(""),
            "artist_key": cells.map_texts(artist, artist_key).fillna(""),
            "album": table.texts("album", _plainly(_one_line)),
            "genre": genre,
            "genre_group": group.fillna(cells.map_texts(genre, genre_group)),
            "year": table.numbers("year", _YEAR).astype("Int64"),
            "duration_s": table.numbers(length, _duration(length)),
            "popularity": table.numbers("popularity", _POPULARITY),
            "isrc": table.texts("isrc", cells.read_isrc),
            "preview_url": table.texts("preview_url", cells.read_web_address),
            "clip": table.texts("clip", _plainly(_word)),
            "label_source": table.texts("label_source", _plainly(_word)),
        }
    )


def _plainly(parse: Callable[[str], str]) -> Callable[[str], cells.Read]:
    """Reads texts of which none is wrong."""
    return lambda text: (parse(text), None)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _word(text: str) -> str:
    return "" if cells.is_missing(text) else text.strip()


def _own_group(text: str) -> str:
    group = text.strip().casefold()
    return group if group in GENRE_GROUPS else ""


def _track_ids(table: CheckedTable, tracks: pd.DataFrame, reference: pd.DataFrame, *, fma: bool) -> pd.Series:
    """The id of each row's song: the table's own, else one made of its names, else of all that is known of it."""
    given = table.texts("track_id", _plainly(_word))
    bare = given.str.fullmatch(SPOTIFY_ID).fillna(False).astype(bool)  # as most are
    ids = cells.map_cells(given.mask(bare), partial(cells.parse_track_id, fma=fma))
    ids[bare] = "spotify:" + given[bare]
    known_by = tracks["title"].where(tracks["title_key"] != "", given).fillna(tracks["clip"])
    unnamed = pd.Series(ids, dtype="object").isna()
    keys = tracks[["artist_key", "title_key", "duration_s"]].assign(known_by=known_by)[unnamed]
    values = reference[unnamed].itertuples(index=False, name=None)
    for row, key, known in zip(keys.index, keys.itertuples(index=False), values, strict=True):
        if key.artist_key and key.title_key:
            ids[row] = name_id(key.artist_key, key.title_key)
        elif isinstance(key.known_by, str):
            ids[row] = name_id(key.title_key or key.known_by, key.duration_s, *known)
    return pd.Series(ids, index=tracks.index, dtype="str")
