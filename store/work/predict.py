"""The job that predicts for many audio files with the pretrained model: one row a file, errors as rows.

Rows are kept in a file beside the table as they come. Asked again, the job
leaves aside each file that has a row already and has not changed since.
"""

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from songfeat.errors import AudioError, DataError
from songfeat.files import printable
from songfeat.pretrained import shipped
from songfeat.pretrained.song import SongAnswer, predict
from store.export import check_writable_table, write_table
from store.progress import Progress
from store.sources.folder import audio_files
from store.workspace import Workspace

Row = dict[str, Any]


def run(_workspace: Workspace, params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Predict; `params` holds `files` (files and folders), perhaps `out` (a table to write) and `jobs` (threads)."""
    out = Path(params["out"]) if params.get("out") else None
    if out is not None:
        check_writable_table(out)
    model = shipped().name
    files = _expanded([Path(name) for name in params["files"]])
    known = {} if out is None else _known(out)
    rows = {path: row for path in files if (row := known.get(path)) and _still_true(row, path, model)}
    kept, note = len(rows), "predicting"
    progress.update(kept, len(files), note)
    todo = [path for path in files if path not in rows]
    part = None if out is None else _part(out).open("a", encoding="utf-8")
    try:
        for path, row in predicted(todo, params.get("jobs")):
            rows[path] = row
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
    row: Row = {"file": printable(path), **_state(path), "run": shipped().name, "error": None, "answer": None}
    try:
        answer: SongAnswer = predict(path)
    except AudioError as error:
        return {**row, "error": str(error)}
    return {**row, "answer": answer.as_dict()}


def as_prediction(row: Row) -> dict[str, Any]:
    """A row as the command line shows it."""
    if row["error"]:
        return {"file": row["file"], "run": row["run"], "values": {}, "error": row["error"]}
    return {"file": row["file"], "run": row["run"], **row["answer"]}


def predicted(paths: Sequence[str], threads: int | None) -> Iterator[tuple[str, Row]]:
    """Each file with its row, as they come; decoding and transforms let other threads work."""
    with threadpool_limits(1), ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        under_way = {pool.submit(one_row, path): path for path in paths}
        try:
            for future in as_completed(under_way):
                yield under_way.pop(future), future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _expanded(given: list[Path]) -> list[str]:
    """Files as they were given, and those in folders; each once."""
    found: list[str] = []
    for path in given:
        found += [str(file) for file in audio_files(path)] if path.is_dir() else [str(path)]
    if not found:
        raise DataError(f"There is no audio file in {', '.join(map(str, given))}.")
    return list(dict.fromkeys(found))


def _state(path: str) -> dict[str, Any]:
    """What changes when a file does."""
    try:
        found = Path(path).stat()
    except OSError:
        return {"bytes": None, "modified": None}
    return {"bytes": found.st_size, "modified": found.st_mtime}


def _still_true(row: Row, path: str, model: str) -> bool:
    return row["run"] == model and {key: row[key] for key in ("bytes", "modified")} == _state(path)


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
