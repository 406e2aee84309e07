"""CSV of any dialect as a frame of text.

Rows are read one by one, so that each knows its line in the file, and a row
that is too long or never ends costs that row and not the file.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, count, islice, zip_longest
from typing import Any, TextIO

import pandas as pd

from songfeat.errors import TableError

LINE = "__line__"
"""The column with each row's line (or, in files without lines, row) in its file, from 1."""

BROKEN = "__broken__"
"""The column, where a file has such rows, that says why a row as a whole cannot be used."""

_SEPARATORS = ",;\t|"
_END = "\0end of file"
_ROWS_AT_ONCE = 10_000


@dataclass
class RowList:
    """Rows on their way into a frame, with the line of each and what is wrong with it."""

    columns: list[str]
    lines: list[int] = field(default_factory=list)
    broken: dict[int, str] = field(default_factory=dict)
    _rows: list[list[str]] = field(default_factory=list)
    _parts: list[pd.DataFrame] = field(default_factory=list)

    def add(self, line: int, row: list[str], reason: str = "") -> None:
        """Take a row; missing cells at its end are filled, cells too many make it a broken one."""
        if any(row[len(self.columns) :]):
            reason = f"the row has {len(row)} cells where the header has {len(self.columns)}"
        if reason:
            self.broken[len(self.lines)] = reason
        self.lines.append(line)
        self._rows.append(row[: len(self.columns)])
        if len(self._rows) == _ROWS_AT_ONCE:
            self._pack()

    def frame(self) -> pd.DataFrame:
        """All rows as text, with :data:`LINE` in front; empty cells are missing."""
        self._pack()
        cells = pd.concat(self._parts, ignore_index=True)
        cells.insert(0, LINE, self.lines)
        if self.broken:
            cells[BROKEN] = pd.Series(self.broken, dtype="str").reindex(cells.index)
        return cells

    def _pack(self) -> None:
        full = [""] * len(self.columns)
        by_column = list(zip_longest(full, *self._rows, fillvalue=""))
        texts = {name: pd.Series(cells[1:], dtype="str") for name, cells in zip(self.columns, by_column, strict=True)}
        self._parts.append(pd.DataFrame({name: text.mask(text == "") for name, text in texts.items()}))
        self._rows = []


def read_csv(stream: TextIO, name: str) -> pd.DataFrame:
    """The rows of a CSV file, which is open with ``newline=""``.

    The separator is the one that gives the header the most cells; a first line
    ``sep=;``, as Excel writes it, says it. Blank lines are passed over. The
    files of the Free Music Archive have several header lines, which become one.

    Raises
    ------
    TableError
        If there is no header, or a cell is so long that its quotes must be wrong.
    """
    start = stream.read(1 << 16)
    stream.seek(0)
    separator, skipped = _separator(start)
    lines = chain(islice(stream, skipped, None), [_END])
    rows = _numbered(csv.reader(lines, delimiter=separator), skipped, name)
    columns, rest = _header(rows, name)
    table = RowList(columns=columns)
    last: tuple[int, list[str]] | None = None
    for line, row in rest:
        if last:
            table.add(*last)
        last = line, row
    if last and last[1] != [_END]:  # the mark of the end was swallowed by an open quote
        table.add(*last, reason="a quote opens in this row and is never closed; the lines after it cannot be read")
    return table.frame()


def _separator(start: str) -> tuple[str, int]:
    """The separator, and how many lines to skip before the header."""
    lines = start.splitlines(keepends=True)
    first = lines[0].strip().strip('"').lower() if lines else ""
    if first.startswith("sep=") and len(first) == 5:
        return lines[0].strip().strip('"')[4], 1
    if first == "sep=":
        return "\t", 1

    def fitness(separator: str) -> tuple[int, int]:
        rows = [row for row in islice(csv.reader(lines, delimiter=separator), 50) if any(row)]
        return (len(rows[0]), sum(len(row) == len(rows[0]) for row in rows)) if rows else (0, 0)

    return max(_SEPARATORS, key=fitness), 0


def _numbered(reader: Any, skipped: int, name: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, with the line in which each begins."""
    ended = 0
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise TableError(
                f"{name} cannot be read as a table: the row that begins in line {skipped + ended + 1} "
                f"has a cell without an end ({error})."
            ) from error
        if row is None:
            return
        if any(row):
            yield skipped + ended + 1, row
        ended = reader.line_num


def _header(rows: Iterator[tuple[int, list[str]]], name: str) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """Column names, each only once, and the rows below them."""
    top = list(islice(rows, 4))
    headers = [[cell.strip("\ufeff \t\r\n") for cell in row] for _, row in top]
    if headers[0] == [_END]:
        raise TableError(f"{name} is empty.")
    levels, columns = 1, headers[0]
    for depth, row in enumerate(headers[1:], start=1):
        # The Free Music Archive's last header line names the index and nothing else.
        if not headers[0][0] and row[0] == "track_id" and not any(row[1:]):
            telling = [level[1:] for level in headers[:depth] if len(set(level[1:])) > 1]
            levels, columns = depth + 1, ["track_id", *map(".".join, zip(*telling, strict=False))]
    return column_names(columns), chain(top[levels:], rows)


def column_names(headers: Iterable[str]) -> list[str]:
    """Headers as names of columns: each only once (``.1``, ``.2``, … are added), and none of the reader's own."""
    unique: dict[str, None] = {}
    for header in headers:
        name = header.lstrip("_") if header.startswith((LINE, BROKEN)) else header
        copies = chain([name], (f"{name}.{number}" for number in count(1)))
        unique[next(copy for copy in copies if copy not in unique)] = None
    return list(unique)
