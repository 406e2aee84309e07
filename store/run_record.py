"""What the catalogue knows of a finished run, kept in the run's own folder as well, with digests of all its files.

From this the catalogue can be rebuilt, and a file that changed since is found.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from songfeat.errors import CheckpointError
from songfeat.files import sha256_of, whole_file
from store.runs import FinishedRun
from store.workspace import read_json, write_json

RECORD_FILE = "record.json"
SCORES_FILE = "scores.parquet"
PREDICTIONS_FILE = "predictions.parquet"
_OF_THE_MOMENT = {"status.json", "state.safetensors", RECORD_FILE}
"""Files that tell how a training stands; they change, or go, when it is done."""


def keep(folder: Path, finished: FinishedRun) -> None:
    """Write a finished run into its folder, all of whose other files are there already."""
    for name, table in ((SCORES_FILE, finished.scores), (PREDICTIONS_FILE, finished.predictions)):
        with whole_file(folder / name) as temporary:
            table.to_parquet(temporary, index=False)
    write_json(folder / RECORD_FILE, {"run": finished.run, "sha256": _digests(folder)})


def load(folder: Path) -> FinishedRun:
    """What :func:`keep` wrote.

    Raises
    ------
    CheckpointError
        If a file is missing or is not what it was.
    """
    if damaged := damaged_files(folder):
        raise CheckpointError(f"{folder / damaged[0]} is missing or damaged: it does not have the SHA-256 it had.")
    return FinishedRun(
        run=_record(folder)["run"],
        scores=pd.read_parquet(folder / SCORES_FILE),
        predictions=pd.read_parquet(folder / PREDICTIONS_FILE),
    )


def is_kept(folder: Path) -> bool:
    """Whether a folder holds a record; the runs of Songfeat 0.1 do not, nor do unfinished ones."""
    return (folder / RECORD_FILE).exists()


def damaged_files(folder: Path) -> list[str]:
    """The files of a kept run that are missing or not what they were, by their names in the folder."""
    try:
        known = _record(folder)["sha256"]
    except CheckpointError:
        return [RECORD_FILE]
    return [name for name, digest in known.items() if not _is(folder / name, digest)]


def _is(path: Path, digest: str) -> bool:
    return path.is_file() and sha256_of(path) == digest


def _record(folder: Path) -> dict[str, Any]:
    path = folder / RECORD_FILE
    try:
        record = read_json(path)
        return {"run": dict(record["run"]), "sha256": dict(record["sha256"])}
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged: {error}.") from error


def _digests(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {path: path.relative_to(folder) for path in paths}
    return {
        name.as_posix(): sha256_of(path)
        for path, name in names.items()
        if path.name not in _OF_THE_MOMENT and not any(part.startswith(".") for part in name.parts)
    }
