"""Tables out of the catalogue, for other programs."""

from pathlib import Path

import pandas as pd

from songfeat.errors import TableError
from songfeat.files import whole_file
from store.catalogue import Catalogue

_QUERIES = {
    "tracks": "SELECT * EXCLUDE (number) FROM tracks ORDER BY track_id",
    "reference": "SELECT t.title, t.artist, r.* FROM reference r JOIN tracks t USING (track_id)"
    " ORDER BY track_id, source",
    "predictions": "SELECT t.title, t.artist, p.* FROM predictions p JOIN tracks t USING (track_id)"
    " ORDER BY run_id, track_id, feature",
    "provenance": "SELECT t.title, t.artist, p.* FROM provenance p JOIN tracks t USING (track_id)"
    " ORDER BY track_id, asked_at, source, gave",
    "scores": "SELECT r.model, s.* FROM scores s JOIN runs r USING (run_id) ORDER BY ALL",
}
WHAT = tuple(_QUERIES)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def export(catalogue: Catalogue, what: str, path: Path) -> int:
    """Write one of :data:`WHAT` as CSV or Parquet, by the file's suffix; gives the number of rows.

    Raises
    ------
    TableError
        If the suffix is neither ``.csv`` nor ``.parquet``, or the folder does not exist.
    """
    check_writable_table(path)
    with catalogue.lease() as db:
        table = db.execute(_QUERIES[what]).df()
    write_table(table, path)
    return len(table)


def check_writable_table(path: Path) -> None:
    """Say so before the work is done if a table cannot be written to `path`."""
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise TableError(f"{path.name} ends in {path.suffix!r}; a table is written as .csv or .parquet.")
    if not path.resolve().parent.is_dir():
        raise TableError(f"There is no folder {path.resolve().parent} to write {path.name} into.")


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as its suffix says, whole or not at all."""
    try:
        with whole_file(path.resolve()) as temporary:
            if path.suffix.lower() == ".csv":
                without_formulas(table).to_csv(temporary, index=False)
            else:
                table.to_parquet(temporary, index=False)
    except OSError as error:
        raise TableError(f"{path} cannot be written: {error.strerror or error}.") from error


def without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """The same texts, with an apostrophe before those that a spreadsheet would compute, as OWASP advises.

    A title comes from anybody's file: ``=HYPERLINK(…)`` must stay a title in the program that opens the export.
    """
    texts = table.select_dtypes(["object", "string"])
    return table.assign(**{str(name): texts[name].map(_no_formula) for name in texts})


def _no_formula(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value
