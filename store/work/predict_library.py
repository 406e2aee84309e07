"""The job that asks the pretrained model for every song of the library that has a clip, and keeps that as a run.

Songs that the model was trained on, or whose artist it was, stand in the run's
training part; its scores are of the others.
"""

import json
import time
from typing import Any

import numpy as np
import pandas as pd

from songfeat import metrics
from songfeat.errors import DataError
from songfeat.labels import ALL_TARGETS
from songfeat.pretrained import shipped
from songfeat.pretrained.model import known_by
from store import clips, runs
from store.catalogue import Catalogue
from store.progress import Progress
from store.work.predict import predicted
from store.workspace import Workspace

RUN_PREFIX = "pretrained"
"""What the ids of such runs begin with."""

_DRAWS = 1000


def run(workspace: Workspace, params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Predict; `params` may hold `source` (whose values to score against), `dask` (an address) and `jobs` (threads)."""
    started = time.monotonic()
    catalogue = Catalogue(workspace)
    source = params.get("source") or _largest_source(catalogue)
    songs = _songs(catalogue, source)
    answers = _answers(workspace, songs, progress, params)
    songs = songs[songs["sha256"].isin(list(answers))]
    if songs.empty:
        raise DataError("No clip of the library can be heard.")
    values = pd.DataFrame(
        [answers[sha] for sha in songs["sha256"]], index=pd.Index(songs["track_id"]), columns=list(ALL_TARGETS)
    )
    finished = _finished(songs.set_index("track_id"), values, source, time.monotonic() - started)
    with catalogue.lease(write=True) as db:
        runs.save(db, finished)
    parts = finished.predictions["split"].value_counts().to_dict()
    return {"run_id": finished.run["run_id"], "songs": len(values), "parts": parts}


def data_digest() -> str:
    """By which a run of the model that comes with Songfeat, as it is, is known."""
    return str(shipped().meaning["sha256"])[:16]


def _largest_source(catalogue: Catalogue) -> str:
    with catalogue.lease() as db:
        row = db.execute(
            "SELECT source FROM reference JOIN clips USING (track_id) WHERE status = 'ok'"
            " GROUP BY source ORDER BY count(*) DESC, source LIMIT 1"
        ).fetchone()
    return "" if row is None else str(row[0])


def _songs(catalogue: Catalogue, source: str) -> pd.DataFrame:
    """Songs with a clip: track_id, sha256, path, artist_key, genre_group and the source's values of the targets."""
    known = clips.all_clips(catalogue)
    known = known[known["status"] == "ok"].drop_duplicates("track_id")[["track_id", "sha256", "path"]]
    with catalogue.lease() as db:
        about = db.execute("SELECT track_id, artist_key, genre_group FROM tracks").df()
        values = db.execute(f"SELECT track_id, {', '.join(ALL_TARGETS)} FROM reference WHERE source = ?", [source]).df()
    return known.merge(about, on="track_id").merge(values, on="track_id", how="left")


def _answers(
    workspace: Workspace, songs: pd.DataFrame, progress: Progress, params: dict[str, Any]
) -> dict[str, list[float]]:
    """Values by clip; what was heard already is not heard again."""
    folder = workspace.runs / f"{RUN_PREFIX}-{shipped().meaning['version']}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{shipped().meaning['sha256'][:16]}.jsonl"
    found: dict[str, list[float]] = {}
    if path.exists():
        # What follows the last line break was being written when the job stopped.
        text = path.read_text(encoding="utf-8")
        path.write_text(text[: text.rfind("\n") + 1], encoding="utf-8")
        for line in path.read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            found[one["sha256"]] = one["values"]
    todo = songs[~songs["sha256"].isin(list(found))]
    by_path = dict(zip(todo["path"], todo["sha256"], strict=True))
    done, note = len(songs) - len(by_path), "listening to the library"
    progress.update(done, len(songs), note)
    with path.open("a", encoding="utf-8") as file:
        for heard, row in predicted(by_path, params, progress):
            done += 1
            if row["answer"]:
                values = [row["answer"]["values"][name] for name in ALL_TARGETS]
                found[by_path[heard]] = values
                file.write(json.dumps({"sha256": by_path[heard], "values": values}) + "\n")
                file.flush()
            progress.update(done, len(songs), note)
    return found


def _finished(songs: pd.DataFrame, values: pd.DataFrame, source: str, seconds: float) -> runs.FinishedRun:
    model = shipped()
    seen_clips, seen_artists = set(model.meaning["known_clips"]), set(model.meaning["known_artists"])
    seen = songs["sha256"].map(known_by).isin(seen_clips) | songs["artist_key"].map(known_by).isin(seen_artists)
    labelled = songs[list(ALL_TARGETS)].notna().any(axis=1)
    parts = pd.Series(np.where(seen, "train", np.where(labelled, "test", "other")), index=songs.index)
    sizes = parts.value_counts()
    scores = [_scores(songs[parts == part], values, part) for part in ("train", "test") if (parts == part).any()]
    described = {
        "run_id": f"{RUN_PREFIX}-{model.meaning['version']}-{source or 'unlabelled'}".replace(":", "-"),
        "model": RUN_PREFIX,
        "inputs": ["descriptors"],
        "targets": list(ALL_TARGETS),
        "source": source,
        "split": "artist",
        "seed": 0,
        "spec": None,
        "spec_digest": None,
        "config": json.dumps({"version": model.meaning["version"], "trained_on": model.meaning["trained_on"]}),
        "data_digest": data_digest(),
        **{f"n_{part}": int(sizes.get(part, 0)) for part in ("train", "val", "test")},
        "epochs": 0,
        "seconds": round(seconds, 3),
        "near_constant": [],
    }
    table = values.assign(split=parts).reset_index(names="track_id")
    empty = pd.DataFrame(columns=list(runs.SCORE_COLUMNS))
    return runs.FinishedRun(run=described, scores=pd.concat(scores) if scores else empty, predictions=table)


def _scores(songs: pd.DataFrame, values: pd.DataFrame, part: str) -> pd.DataFrame:
    """Scores of one part, beside what always answering the median of the model's own training labels would score."""
    reference = songs[list(ALL_TARGETS)].astype(float)
    medians = shipped().meaning["medians"]
    constant = pd.DataFrame({name: medians[name] for name in ALL_TARGETS}, index=reference.index)
    own = values.loc[reference.index]
    options: dict[str, Any] = {"artists": songs["artist_key"], "genres": songs["genre_group"].fillna("")}
    scored = metrics.evaluate(own, reference, **options, draws=_DRAWS)
    usual = metrics.evaluate(constant, reference, **options, draws=0)
    return scored.assign(split=part, mean_value=usual["value"])
