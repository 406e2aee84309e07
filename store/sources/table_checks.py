"""The cells of a table by field, and a list of those that cannot be used, with the place of each."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from store.sources import table_cells as cells
from store.sources.table_csv import LINE
from store.sources.table_layout import Mapping


class CheckedTable:
    """A table whose cells are read field by field.

    Attributes
    ----------
    frame : pandas.DataFrame
        The table, indexed from 0.
    kept : numpy.ndarray
        Which rows have not been left out as a whole.
    """

    def __init__(self, frame: pd.DataFrame, mapping: Mapping) -> None:
        self.frame = frame
        self.kept = np.ones(len(frame), dtype=bool)
        self._columns = mapping.columns
        self._rejects: list[pd.DataFrame] = []

    def numbers(self, field: str, quantity: cells.Quantity) -> pd.Series:
        """A field's numbers, NaN where there is none that can be."""
        column = self._columns.get(field)
        if column is None or not is_numeric_dtype(self.frame[column].dtype):
            return self._read(field, quantity.read, "float64")
        # Columns of numbers are checked as a whole, and cell by cell only where something is wrong with one.
        given = self.frame[column].to_numpy(dtype="float64", na_value=np.nan)
        sound = quantity.are_sound(given)
        self._read(field, quantity.read, "float64", where=~sound & ~np.isnan(given))
        return pd.Series(np.where(sound, given / quantity.per_unit, np.nan), index=self.frame.index)

    def texts(self, field: str, read: Callable[[str], cells.Read]) -> pd.Series:
        """A field's texts, missing where there is none."""
        return self._read(field, read, "str")

    def _read(
        self, field: str, read: Callable[[Any], cells.Read], dtype: str, *, where: np.ndarray | None = None
    ) -> pd.Series:
        column = self._columns.get(field)
        if column is None:
            return pd.Series(None, index=self.frame.index, dtype=dtype)
        given = self.frame[column] if where is None else self.frame[column].where(where)
        values, reasons = cells.read_cells(cells.as_text(given) if dtype == "str" else given, read, dtype)
        self._reject((reasons != None) & self.kept, column, reasons)  # noqa: E711 - elementwise
        return values

    def leave_out(self, rows: np.ndarray, reason: str | pd.Series) -> None:
        """Take rows out as a whole."""
        self._reject(rows & self.kept, None, np.full(len(rows), reason) if isinstance(reason, str) else reason)
        self.kept &= ~rows

    def _reject(self, rows: np.ndarray, column: str | None, reasons: Any) -> None:
        if not rows.any():
            return
        files, lines = self.places(column)
        found = {"file": files, "line": lines, "column": column, "reason": pd.Series(reasons, dtype="str")}
        found["value"] = None if column is None else cells.as_text(self.frame[column])
        self._rejects.append(pd.DataFrame(found, index=self.frame.index)[rows])

    def rejects(self) -> pd.DataFrame:
        """What was left out: `file`, `line`, `column`, `value`, `reason`, by row of the table."""
        types = {"file": "str", "line": "Int64", "column": "str", "value": "str", "reason": "str"}
        empty = pd.DataFrame(columns=list(types))
        found = pd.concat([empty, *self._rejects]).astype(types)
        return found.sort_index(kind="stable").reset_index(drop=True)

    def places(self, column: str | None = None) -> tuple[pd.Series, pd.Series]:
        """File and line of each row; of a joined table, in the file that brought `column` (else in the first)."""
        names = [str(name) for name in self.frame]
        marks = [name for name in names if name.startswith(LINE)]
        if column is not None:
            own = [mark for mark in marks if names.index(mark) < names.index(column)][-1:]
            marks = [*own, *(mark for mark in marks if mark not in own)]
        files = pd.Series("", index=self.frame.index, dtype="str")
        lines = pd.Series(pd.NA, index=self.frame.index, dtype="Int64")
        for mark in marks:
            here = lines.isna() & self.frame[mark].notna()
            files = files.mask(here, mark.removeprefix(LINE).strip())
            lines = lines.mask(here, self.frame[mark].astype("Int64"))
        return files, lines
