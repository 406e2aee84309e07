"""What a person does with finished runs: write a note on one, look at what differs between two, delete one."""

import json
import shutil
from typing import Any

import pandas as pd

from store import runs
from store.catalogue import Catalogue


def notes(catalogue: Catalogue) -> dict[str, str]:
    """The notes on runs, by run id; runs without one are not in it."""
    with catalogue.lease() as db:
        return dict(db.execute("SELECT run_id, note FROM run_notes").fetchall())


def write_note(catalogue: Catalogue, run_id: str, note: str) -> None:
    """Replace the note on a run; an empty one takes it away.

    Raises
    ------
    UnknownName
        If there is no such run.
    """
    with catalogue.lease(write=True) as db:
        runs.read(db, run_id)
        db.execute("DELETE FROM run_notes WHERE run_id = ?", [run_id])
        if note.strip():
            db.execute("INSERT INTO run_notes VALUES (?, ?, now())", [run_id, note.strip()])


def differences(catalogue: Catalogue, first: str, second: str) -> pd.DataFrame:
    """What two runs were asked for differently. Columns setting, first, second, as text; ``""`` where one has no such.

    Raises
    ------
    UnknownName
        If there is no such run.
    """
    described = [_described(runs.get(catalogue, run_id)) for run_id in (first, second)]
    names = list(dict.fromkeys(name for one in described for name in one))
    table = pd.DataFrame([[name, *(one.get(name, "") for one in described)] for name in names])
    table.columns = ["setting", "first", "second"]
    return table[table["first"] != table["second"]].reset_index(drop=True)


def _described(run: "pd.Series[Any]") -> dict[str, str]:
    asked = ("model", "targets", "source", "split", "seed", "folds", "spec", "data_digest")
    plain = {name: run[name] for name in asked}
    plain["targets"] = ", ".join(plain["targets"])
    config = json.loads(str(run["config"]))
    return {name: "" if _is_nothing(value) else str(value) for name, value in {**plain, **config}.items()}


def _is_nothing(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and pd.isna(value))


def delete(catalogue: Catalogue, run_id: str) -> None:
    """Delete a run with its scores, predictions and files; what stands on it keeps the numbers that it took over.

    Raises
    ------
    UnknownName
        If there is no such run.
    WorkspaceError
        If its id leads out of the folder of runs, or the workspace is read-only.
    """
    folder = catalogue.workspace.child(catalogue.workspace.runs, run_id, "run")
    with catalogue.lease(write=True) as db:
        runs.read(db, run_id)
        for table in ("runs", "scores", "predictions", "run_notes", "run_exclusions"):
            db.execute(f"DELETE FROM {table} WHERE run_id = ?", [run_id])
    # Last: a folder without a run is in nobody's way, a run without its folder would be.
    shutil.rmtree(folder, ignore_errors=True)
