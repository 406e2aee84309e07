"""Workspaces to test with: small, filled through the store, with made-up but consistent values."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from songfeat import metrics
from songfeat.extraction import extract
from songfeat.genres import genre_group
from songfeat.labels import TARGETS
from songfeat.specs import REPORT_SPEC
from songfeat.splits import split
from songfeat.text import artist_key, title_key
from store import clips, rejects, runs
from store.catalogue import Catalogue
from store.merge import merge
from store.shards import Shards
from store.workspace import Workspace

GENRES = ("pop", "rock", "jazz", "classical", "hip hop")
NOISE = {"lstm_multitask": 0.08, "numeric_mlp": 0.12}
"""How far the made-up predictions of each model are off."""


def fill(folder: Path, *, songs: int = 120, with_clip: int = 6, with_array: int = 4) -> Workspace:
    """A workspace with songs of two sources, clips, arrays, three runs and one reject."""
    workspace = Workspace(folder)
    workspace.prepare()
    catalogue = Catalogue(workspace)
    rows = song_rows(songs)
    with catalogue.lease(write=True) as db:
        merge(db, rows)
        other = rows.head(songs // 4).assign(source="table:other", energy=0.5, liveness=np.nan)
        merge(db, other)
        clips.add(db, pd.DataFrame([_clip(workspace, number) for number in range(with_clip)]))
        reject = {"file": "songs.csv", "line": 7, "column": "energy", "value": "1.7", "reason": "above 1"}
        rejects.replace(db, ["songs.csv"], pd.DataFrame([reject]))
    known = clips.all_clips(catalogue).sort_values("track_id")
    paths = dict(zip(known["sha256"].head(with_array), known["path"].head(with_array), strict=True))
    if paths:
        Shards(workspace, REPORT_SPEC).write({sha: extract(path, REPORT_SPEC) for sha, path in paths.items()})
    finished = [finished_run(rows, model) for model in ("mean", *NOISE)]
    for run in finished:
        with catalogue.lease(write=True) as db:
            runs.save(db, run)
    return workspace


def add_heard(catalogue: Catalogue, rows: pd.DataFrame) -> list[str]:
    """Songs that each have a usable clip, of which only the catalogue knows; gives the clips' digests, song by song."""
    digests = [f"{number:064d}" for number in range(len(rows))]
    files = pd.DataFrame(
        {"sha256": digests, "track_id": rows["track_id"], "path": [f"{digest}.wav" for digest in digests]}
    )
    files = files.assign(bytes=1, modified_ns=0, seconds=30.0, sample_rate=22_050, channels=1, status="ok", error=None)
    with catalogue.lease(write=True) as db:
        merge(db, rows)
        clips.add(db, files)
    return digests


def song_rows(songs: int, seed: int = 0) -> pd.DataFrame:
    """Rows as `store.merge.merge` takes them, of the source ``demo``; two songs an artist."""
    random = np.random.default_rng(seed)
    artists = [f"Band {number // 2}" for number in range(songs)]
    genres = [GENRES[number // 2 % len(GENRES)] for number in range(songs)]
    titles = [f"Song {number}" for number in range(songs)]
    numeric = {
        "valence": random.uniform(0, 1, songs),
        "tempo": random.uniform(70, 180, songs),
        "loudness": random.uniform(-20, -4, songs),
        "key": random.integers(0, 12, songs),
        "mode": random.integers(0, 2, songs),
        "time_signature": 4,
    }
    return pd.DataFrame(
        {
            "row": range(songs),
            "track_id": [f"demo:{number}" for number in range(songs)],
            "source": "demo",
            "title": titles,
            "artist": artists,
            "title_key": [title_key(title) for title in titles],
            "artist_key": [artist_key(artist) for artist in artists],
            "genre": genres,
            "genre_group": [genre_group(genre) for genre in genres],
            "year": 2001,
            "duration_s": 221.0,
            **{name: random.beta(2, 3, songs) for name in TARGETS},
            **numeric,
        }
    )


def finished_run(rows: pd.DataFrame, model: str, seed: int = 1) -> runs.FinishedRun:
    """A run of `model` whose scores are what its predictions score."""
    tracks = rows.set_index("track_id")
    described = pd.DataFrame({"artist": tracks["artist_key"], "genre": tracks["genre_group"]})
    parts = split(described, by="artist", seed=0)
    reference = tracks[list(TARGETS)]
    mean = reference[parts == "train"].mean()
    constant = pd.DataFrame([mean] * len(reference), index=reference.index)
    predicted = constant
    if model in NOISE:
        noise = np.random.default_rng(seed).normal(0, NOISE[model], reference.shape)
        predicted = (reference + noise).clip(0, 1)
    sizes = parts.value_counts()
    run = {
        "run_id": f"20260101-120000-{model}-0001",
        "model": model,
        "inputs": {"mean": [], "numeric_mlp": ["numeric"]}.get(model, ["mfcc"]),
        "targets": list(TARGETS),
        "source": "demo",
        "split": "artist",
        "seed": 0,
        "spec": "report",
        "spec_digest": REPORT_SPEC.digest,
        "config": "{}",
        "data_digest": "0" * 16,
        "n_train": int(sizes["train"]),
        "n_val": int(sizes["val"]),
        "n_test": int(sizes["test"]),
        "epochs": 0 if model == "mean" else 3,
        "seconds": 1.0,
        "near_constant": list(TARGETS) if model == "mean" else [],
    }
    table = predicted.assign(split=parts).reset_index(names="track_id")
    scores = pd.concat([_scores(predicted, constant, reference, described, parts, part) for part in ("val", "test")])
    return runs.FinishedRun(run=run, scores=scores, predictions=table)


def _scores(
    predicted: pd.DataFrame,
    constant: pd.DataFrame,
    reference: pd.DataFrame,
    described: pd.DataFrame,
    parts: pd.Series,
    part: str,
) -> pd.DataFrame:
    inside = parts == part
    options = {"artists": described["artist"], "genres": described["genre"], "draws": 50}
    scores = metrics.evaluate(predicted[inside], reference[inside], **options)
    mean = metrics.evaluate(constant[inside], reference[inside], **options)
    return scores.assign(split=part, mean_value=mean["value"])


def _clip(workspace: Workspace, number: int) -> dict[str, object]:
    """Three seconds of a tone, in the workspace's folder of sounds."""
    seconds, rate = 3.0, 22_050
    time = np.arange(int(seconds * rate)) / rate
    path = workspace.audio / f"{number}.wav"
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * (220 + 40 * number) * time) * np.exp(-time), rate)
    content = path.read_bytes()
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "track_id": f"demo:{number}",
        "path": str(path),
        "bytes": len(content),
        "modified_ns": path.stat().st_mtime_ns,
        "seconds": seconds,
        "sample_rate": rate,
        "channels": 1,
        "status": "ok",
        "error": None,
    }
