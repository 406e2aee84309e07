"""The job that makes a pretrained model from a folder of labelled and unlabelled clips."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from songfeat import __version__
from songfeat.descriptors import digest
from songfeat.errors import AudioError, DataError
from songfeat.labels import ALL_TARGETS
from songfeat.pretrained import files
from songfeat.pretrained.model import known_by
from songfeat.pretraining import card
from songfeat.pretraining.clips import TrainingClips, describe_parts, read_clips
from songfeat.pretraining.recipe import train
from store.progress import Progress
from store.work.pool import map_unordered, processes
from store.workspace import Workspace

Groups = dict[str, np.ndarray]


def run(_workspace: Workspace, params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Pretrain; `params` holds `folder`, `out`, `label_source`, `songs`, `terms` and `jobs`."""
    songs = Path(params["songs"]) if params.get("songs") else None
    clips = read_clips(Path(params["folder"]), label_source=params.get("label_source"), songs=songs)
    paths = list(clips["path"])
    described = _described(paths, progress, params.get("jobs"))
    first = described[paths[0]]
    training = TrainingClips(
        clips.drop(columns="path"),
        np.stack([np.concatenate(list(described[path].values()), axis=1) for path in paths]),
    )
    weak = int((~training.labelled).sum())
    trained_on = {
        "labelled_clips": len(paths) - weak,
        "weakly_labelled_clips": weak,
        "artists": int(clips["artist"].nunique()),
        "label_source": params.get("label_source") or "any",
        "terms": params.get("terms") or "not stated",
    }
    about = {
        "version": __version__,
        "descriptors": digest({name: parts[0] for name, parts in first.items()}),
        "trained_on": trained_on,
        "medians": clips.loc[training.labelled, list(ALL_TARGETS)].median().round(4).to_dict(),
        "known_clips": sorted(known_by(hashlib.sha256(Path(path).read_bytes()).hexdigest()) for path in paths),
        "known_artists": sorted(map(known_by, clips["artist"].unique())),
    }
    trained = train(training, about, lambda done, total, note: progress.update(done, total, note))
    out = Path(params["out"])
    files.save(out, trained.model)
    card.write(out / card.CARD_FILE, trained)
    scores = trained.model.meaning["scores"]
    return {"model": str(out), "coverage": trained.coverage, "scores": scores, **trained_on}


def _described(paths: list[str], progress: Progress, jobs: int | None) -> dict[str, Groups]:
    """Descriptors of every clip; a job that goes on where it stopped finds those that it has already."""
    kept = progress.folder / "descriptors.safetensors"
    done: dict[str, Groups] = {}
    if kept.exists():
        for key, parts in safetensors.numpy.load_file(kept).items():
            path, _, name = key.rpartition("|")
            done.setdefault(path, {})[name] = parts
    todo = [path for path in paths if path not in done]
    note = "describing clips"
    progress.update(len(done), len(paths), note)
    try:
        workers = processes(jobs)
        for path, groups in map_unordered(_describe_one, todo, workers=workers, check=progress.check, lost=_lost):
            if isinstance(groups, str):
                raise DataError(f"{groups} Take the clip out of its table, or put another in its place.")
            done[path] = groups
            progress.update(len(done), len(paths), note)
    finally:
        safetensors.numpy.save_file(
            {f"{path}|{name}": parts for path, groups in done.items() for name, parts in groups.items()}, kept
        )
    return done


def _lost(path: str, why: str) -> str:
    return f"{path} cannot be decoded: {why}."


def _describe_one(path: str) -> Groups | str:
    try:
        return describe_parts(Path(path))
    except AudioError as error:
        return str(error) if path in str(error) else f"{path} cannot be used: {error}"
