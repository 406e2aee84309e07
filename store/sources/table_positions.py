"""Exportify files whose headers are in another language, mapped by what their columns hold.

exportify.app writes its headers in the language of its page, and which columns
it writes has changed over the years. Their order has not, and the kinds of
their values tell them apart in every language.
"""

import re
from collections.abc import Callable
from itertools import islice

import pandas as pd

from songfeat.labels import ALL_TARGETS, FEATURES, TARGETS
from songfeat.text import isrc
from store.sources.table_cells import as_text, is_missing, parse_number

_FEATURE_ORDER = (
    # The order of Spotify's own answer: two targets, then key, loudness and mode, then the other targets.
    *(*TARGETS[:2], "key", "loudness", "mode", *TARGETS[2:]),
    *("liveness", *ALL_TARGETS[len(TARGETS) :], "tempo", "time_signature"),
)

Test = Callable[[str], bool]


def place_columns(rows: pd.DataFrame) -> dict[str, str]:
    """Field to column, or nothing where `rows` are not of such a file."""
    texts = {
        str(name): [text for text in as_text(cells).dropna() if not is_missing(text)] for name, cells in rows.items()
    }
    names = list(texts)

    def first(test: Test, start: int = 0, stop: int | None = None) -> int | None:
        """The position of the first column that holds values which all pass `test`."""
        for position, name in islice(enumerate(names), start, stop):
            if texts[name] and all(map(test, texts[name])):
                return position
        return None

    track = first(_matches(r"spotify:(?:track|local|episode):.+"))
    artist = None if track is None else first(_matches(r"spotify:artist:.+"), track)
    album = None if artist is None else first(_matches(r"spotify:album:.+"), artist)
    added = None if album is None else first(_matches(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z?"), album)
    if track is None or artist is None or album is None or added is None:
        return {}
    length = first(_between(10_000, 86_400_000), album, added)
    found = {"track_id": track, "title": track + 1, "artist": artist + 1, "album": album + 1, "duration_ms": length}
    found["year"] = first(_matches(r"[0-9]{4}(?:-[0-9]{2}){0,2}"), album + 2, length)
    if length is not None:
        found["popularity"] = first(_between(0, 100), length, added)
        found["preview_url"] = first(_matches(r"https?://\S+"), length, added)
        found["isrc"] = first(lambda text: isrc(text) is not None, length, added)
    fields = {field: names[position] for field, position in found.items() if position is not None}
    return fields | _features([*texts.items()][added + 1 :])


def _features(columns: list[tuple[str, list[str]]]) -> dict[str, str]:
    """The twelve features, which stand behind the date of adding and, in some files, the artist's genres."""
    for start in (0, 1):
        run = columns[start : start + len(_FEATURE_ORDER)]
        fits = len(run) == len(_FEATURE_ORDER) and all(
            all(map(_fits(field), cells)) for field, (_, cells) in zip(_FEATURE_ORDER, run, strict=True)
        )
        if fits and any(cells for _, cells in run):
            return {field: name for field, (name, _) in zip(_FEATURE_ORDER, run, strict=True)}
    return {}


def _fits(field: str) -> Test:
    feature = FEATURES[field]
    return _between(min((feature.low, *feature.unknown)), feature.high, whole=feature.whole)


def _between(low: float, high: float, *, whole: bool = False) -> Test:
    def test(text: str) -> bool:
        number = parse_number(text)
        return number is not None and low <= number <= high and (not whole or number == int(number))

    return test


def _matches(pattern: str) -> Test:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text.strip()) is not None
