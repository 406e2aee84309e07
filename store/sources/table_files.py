"""Table files as frames of text: CSV and its kin, JSON lines, Parquet; and several files as one."""

import codecs
import gzip
import io
import zlib
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from songfeat.errors import TableError
from songfeat.text import spotify_id
from store.sources.table_cells import as_text, map_cells
from store.sources.table_csv import BROKEN, LINE, read_csv
from store.sources.table_formats import read_json, read_parquet
from store.sources.table_layout import id_columns

_BLOCK_BYTES = 1 << 20
# A gzip file of nothing but repetition, a thousand times its size unpacked, would fill the memory.
_UNPACKED_BYTES, _UNPACKED_TIMES = 1 << 30, 200
_CONTROL_BYTES = bytes(set(range(32)) - set(b"\t\n\v\f\r"))


def read_table(path: Path) -> pd.DataFrame:
    """Read a table, whatever kind its content shows it to be.

    CSV with any usual separator and encoding, JSON (an object a line, or one
    list of objects), each also as gzip, and Parquet.

    Returns
    -------
    pandas.DataFrame
        Columns as written, as text (``str``, missing where empty); Parquet's
        numbers stay numbers, its lists of texts are joined by ``;``, and its
        binary and nested columns are left out. :data:`LINE` holds the line in
        which a row begins (JSON lists, Parquet: the row); :data:`BROKEN`, where
        present, says why a row as a whole cannot be used.

    Raises
    ------
    TableError
        If the file is missing, damaged, empty or no table.
    """
    # A pipe or a device would be waited for without end.
    if path.exists() and not path.is_file():
        raise TableError(f"{path} is no file; expected a table (CSV, TSV, JSON or Parquet, also as gzip).")
    try:
        with path.open("rb") as file:
            magic = file.read(4)
            file.seek(0)
            if magic == b"PAR1":
                frame = read_parquet(path)
            elif magic == b"PK\x03\x04":
                raise TableError(f"{path} is a zip archive or a workbook: unpack it, or save its sheet as CSV.")
            elif magic.startswith(b"\x1f\x8b"):
                frame = _read_text(io.BufferedReader(gzip.GzipFile(fileobj=file)), path)
            else:
                frame = _read_text(file, path)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise TableError(f"{path} is a damaged gzip file: {error}.") from error
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror or error}.") from error
    if frame.empty:
        raise TableError(f"{path} has no rows below its header.")
    return frame


def _read_text(file: BinaryIO, path: Path) -> pd.DataFrame:
    encoding = _encoding(file, path)
    file.seek(0)
    with io.TextIOWrapper(file, encoding=encoding, newline="") as stream:
        start = stream.read(1 << 12).lstrip("\ufeff \t\r\n")
        stream.seek(0)
        return read_json(stream.read(), path) if start.startswith(("{", "[")) else read_csv(stream, str(path))


def _encoding(file: BinaryIO, path: Path) -> str:
    """UTF-16 where a mark says so, else UTF-8, else Western European as Windows writes it."""
    start = file.read(1 << 16)
    utf_16 = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not utf_16 and len(start) - len(start.translate(None, _CONTROL_BYTES)) > len(start) / 100:
        raise TableError(f"{path} is no table: it is neither text (CSV, TSV, JSON) nor Parquet.")
    for encoding in ("utf-16",) if utf_16 else ("utf-8-sig", "cp1252"):
        try:
            _decode(file, path, encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    if utf_16:
        raise TableError(f"{path} begins like UTF-16 text but is damaged: not all of it can be decoded.")
    return "latin-1"


def _decode(file: BinaryIO, path: Path, encoding: str) -> None:
    """Decode a file to its end; raises UnicodeDecodeError where it is of another encoding."""
    decoder, size = codecs.getincrementaldecoder(encoding)(), 0
    most = max(_UNPACKED_BYTES, _UNPACKED_TIMES * path.stat().st_size)
    file.seek(0)
    while block := file.read(_BLOCK_BYTES):
        decoder.decode(block)
        size += len(block)
        if size > most:
            raise TableError(
                f"{path} unpacks to more than {_UNPACKED_TIMES} times its size, as no table of songs does; unpack it"
                " first if it is one."
            )
    decoder.decode(b"", final=True)


def join_tables(frames: dict[Path, pd.DataFrame], overrides: dict[str, str]) -> pd.DataFrame:
    """Bring several tables together: on their id, or one below the other where their columns are the same.

    Parameters
    ----------
    frames : dict of Path to pandas.DataFrame
        Tables by file. The first one's values win; later ones fill its gaps and
        add their other columns, and their rows whose id is new.
    overrides : dict of str to str
        Field to column; the column for ``track_id`` is the id where a table has it.

    Returns
    -------
    pandas.DataFrame
        For each file a column :data:`LINE` with the file behind it, in front of
        the columns that this file brought. (A gap that a later file filled
        counts as the first file's.)

    Raises
    ------
    TableError
        If two tables have no id in common.
    """
    (first, joined), *others = frames.items()
    if not others:
        return joined
    joined = _marked(first, joined)
    for path, frame in others:
        other = _marked(path, frame)
        if set(_own(frame)) == set(_own(frames[first])):
            joined = pd.concat([joined, other], ignore_index=True)
            joined = joined[sorted(joined, key=lambda name: not _is_line(name))]
        else:
            joined = _joined(joined, other, overrides, f"{first} and {path}")
    return joined


def _own(frame: pd.DataFrame) -> list[str]:
    """The columns that the file itself has."""
    return [name for name in map(str, frame) if not _is_line(name) and name != BROKEN]


def _is_line(column: object) -> bool:
    return str(column).startswith(LINE)


def _marked(path: Path, frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns={LINE: f"{LINE} {path}"})


def _joined(base: pd.DataFrame, other: pd.DataFrame, overrides: dict[str, str], names: str) -> pd.DataFrame:
    key, other_key = _shared_id(base, other, overrides, names)
    ids, other_ids = _ids(base, key), _ids(other, other_key)
    met = other_ids.isin(ids.dropna())
    beside = other[met].groupby(other_ids[met], sort=False).first().reindex(ids.to_numpy()).set_axis(base.index)
    complete, extra = base.copy(), other[~met].copy()
    for name, cells in beside.items():
        complete[name] = _filled(base[name], cells) if name in base else cells
    if key not in extra:
        extra[key] = extra[other_key]
    return pd.concat([complete, extra], ignore_index=True)


def _filled(cells: pd.Series, others: pd.Series) -> pd.Series:
    if cells.dtype != others.dtype:
        cells, others = as_text(cells), as_text(others)
    return cells.where(cells.notna(), others)


def _ids(frame: pd.DataFrame, column: str) -> pd.Series:
    """Ids in the form in which two tables are compared; missing where a row is broken."""
    texts = map_cells(as_text(frame[column]), lambda text: spotify_id(text) or text.strip() or None)
    ids = pd.Series(texts, index=frame.index, dtype="str")
    return ids.mask(frame[BROKEN].notna()) if BROKEN in frame else ids


def _shared_id(base: pd.DataFrame, other: pd.DataFrame, overrides: dict[str, str], names: str) -> tuple[str, str]:
    """The pair of columns, one of each table, that have the most ids in common, those of Spotify first."""
    said = overrides.get("track_id")
    sides = []
    for frame in (base, other):
        candidates = [said] if said is not None and said in frame else id_columns(frame.columns)
        sides.append({column: set(_ids(frame, column).dropna()) for column in candidates})
    shared = {(left, right): ids & found for left, ids in sides[0].items() for right, found in sides[1].items()}
    if not any(shared.values()):
        raise TableError(
            f"{names} have no song's id in common, so they cannot be joined. "
            "Import them one by one, or name the column of ids with --map track_id=COLUMN."
        )
    return max(shared, key=lambda pair: (sum(map(bool, map(spotify_id, shared[pair]))), len(shared[pair])))
