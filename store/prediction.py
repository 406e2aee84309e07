"""Predictions for files that need not be in the library: sound, or tables of numeric inputs."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from songfeat.audio import AUDIO_SUFFIXES, read_info
from songfeat.errors import AudioError, DataError, TableError
from songfeat.labels import NUMERIC_INPUTS
from songfeat.registry import NUMERIC, SOUND
from store import run_intervals, runs
from store.answers import plain
from store.catalogue import Catalogue
from store.export import check_writable_table, write_table
from store.run_intervals import RunIntervals
from store.sources.table_csv import BROKEN, LINE
from store.sources.table_files import read_table
from store.sources.table_layout import guess_mapping
from store.sources.table_rows import inputs

if TYPE_CHECKING:
    from songfeat.predictor import Predictor


@dataclass(frozen=True, kw_only=True)
class FileAnswer:
    """What a run predicts for one audio file.

    Attributes
    ----------
    values : dict
        By target, the model's own; nothing is clipped.
    intervals : dict
        (low, high) by target, of the targets that have one; see :func:`store.run_intervals.of_run`.
    seconds_of_audio : float
        Of the whole file.
    """

    values: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    seconds_of_audio: float


def answer_file(catalogue: Catalogue, path: Path, run_id: str) -> FileAnswer:
    """What a run predicts for one audio file, and how sure it is.

    Raises
    ------
    UnknownName, CheckpointError
        As :func:`open_run`.
    AudioError
        If the file has no sound that can be used.
    DataError
        If the run's model sees something else than sound alone.
    """
    return _answer(open_run(catalogue, run_id), run_intervals.of_run(catalogue, run_id), path)


def open_run(catalogue: Catalogue, run_id: str) -> "Predictor":
    """The predictor of a finished run.

    Raises
    ------
    UnknownName
        If there is no such run.
    CheckpointError
        If its files are damaged.
    """
    from songfeat.predictor import Predictor

    runs.get(catalogue, run_id)
    return Predictor.load(catalogue.workspace.runs / run_id)


def predict_files(catalogue: Catalogue, files: list[Path], *, run_id: str | None, out: Path | None) -> dict[str, Any]:
    """Predict for audio files, or for the rows of one table.

    Returns
    -------
    dict
        `run`, and `predictions` (file, values, intervals as far as there are
        any, run, seconds_of_audio or the error, per audio file); for a table, or with `out`, `rows` and `file`.

    Raises
    ------
    DataError
        If no finished run fits the files.
    AudioError
        If the only file cannot be used; of several, each has its own error.
    """
    if out is not None:
        check_writable_table(out)
    tables = [path for path in files if path.suffix.lower() not in AUDIO_SUFFIXES]
    if tables and len(files) > 1:
        raise TableError(f"{tables[0].name} is no audio file; a table is predicted for on its own, one at a time.")
    run_id = run_id or _newest(catalogue, *((NUMERIC,) if tables else SOUND))
    predictor = open_run(catalogue, run_id)
    if tables:
        return _predict_table(predictor, tables[0], run_id, out)
    intervals = run_intervals.of_run(catalogue, run_id)
    predictions = [_predict_audio(predictor, intervals, path, run_id) for path in files]
    if len(files) == 1 and "error" in predictions[0]:
        raise AudioError(predictions[0]["error"])
    if out is None:
        return {"run": run_id, "predictions": predictions}
    rows = [
        {**{key: one.get(key) for key in ("file", "seconds_of_audio", "error")}, **_prefixed(one)}
        for one in predictions
    ]
    write_table(pd.DataFrame(rows), out)
    return {"run": run_id, "predictions": predictions, "rows": len(rows), "file": str(out)}


def _newest(catalogue: Catalogue, *kinds: str) -> str:
    run_id = runs.newest_with(catalogue, *kinds)
    if run_id is None:
        model, what = ("numeric_mlp", "numbers") if kinds == (NUMERIC,) else ("lstm_multitask", "sound")
        raise DataError(
            f"There is no finished run of a model that sees {what} alone. Train one: songfeat train {model}"
        )
    return run_id


def _answer(predictor: "Predictor", intervals: RunIntervals, path: Path) -> FileAnswer:
    values = predictor.predict_file(path)
    return FileAnswer(values=values, intervals=intervals.around(values), seconds_of_audio=read_info(path).seconds)


def _predict_audio(predictor: "Predictor", intervals: RunIntervals, path: Path, run_id: str) -> dict[str, Any]:
    try:
        answer = _answer(predictor, intervals, path)
    except AudioError as error:
        return {"file": str(path), "run": run_id, "values": {}, "intervals": {}, "error": str(error)}
    return {
        "file": str(path),
        "run": run_id,
        "values": answer.values,
        "intervals": {name: [round(end, 4) for end in ends] for name, ends in answer.intervals.items()},
        "seconds_of_audio": round(answer.seconds_of_audio, 3),
    }


def _prefixed(prediction: dict[str, Any]) -> dict[str, float]:
    """Columns of a table as of the shipped model's: ``predicted_…``, and ``low_…`` and ``high_…`` where known."""
    columns = {f"predicted_{name}": value for name, value in prediction["values"].items()}
    for name, (low, high) in prediction["intervals"].items():
        columns |= {f"low_{name}": low, f"high_{name}": high}
    return columns


def _predict_table(predictor: "Predictor", path: Path, run_id: str, out: Path | None) -> dict[str, Any]:
    """Rows keep their order and their own columns; one whose inputs have gaps gets empty predictions."""
    frame = read_table(path)
    mapping = guess_mapping(list(frame.columns), frame.head(500), {}, table=str(path), of_songs=False)
    missing = [name for name in NUMERIC_INPUTS if name not in mapping.columns]
    if missing:
        raise TableError(f"{path} has no column for {', '.join(missing)}, which the run {run_id} needs.")
    predicted = predictor.predict_table(inputs(frame, mapping))
    answer = {"run": run_id, "rows": len(frame), "predicted": int(predicted.notna().all(axis=1).sum())}
    if out is None:
        values = [{name: plain(value) for name, value in row.items()} for row in predicted.to_dict("records")]
        rows = [{"file": str(path), "row": row, "values": value, "run": run_id} for row, value in enumerate(values)]
        return {**answer, "predictions": rows}
    own = frame[[column for column in frame.columns if column not in (LINE, BROKEN)]].reset_index(drop=True)
    write_table(pd.concat([own, predicted.add_prefix("predicted_")], axis=1), out)
    return {**answer, "predictions": [], "file": str(out)}
