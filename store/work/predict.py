"""The job that predicts for many audio files with the pretrained model: one row a file, errors as rows.

Rows are kept in a file beside the table as they come. Asked again, the job
leaves aside each file that has a row already and has not changed since.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from songfeat.errors import AudioError, DataError, MissingFile
from songfeat.files import printable
from songfeat.locations import resolved
from songfeat.pretrained import shipped
from songfeat.pretrained.song import SongAnswer, predict
from store.export import check_writable_table, write_table
from store.progress import Progress
from store.sources.folder import found_files
from store.work.cluster import check_seen_by_workers, cluster
from store.work.pool import map_unordered, threads
from store.workspace import Workspace

Row = dict[str, Any]

State = dict[str, Any]
"""What changes when a file does: `bytes` and `modified`; both None where that is not known."""

_UNKNOWN: State = {"bytes": None, "modified": None}


def run(_workspace: Workspace, params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Predict; `params`: `files` (files and folders, or URLs), perhaps `out` (a table), `dask` and `jobs` (threads)."""
    out = Path(params["out"]) if params.get("out") else None
    if out is not None:
        check_writable_table(out)
    model = shipped().name
    files = _expanded(params["files"])
    known = {} if out is None else _known(out)
    rows = {path: row for path, state in files.items() if (row := known.get(path)) and _still_true(row, state, model)}
    kept, note = len(rows), "predicting"
    progress.update(kept, len(files), note)
    todo = {path: state for path, state in files.items() if path not in rows}
    part = None if out is None else _part(out).open("a", encoding="utf-8")
    try:
        for path, answered in predicted(todo, params, progress):
            rows[path] = row = {**answered, **todo[path]}
            if part is not None:
                part.write(json.dumps(row, ensure_ascii=False) + "\n")
                part.flush()
            progress.update(len(rows), len(files), note)
    finally:
        if part is not None:
            part.close()
    ordered = [rows[path] for path in files]
    failed = [row for row in ordered if row["error"]]
    if len(ordered) == len(failed) == 1:
        raise AudioError(failed[0]["error"])
    result: dict[str, Any] = {"run": model, "files": len(files), "kept": kept, "failed": len(failed)}
    result["predictions"] = [as_prediction(row) for row in ordered]
    if out is None:
        return result
    write_table(pd.DataFrame([_flat(row) for row in ordered]), out)
    _part(out).unlink()
    return {**result, "rows": len(ordered), "file": str(out)}


def one_row(path: str) -> Row:
    """The row of a file: what the model says, or why it says nothing."""
    row: Row = {"file": printable(path), "run": shipped().name, "error": None, "missing": False, "answer": None}
    try:
        answer: SongAnswer = predict(path)
    except AudioError as error:
        return {**row, "error": str(error), "missing": isinstance(error, MissingFile)}
    return {**row, "answer": answer.as_dict()}


def as_prediction(row: Row) -> dict[str, Any]:
    """A row as the command line shows it."""
    if row["error"]:
        return {"file": row["file"], "run": row["run"], "values": {}, "error": row["error"]}
    return {"file": row["file"], "run": row["run"], **row["answer"]}


def predicted(paths: Iterable[str], params: dict[str, Any], progress: Progress) -> Iterator[tuple[str, Row]]:
    """Each file with its row, as they come, by the cluster `dask` or by as many threads as `jobs` says."""
    # Threads serve, as decoding and transforms let other threads work.
    workers = cluster(params["dask"]) if params.get("dask") else threads(params.get("jobs"))
    for path, row in map_unordered(one_row, paths, workers=workers, check=progress.check, lost=_lost):
        if params.get("dask") and row["missing"]:
            check_seen_by_workers([path])
        yield path, row


def _lost(path: str, why: str) -> Row:
    name = printable(path)
    error = f"{name} cannot be heard: {why}."
    return {"file": name, "run": shipped().name, "error": error, "missing": False, "answer": None}


def _expanded(given: list[str]) -> dict[str, State]:
    """Files as they were given, and those in folders and below URLs, each once, with their state."""
    found: dict[str, State] = {}
    for name in given:
        place = resolved(name)
        if isinstance(place, Path) and not place.is_dir():
            found[str(place)] = _state(place)
            continue
        listed = found_files(name)
        found |= {one.path: {"bytes": one.bytes, "modified": one.modified_ns} for one in listed}
    if not found:
        raise DataError(f"There is no audio file in {', '.join(given)}.")
    return found


def _state(path: Path) -> State:
    try:
        found = path.stat()
    except OSError:
        return _UNKNOWN
    return {"bytes": found.st_size, "modified": found.st_mtime_ns}


def _still_true(row: Row, state: State, model: str) -> bool:
    return bool(row["run"] == model and {key: row[key] for key in state} == state)


def _part(out: Path) -> Path:
    """Where rows are kept until all are there."""
    return out.with_name(f"{out.name}.part")


def _known(out: Path) -> dict[str, Row]:
    """The rows of an earlier run, by file, that was stopped; the last line may be half written."""
    part = _part(out)
    if not part.exists():
        return {}
    lines = part.read_text(encoding="utf-8").split("\n")[:-1]
    part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return {row["file"]: row for row in map(json.loads, lines)}


def _flat(row: Row) -> dict[str, Any]:
    """A row of the table."""
    answer = row["answer"] or {}
    values, intervals, spread = (answer.get(name, {}) for name in ("values", "intervals", "spread"))
    flat: dict[str, Any] = {"file": row["file"], "seconds_of_audio": answer.get("seconds_of_audio")}
    for name in shipped().targets:
        low, high = intervals.get(name, (None, None))
        flat[f"predicted_{name}"] = values.get(name)
        flat.update({f"low_{name}": low, f"high_{name}": high, f"spread_{name}": spread.get(name)})
    about = {key: answer.get(key) for key in ("windows", "silent_windows", "unusual")}
    return {**flat, **about, "model": row["run"], "error": row["error"]}
