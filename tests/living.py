"""A workspace as a person's work leaves it: an import, a scan, an extraction and trainings, each a job."""

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import soundfile

from songfeat.specs import REPORT_SPEC
from store.catalogue import Catalogue
from store.shards import Shards
from store.worker import work_here
from store.workspace import Workspace
from tests.workspaces import song_rows

SONGS, CLIPS = 80, 5
TABLES = {
    "tracks": "added_at", "reference": "fetched_at", "clips": "added_at", "rejects": "seen_at",
    "runs": "", "scores": "", "predictions": "",
}  # fmt: skip
"""What the catalogue holds, each with the column that only says when it came in."""


def live(workspace: Workspace, sources: Path) -> Workspace:
    """Fill a workspace through jobs, from a table and a folder of sounds in `sources`."""
    table, music = write_sources(sources)
    work_here(workspace, "import", {"files": [str(table)], "source": "spotify"})
    work_here(workspace, "scan", {"folder": str(music)})
    work_here(workspace, "extract", {"jobs": 1})
    for model in ("mean", "ridge_numeric"):
        work_here(workspace, "train", {"model": model})
    return workspace


def write_sources(folder: Path) -> tuple[Path, Path]:
    """A table of songs, one of its cells out of range, and a folder of clips."""
    folder.mkdir(parents=True, exist_ok=True)
    table, music = folder / "songs.csv", folder / "music"
    rows = song_rows(SONGS).drop(columns=["row", "track_id", "source", "title_key", "artist_key", "genre_group"])
    rows.loc[3, "energy"] = 1.7
    rows.to_csv(table, index=False)
    music.mkdir(exist_ok=True)
    noise = np.random.default_rng(0).normal(0, 0.1, 4 * 22_050)
    for number in range(CLIPS):
        soundfile.write(music / f"Band {number} - Sound {number}.flac", np.roll(noise, 1000 * number), 22_050)
    return table, music


def content(workspace: Workspace, *, times: bool = False) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the catalogue, sorted; without when they came, unless asked."""
    with Catalogue(workspace).lease() as db:
        return {name: _rows(db, name, "" if times else when) for name, when in TABLES.items()}


def arrays(workspace: Workspace) -> dict[str, bytes]:
    """Each clip's array."""
    shards = Shards(workspace, REPORT_SPEC)
    return {sha: array.tobytes() for sha, array in sorted(shards.load(shards.known()).items())}


def _rows(db: duckdb.DuckDBPyConnection, table: str, without: str) -> list[tuple[Any, ...]]:
    columns = f"* EXCLUDE ({without})" if without else "*"
    return sorted(db.execute(f"SELECT {columns} FROM {table}").fetchall(), key=repr)
