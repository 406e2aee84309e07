"""What one cell of a table means: a number, a key, a year, a name, an id.

Nothing here knows columns or files. Every function takes text as people wrote
it and either says what it means or returns None; no input makes one raise.
"""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from songfeat.labels import Feature
from songfeat.text import isrc, spotify_id

MISSING = frozenset({"", "undefined", "null", "none", "nan", "na", "n/a", "#n/a", "<na>", "?"})
"""Words that mean "no value" wherever a name is not asked for."""

_LONGEST_LIST = 10_000
"""Longer texts are never parsed as Python lists."""

_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_GROUPED = re.compile(r"[-+]?[1-9][0-9]{0,2}(?:[.,'’ \u00a0\u202f][0-9]{3})+")
_CLOCK = re.compile(r"(?:([0-9]{1,2}):)?([0-9]{1,3}):([0-5][0-9](?:\.[0-9]+)?)")
_PITCHES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_PITCH = re.compile(r"([a-g])([#♯b♭]?)(?:/.*)?")
_METER = re.compile(r"([0-9]{1,2})/[0-9]{1,2}")
_NO_DATE = re.compile(r"0+(?:[-/.]0+)*")
_DATE = re.compile(
    r"([0-9]{4})(?:\.0+)?"  # 1921
    r"|([0-9]{4})[-/.][0-9]{1,2}(?:[-/.][0-9]{1,2}(?:[T ].*)?)?"  # 2019-05, 2019-05-03T10:00:00Z
    r"|[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ]([0-9]{4})(?:[ ,].*)?"  # 12/14/2005
    r"|(?:[0-9]{1,2}[ .-]+)?[^\W\d_]+\.?[ -](?:[0-9]{1,2},? )?([0-9]{4})"  # May 2019, 14 May 2019, May 14, 2019
    r"|([0-9]{4})(?:0[1-9]|1[0-2])[0-3][0-9]"  # 20190503
)
_OWN_ID = re.compile(r"spotify:[0-9A-Za-z]{22}|name:[0-9a-f]{20}|local:[0-9a-f]{64}|demo:\w+", re.ASCII)
_FMA_ID = re.compile(r"(fma:)?([0-9]{1,9})(?:\.0)?")
_WEB_ADDRESS = re.compile(r"https?://\S+", re.I)


def is_missing(text: str) -> bool:
    """Whether a cell that is no name says that there is no value."""
    return text.strip().casefold() in MISSING


def parse_number(text: str) -> float | None:
    """A number with a point or a comma for its decimals."""
    plain = text.strip().replace("−", "-")
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    return float(plain) if _NUMBER.fullmatch(plain) else None


def parse_percent(text: str) -> float | None:
    """A number of per cent, with or without its sign."""
    return parse_number(text.strip().removesuffix("%"))


def parse_milliseconds(text: str) -> float | None:
    """Milliseconds, in which thousands may be set apart: ``"231,747"`` is 231747."""
    plain = text.strip()
    return parse_number(re.sub("[^-0-9]", "", plain) if _GROUPED.fullmatch(plain) else plain)


def parse_seconds(text: str) -> float | None:
    """Seconds as a number or as a clock shows them: ``"3:45"`` is 225."""
    if match := _CLOCK.fullmatch(text.strip()):
        return 3600 * int(match[1] or 0) + 60 * int(match[2]) + float(match[3])
    return parse_number(text)


def parse_key(text: str) -> float | None:
    """A pitch class as a number or a letter: ``"C#"`` is 1, ``"B♭"`` is 10."""
    if match := _PITCH.fullmatch(text.strip().casefold()):
        return (_PITCHES[match[1]] + {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}[match[2]]) % 12
    return parse_number(text)


def parse_mode(text: str) -> float | None:
    """1 for major, 0 for minor, or the number itself."""
    modes = {"major": 1.0, "minor": 0.0}
    word = text.strip().casefold()
    return modes[word] if word in modes else parse_number(text)


def parse_meter(text: str) -> float | None:
    """Beats in a bar: ``"3/4"`` is 3."""
    match = _METER.fullmatch(text.strip())
    return float(match[1]) if match else parse_number(text)


def parse_year(text: str) -> float | None:
    """The year of a year or date in one of the usual forms; 0 where it is written as noughts, else the number."""
    plain = text.strip()
    if _NO_DATE.fullmatch(plain):
        return 0.0
    match = _DATE.fullmatch(plain)
    return float(next(filter(None, match.groups()))) if match else parse_number(plain)


def parse_names(text: str) -> str:
    """Several names with ``;`` between: from a Python list as text, or the text itself."""
    plain = " ".join(text.split())
    if not plain.startswith(("[", "{")) or len(plain) > _LONGEST_LIST:
        return plain
    try:
        names = ast.literal_eval(plain)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return plain
    if not isinstance(names, list | set) or not all(isinstance(name, str) for name in names):
        return plain
    in_order = names if isinstance(names, list) else sorted(names)
    return ";".join(part for name in in_order if (part := " ".join(name.split())))


def parse_escaped_names(text: str) -> str:
    r"""Several names with ``;`` between, from ``", "`` between them and ``"\,"`` within one."""
    return ";".join(part.replace("\\,", ",") for part in re.split(r"(?<!\\), ", " ".join(text.split())))


def parse_genres(text: str) -> str:
    """A genre as written, with plain quotes, or several with ``;`` between; ``""`` where none is meant."""
    plain = parse_names(text).replace("’", "'").replace("‘", "'")
    return "" if plain in ("set()", "[]", "{}") or is_missing(plain) else plain


def parse_track_id(text: str, *, fma: bool = False) -> str | None:
    """The track id that a cell names: a Spotify id in any form, or one of Songfeat's own.

    With `fma` a bare number is a track of the Free Music Archive.
    """
    plain = text.strip()
    if bare := spotify_id(plain):
        return f"spotify:{bare}"
    if _OWN_ID.fullmatch(plain):
        return plain
    match = _FMA_ID.fullmatch(plain)
    return f"fma:{int(match[2])}" if match and (fma or match[1]) else None


Read = tuple[Any, str | None]
"""What a cell means (None or NaN: nothing) and, where it cannot be used, why."""


def shown(text: str) -> str:
    """A cell as a sentence quotes it: in one line and not too long."""
    plain = " ".join(text.split())
    return plain if len(plain) <= 60 else plain[:59] + "…"


def read_isrc(text: str) -> Read:
    """An ISRC in capitals and without hyphens."""
    if is_missing(text):
        return None, None
    code = isrc(text)
    return (code, None) if code else (None, f"'{shown(text)}' is no ISRC (as in USABC2100001)")


def read_web_address(text: str) -> Read:
    """An address that starts with http:// or https://."""
    if is_missing(text):
        return None, None
    plain = text.strip()
    if _WEB_ADDRESS.fullmatch(plain):
        return plain, None
    return None, f"'{shown(text)}' is no address that starts with http:// or https://"


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A number in a column: its limits in the column's own unit, and how to read it.

    Attributes
    ----------
    limits : Feature
        Range, unit and unknown values as they stand in the column.
    per_unit : float
        What the column's number is divided by to get the stored one.
    parse : callable
        From text to a number, or None where it is none.
    """

    limits: Feature
    per_unit: float = 1.0
    parse: Callable[[str], float | None] = parse_number

    def read(self, cell: str | float) -> Read:
        """The stored value of a cell (NaN: not given) and, where it cannot be, the reason."""
        if is_missing(str(cell)):
            return np.nan, None
        if isinstance(cell, str):
            text, number = shown(cell), self.parse(cell)
        else:
            text, number = f"{cell:.10g}", float(cell)
        if number is not None and number in self.limits.unknown:
            return np.nan, None
        reason = self._problem(text, number)
        return (np.nan, reason) if reason or number is None else (number / self.per_unit, None)

    def are_sound(self, numbers: np.ndarray) -> np.ndarray:
        """Which of some numbers, float64, :meth:`read` takes as values: false where it finds none or a fault."""
        limits = self.limits
        sound = (numbers >= limits.low) & (numbers <= limits.high)
        if limits.unknown:
            sound &= ~np.isin(numbers, limits.unknown)
        return sound & (numbers == np.trunc(numbers)) if limits.whole else sound

    def _problem(self, text: str, number: float | None) -> str | None:
        limits, name = self.limits, self.limits.name.replace("_", " ")
        unit = f" {limits.unit}" if limits.unit else ""
        if number is None:
            kind = "a whole number" if limits.whole else "a number"
            return f"'{text}' cannot be read; {name} is {kind} from {limits.low:.10g} to {limits.high:.10g}{unit}"
        if number > limits.high:
            return f"{text} is above {limits.high:.10g}{unit}, the largest {name} there can be"
        if number < limits.low:
            return f"{text} is below {limits.low:.10g}{unit}, the smallest {name} there can be"
        if limits.whole and number != int(number):
            return f"{text} is not whole, as {name} must be"
        return None


def map_cells(cells: pd.Series, function: Callable[[Any], Any]) -> np.ndarray:
    """`function` of each cell that is not missing, computed once for equal cells; None elsewhere."""
    codes, uniques = pd.factorize(cells)
    results = np.empty(len(uniques) + 1, dtype=object)
    for position, cell in enumerate(uniques.tolist()):
        results[position] = function(cell)
    return results[codes]


def map_texts(cells: pd.Series, function: Callable[[Any], str | None]) -> pd.Series:
    """The same where it gives texts: a column of them, missing where there is none."""
    codes, uniques = pd.factorize(cells)
    return _spread([function(cell) for cell in uniques.tolist()], codes, cells, "str")


def read_cells(cells: pd.Series, read: Callable[[Any], Read], dtype: str) -> tuple[pd.Series, np.ndarray]:
    """The values of cells, as a column of `dtype` without empty texts, and the reasons against them, None mostly."""
    codes, uniques = pd.factorize(cells)
    results = [read(cell) for cell in uniques.tolist()]
    reasons = np.array([*(reason for _, reason in results), None], dtype=object)
    return _spread([None if value == "" else value for value, _ in results], codes, cells, dtype), reasons[codes]


def _spread(values: list[Any], codes: np.ndarray, cells: pd.Series, dtype: str) -> pd.Series:
    # Of each value once, as most of the time would go into making a column of Python's objects.
    return pd.Series(values, dtype=dtype).reindex(codes).set_axis(cells.index)  # -1, of a missing cell, is no place


def as_text(cells: pd.Series) -> pd.Series:
    """A column as text; whole numbers without a decimal point."""
    if not is_numeric_dtype(cells.dtype):
        return cells.astype("str")
    texts = map_cells(cells, lambda number: f"{number:.0f}" if float(number).is_integer() else str(number))
    return pd.Series(texts, index=cells.index, dtype="str")
