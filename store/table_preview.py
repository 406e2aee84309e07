"""What a table would be taken for, before anything is imported."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from store.sources.table_files import join_tables, read_table
from store.sources.table_layout import Mapping, guess_mapping, is_index

SAMPLE_ROWS = 500


@dataclass(frozen=True, kw_only=True, eq=False)
class TableHead:
    """The first rows of one table, or of several joined on their id, and how many rows there are."""

    sample: pd.DataFrame
    rows: int

    @property
    def columns(self) -> list[str]:
        """The columns that a field can be mapped to."""
        return [column for column in map(str, self.sample.columns) if not is_index(column)]


def read_head(files: list[Path]) -> TableHead:
    """Read tables as an import would.

    Raises
    ------
    TableError
        If one cannot be read, or several have no id in common.
    """
    frames = {path: read_table(path) for path in files}
    frame = join_tables(frames, {})
    return TableHead(sample=frame.head(SAMPLE_ROWS), rows=len(frame))


def preview(head: TableHead, overrides: dict[str, str]) -> tuple[Mapping, pd.DataFrame]:
    """Which column holds what, and for each field an example from the table.

    Returns
    -------
    mapping : Mapping
    fields : pandas.DataFrame
        Columns field, column, example.

    Raises
    ------
    TableError
        If the columns cannot be those of a table of songs.
    """
    mapping = guess_mapping(list(head.sample.columns), head.sample, overrides)
    examples = [_example(head.sample[column]) for column in mapping.columns.values()]
    fields = pd.DataFrame(
        {"field": list(mapping.columns), "column": list(mapping.columns.values()), "example": examples}
    )
    return mapping, fields


def _example(cells: pd.Series) -> str:
    known = cells.dropna()
    return str(known.iloc[0]) if len(known) else ""
