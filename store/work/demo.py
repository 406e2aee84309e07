"""The job that builds the demo library: synthesise songs, extract their MFCCs, train on them."""

from functools import partial
from typing import Any

import pandas as pd

from songfeat.errors import WorkspaceError
from store import clips, runs
from store.catalogue import Catalogue
from store.merge import merge
from store.progress import Progress
from store.sources.demo import SOURCE, RenderedSong, render, track_id
from store.work import extract, train
from store.work.pool import map_unordered
from store.workspace import Workspace

DEFAULT_SONGS = 240
_SONGS_A_BATCH = 16
_MODELS = ("mean", "numeric_mlp", "lstm_multitask")


def run(workspace: Workspace, params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Build the library; `params` may hold the number of `songs`."""
    catalogue = Catalogue(workspace)
    _refuse_beside_others(catalogue)
    add_songs(catalogue, params.get("songs") or DEFAULT_SONGS, progress)
    extract.run(workspace, {}, progress)
    trained = set(runs.all_runs(catalogue).query("source == @SOURCE")["model"])
    for model in _MODELS:
        if model not in trained:
            train.run(workspace, {"model": model, "source": SOURCE, "run_id": f"demo-{model}"}, progress)
    with catalogue.lease() as db:
        tracks, sounds, finished = db.execute(
            "SELECT (SELECT count(*) FROM tracks), (SELECT count(*) FROM clips), (SELECT count(*) FROM runs)"
        ).fetchall()[0]
    return {"tracks": tracks, "clips": sounds, "runs": finished}


def _refuse_beside_others(catalogue: Catalogue) -> None:
    """Synthesised songs among a person's own would spoil what is measured on them."""
    with catalogue.lease() as db:
        others = db.execute("SELECT count(*) FROM tracks WHERE track_id NOT LIKE 'demo:%'").fetchall()[0][0]
    if others:
        raise WorkspaceError(
            f"{catalogue.workspace.folder} holds {others:,} other tracks; the demo library goes into an empty"
            " workspace. Choose one with --workspace."
        )


def add_songs(catalogue: Catalogue, songs: int, progress: Progress) -> None:
    """Synthesise the songs that are not there yet; they enter the catalogue in batches, so that little is lost."""
    known = set(clips.all_clips(catalogue)["track_id"])
    todo = [number for number in range(songs) if track_id(number) not in known]
    batch: list[RenderedSong] = []
    folder = catalogue.workspace.audio / SOURCE
    for done, (_, song) in enumerate(map_unordered(partial(render, folder=folder), todo), start=1):
        batch.append(song)
        if len(batch) == _SONGS_A_BATCH or done == len(todo):
            rows = pd.DataFrame([one.row for one in batch]).rename_axis("row").reset_index()
            with catalogue.lease(write=True) as db:
                merge(db, rows)
                clips.add(db, pd.DataFrame([one.clip for one in batch]))
            batch = []
        progress.update(done, len(todo), "synthesising songs")
