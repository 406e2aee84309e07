"""JSON and Parquet as frames of the same form as those of CSV files."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from songfeat.errors import TableError
from store.sources.table_csv import LINE, RowList, column_names

_ROWS = 10_000_000
"""So many rows, and more, are only believed of a file that has a byte for each: repeated values cost nothing."""


def read_json(text: str, path: Path) -> pd.DataFrame:
    """Rows of JSON text: an object a line, or one list of objects; values as text.

    Raises
    ------
    TableError
        If there is no JSON object in it.
    """
    stripped = text.strip("\ufeff \t\r\n")
    objects: list[tuple[int, Any]] = []
    if stripped.startswith("["):
        values = _parsed(stripped)
        if not isinstance(values, list):
            raise TableError(f"{path} begins like a JSON list but is none.")
        objects = list(enumerate(values, start=1))
    else:
        lines = enumerate(text.strip("\ufeff").split("\n"), start=1)
        objects = [(number, _parsed(line)) for number, line in lines if line.strip()]
    columns = list(dict.fromkeys(key for _, value in objects if isinstance(value, dict) for key in value))
    if not columns:
        raise TableError(f"{path} looks like JSON, but no line of it is a JSON object.")
    rows = RowList(columns=column_names(columns))
    for number, value in objects:
        if isinstance(value, dict):
            rows.add(number, [_json_text(value.get(column)) for column in columns])
        else:
            rows.add(number, [], reason="the row is not a JSON object")
    return rows.frame()


def _parsed(text: str) -> Any:
    """The JSON value, or None where the text is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _json_text(value: Any) -> str:
    """A value as a cell: objects by their name, several values with ``;`` between."""
    if isinstance(value, dict):
        return _json_text(value["name"]) if "name" in value else json.dumps(value)
    if isinstance(value, list):
        return ";".join(map(_json_text, value))
    return "" if value is None or value != value else str(value)


def read_parquet(path: Path) -> pd.DataFrame:
    """Rows of a Parquet file: numbers as they are, the rest as text, without binary and nested columns.

    Raises
    ------
    TableError
        If the file is damaged.
    """
    try:
        with pq.ParquetFile(path) as file:
            if file.metadata.num_rows > max(_ROWS, path.stat().st_size):
                raise TableError(
                    f"{path} announces {file.metadata.num_rows:,} rows, more than it has bytes; no table of songs does."
                )
            kinds = {column.name: column.type for column in file.schema_arrow}
            table = file.read(columns=[name for name, kind in kinds.items() if _is_plain(kind)])
            table.validate(full=True)  # or text that is no UTF-8 would show only where it is looked at
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        # Arrow calls damage, too, an error of input and output; only the system's own carry a number.
        if isinstance(error, OSError) and error.errno:
            raise
        raise TableError(f"{path} is a damaged Parquet file: {' '.join(str(error).split())}") from error
    columns = dict(zip(column_names(table.column_names), map(_column, table.columns), strict=True))
    return pd.DataFrame({LINE: range(1, table.num_rows + 1), **columns})


def _is_plain(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.types.is_string(kind.value_type) or pa.types.is_large_string(kind.value_type)
    if pa.types.is_dictionary(kind):
        return _is_plain(kind.value_type)
    return not (pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _column(cells: pa.ChunkedArray) -> pd.Series:
    kind = cells.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return cells.to_pandas()
    if pa.types.is_decimal(kind):
        return cells.cast(pa.float64()).to_pandas()
    texts = pc.binary_join(cells, ";") if pa.types.is_list(kind) or pa.types.is_large_list(kind) else cells
    texts = texts.cast(pa.large_string()).to_pandas().astype("str")
    return texts.mask(texts == "")
