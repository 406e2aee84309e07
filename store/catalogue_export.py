"""The whole catalogue as Parquet files that any other tool can query: one a table, as it was at one moment.

An export never changes once it is there: it goes into a new folder, or below a
URL where nothing is. Its ``catalogue.json`` is written last, so that a folder
without it is an export that did not come to its end.
"""

import json
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from songfeat import __version__
from songfeat.errors import TableError
from songfeat.files import sha256_of
from songfeat.locations import filesystem, join, resolved, storage_in_words
from store.catalogue import Catalogue

Tell = Callable[[int, int, str], None]
"""Called with the tables done, all tables, and what is being done."""

FORMAT = 1
DESCRIPTION, README = "catalogue.json", "README.md"
# What only Songfeat can use: how the catalogue came to its form, and the index of names, which follows from them.
_INTERNAL = ("meta", "migrations", "words", "word_endings", "postings")


def export_catalogue(catalogue: Catalogue, target: str, tell: Tell) -> dict[str, Any]:
    """Write every table as ``TABLE.parquet``, with what describes them in ``catalogue.json`` and ``README.md``.

    The catalogue is copied in the time of one lease, and the copy is exported: all tables are of one moment, and
    nobody waits for more than the copy.

    Parameters
    ----------
    catalogue : Catalogue
    target : str
        A folder that does not exist or is empty, or a URL below which there is nothing.
    tell : callable

    Raises
    ------
    TableError
        If something is there already.
    StorageError
        If object storage cannot be reached.
    """
    place = resolved(target)
    _check_empty(place)
    # Beside the folder that it becomes, so that it can be renamed into place.
    beside = place.resolve().parent if isinstance(place, Path) else None
    with tempfile.TemporaryDirectory(dir=beside, prefix=".catalogue-") as name:
        written = Path(name) / "export"
        written.mkdir()
        copy = Path(name) / catalogue.path.name
        catalogue.version()  # makes an empty catalogue where there is none, and brings an old one up to date
        catalogue.copy_to(copy)
        description = _write_tables(copy, written, tell)
        (written / README).write_text(_readme(description), encoding="utf-8")
        (written / DESCRIPTION).write_text(json.dumps(description, indent=1), encoding="utf-8")
        if isinstance(place, Path):
            written.rename(place)
        else:
            _upload(written, place, tell)
    rows = {table["name"]: table["rows"] for table in description["tables"]}
    return {"rows": sum(rows.values()), "tables": rows, "file": str(place)}


def _check_empty(place: Path | str) -> None:
    if isinstance(place, Path):
        if not place.resolve().parent.is_dir():
            raise TableError(f"There is no folder {place.resolve().parent} to write {place.name} into.")
        taken = place.exists() and (not place.is_dir() or any(place.iterdir()))
    else:
        with storage_in_words(place):
            taken = bool(filesystem(place).find(place, maxdepth=2))
    if taken:
        raise TableError(f"{place} holds something already; an export goes into a new place, and never changes there.")


def _write_tables(copy: Path, folder: Path, tell: Tell) -> dict[str, Any]:
    """Write the tables of a catalogue that nobody else has; gives their description."""
    tables = []
    with duckdb.connect(str(copy)) as db:
        ((version,),) = db.execute("SELECT version FROM meta").fetchall()
        found = db.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary ORDER BY table_name").fetchall()
        names = [name for (name,) in found if name not in _INTERNAL]
        for done, name in enumerate(names):
            tell(done, len(names), "writing tables")
            path = folder / f"{name}.parquet"
            # Names in SQL are the catalogue's own; the path is one of ours, but may hold a quote.
            quoted = str(path).replace("'", "''")
            db.execute(f"COPY \"{name}\" TO '{quoted}' (FORMAT parquet, COMPRESSION zstd)")
            columns = db.execute(
                "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index", [name]
            ).fetchall()
            ((rows,),) = db.execute(f'SELECT count(*) FROM "{name}"').fetchall()
            tables.append(
                {
                    "name": name,
                    "file": path.name,
                    "rows": int(rows),
                    "bytes": path.stat().st_size,
                    "sha256": sha256_of(path),
                    "columns": [{"name": column, "type": kind} for column, kind in columns],
                }
            )
        tell(len(names), len(names), "writing tables")
    written_at = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        "format": FORMAT, "songfeat": __version__, "catalogue_version": int(version), "written_at": written_at,
        "tables": tables,
    }  # fmt: skip


def _upload(folder: Path, url: str, tell: Tell) -> None:
    """Put the files below a URL, what describes them last."""
    files = sorted((path for path in folder.iterdir()), key=lambda path: (path.name == DESCRIPTION, path.name))
    with storage_in_words(url):
        storage = filesystem(url)
        for done, path in enumerate(files):
            tell(done, len(files), "uploading")
            storage.put_file(str(path), join(url, path.name))
    tell(len(files), len(files), "uploading")


def _readme(description: dict[str, Any]) -> str:
    """What the tables are, for whoever finds the folder."""
    lines = [
        "# A catalogue of Songfeat",
        "",
        f"Written {description['written_at']} by Songfeat {description['songfeat']}: every table as it was at that"
        " moment. Nothing here is changed any more; a later export is another folder. `catalogue.json` says the same"
        " for programs, with the SHA-256 of each file, and was written last.",
        "",
        "Tables are joined by `track_id`, `run_id` and (clips to arrays) `sha256`. `reference` has one row a track and"
        " source: whose value it is belongs to the value.",
        "",
        "```sql",
        "SELECT t.title, r.source, r.* FROM 'tracks.parquet' t JOIN 'reference.parquet' r USING (track_id);",
        "```",
    ]
    for table in description["tables"]:
        columns = ", ".join(f"`{column['name']}` {column['type']}" for column in table["columns"])
        lines += ["", f"## {table['file']}", "", f"{table['rows']:,} rows. {columns}."]
    return "\n".join(lines) + "\n"
