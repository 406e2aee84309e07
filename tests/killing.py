"""Work that is killed at some moment and finished afterwards, beside the same work undisturbed."""

import atexit
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import numpy as np
import soundfile

from songfeat.files import sha256_of
from store import jobs
from store.catalogue import Catalogue
from store.migrations import MIGRATIONS
from store.worker import work, work_here
from store.workspace import Workspace, read_json
from tests.living import arrays, content
from tests.providers import CLIENT_ID, SECRET, Providers, library, serve
from tests.workspaces import song_rows

ROOT = Path(__file__).resolve().parent.parent
SONGS, CLIPS, OLD_SCORES, COLLECTED, PREVIEWS = 4_000, 40, 400_000, 300, 30
RUN = "the-run"
_COLLECTED = {
    "tracks": "SELECT track_id, title, artist, genres, isrc, year, duration_s FROM tracks ORDER BY ALL",
    "values": "SELECT * EXCLUDE (fetched_at) FROM reference ORDER BY ALL",
    "clips": "SELECT track_id, sha256, bytes, seconds, status FROM clips ORDER BY ALL",
    "rejects": "SELECT * EXCLUDE (seen_at) FROM rejects ORDER BY ALL",
    "provenance": "SELECT track_id, source, gave, request, terms FROM provenance ORDER BY ALL",
}
_servers = ExitStack()
atexit.register(_servers.close)
_OPEN = (
    "import sys\nfrom pathlib import Path\nfrom store.workspace import Workspace\n"
    "from store.catalogue import Catalogue\n"
    "print('running', flush=True)\nwith Catalogue(Workspace(Path(sys.argv[1]))).lease(): pass"
)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A workspace on which a kind of work is still to be done, to copy; what comes of it, and in what time."""

    kind: str
    before: Workspace
    params: dict[str, Any]
    environment: dict[str, str]
    seconds: float
    result: Any


def prepare(kind: str, folder: Path) -> Prepared:
    """Make the workspace, and do the work undisturbed on a copy of it."""
    environment = _providers() if kind.startswith("collect") else {}
    with patch.dict(os.environ, environment):
        before, params = _BEFORE[kind](folder)
        calm = _copy(before, folder / "calm")
        process, job = _start(kind, calm, params)
        started = _wait_until_running(process, job)
        assert process.wait() == 0, kind
    seconds = time.monotonic() - started
    return Prepared(
        kind=kind, before=before, params=params, environment=environment, seconds=seconds, result=_result(kind, calm)
    )


def kill_and_finish(prepared: Prepared, folder: Path, share: float) -> tuple[Workspace, bool]:
    """Kill the work when `share` of its time has passed, and finish it; whether it was killed before its end."""
    workspace = _copy(prepared.before, folder)
    with patch.dict(os.environ, prepared.environment):
        process, job = _start(prepared.kind, workspace, prepared.params)
        _wait_until_running(process, job)
        time.sleep(share * prepared.seconds)
        killed = process.poll() is None
        # Its own processes are left to find out by themselves.
        process.kill()
        process.wait()
        if job is not None and jobs.get(workspace, job.name).state != "done":
            jobs.prepare_again(jobs.get(workspace, job.name))
            work(job)
    return workspace, killed


def outcome(prepared: Prepared, workspace: Workspace) -> Any:
    """What there is now, to compare with `Prepared.result`."""
    return _result(prepared.kind, workspace)


def _start(kind: str, workspace: Workspace, params: dict[str, Any]) -> tuple["subprocess.Popen[str]", Path | None]:
    if kind == "migration":
        command, job = [sys.executable, "-c", _OPEN, str(workspace.folder)], None
    else:
        job = workspace.jobs / jobs.create(workspace, kind.split()[0], params)
        command = [sys.executable, "-m", "store.worker", str(job)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True), job


def _wait_until_running(process: "subprocess.Popen[str]", job: Path | None) -> float:
    if job is None:
        assert process.stdout is not None
        process.stdout.readline()
    else:
        while read_json(job / "status.json")["state"] == "queued" and process.poll() is None:
            time.sleep(0.005)
    return time.monotonic()


def _copy(workspace: Workspace, folder: Path) -> Workspace:
    shutil.copytree(workspace.folder, folder)
    return Workspace(folder)


def _before_import(folder: Path) -> tuple[Workspace, dict[str, Any]]:
    workspace, table = Workspace(folder / "before"), folder / "songs.csv"
    workspace.prepare()
    _table(table)
    return workspace, {"files": [str(table)], "source": "spotify"}


def _before_scan(folder: Path) -> tuple[Workspace, dict[str, Any]]:
    workspace, music = Workspace(folder / "before"), folder / "music"
    workspace.prepare()
    music.mkdir(parents=True)
    noise = np.random.default_rng(0).normal(0, 0.1, 5 * 22_050)
    for number in range(CLIPS):
        soundfile.write(music / f"Band {number} - Sound {number}.flac", np.roll(noise, 1000 * number), 22_050)
    return workspace, {"folder": str(music)}


def _before_extract(folder: Path) -> tuple[Workspace, dict[str, Any]]:
    workspace, params = _before_scan(folder)
    work_here(workspace, "scan", params)
    return workspace, {"jobs": 1}


def _before_train(folder: Path) -> tuple[Workspace, dict[str, Any]]:
    workspace, params = _before_import(folder)
    work_here(workspace, "import", params)
    settings = {"epochs": "12", "batch_size": "256"}
    return workspace, {"model": "numeric_mlp", "source": "spotify", "run_id": RUN, "settings": settings}


def _before_collect_songs(folder: Path) -> tuple[Workspace, dict[str, Any]]:
    workspace = Workspace(folder / "before")
    workspace.prepare()
    return workspace, {"source": "spotify", "options": {"total": COLLECTED}}


def _before_collect_sound(folder: Path) -> tuple[Workspace, dict[str, Any]]:
    workspace, params = _before_collect_songs(folder)
    work_here(workspace, "collect", params)
    return workspace, {"source": "previews", "options": {"limit": PREVIEWS}}


@cache
def _providers() -> dict[str, str]:
    """Where a server answers as the providers do, as long as this process lasts, and who we are to it."""
    providers = Providers(library(COLLECTED), pause_s=0.004)
    providers.unknown_to_deezer = providers.unknown_to_itunes = set(range(0, COLLECTED, 9))
    url = _servers.enter_context(serve(providers)).url
    return {"SONGFEAT_PROVIDERS_URL": url, "SPOTIPY_CLIENT_ID": CLIENT_ID, "SPOTIPY_CLIENT_SECRET": SECRET}


def _collected(workspace: Workspace) -> dict[str, Any]:
    """What was collected; clips by what they hold, as each workspace has its own folder of them."""
    kept = [path for path in workspace.audio.iterdir() if not path.name.startswith(".")]
    assert [path for path in kept if path.stem != sha256_of(path)] == [], "files under a clip's name hold that clip"
    with Catalogue(workspace).lease() as db:
        found = {name: db.execute(query).fetchall() for name, query in _COLLECTED.items()}
        paths = [path for (path,) in db.execute("SELECT path FROM clips").fetchall()]
    assert set(paths) <= set(map(str, kept)), "what the catalogue names is there"
    return found


def _before_migration(folder: Path) -> tuple[Workspace, dict[str, Any]]:
    """A catalogue of the first Songfeat, with so many rows that changing them takes a while."""
    workspace = Workspace(folder / "before")
    workspace.prepare()
    name, change = MIGRATIONS[0]
    with duckdb.connect(str(workspace.catalogue)) as db:
        db.execute("CREATE TABLE migrations (name VARCHAR PRIMARY KEY, applied_at TIMESTAMP NOT NULL)")
        change(db)
        db.execute("INSERT INTO migrations VALUES (?, now())", [name])
        db.execute(
            "INSERT INTO scores SELECT 'run ' || range % 50, 'test', 'all', 'average', 'm ' || range, range / 7.0,"
            " 0, 1, 9, 0.5 FROM range(?)",
            [OLD_SCORES],
        )
    return workspace, {}


def _table(path: Path) -> None:
    rows = song_rows(SONGS).drop(columns=["row", "track_id", "source", "title_key", "artist_key", "genre_group"])
    rows.to_csv(path, index=False)


def _result(kind: str, workspace: Workspace) -> Any:
    if kind == "extract":
        return arrays(workspace)
    if kind.startswith("collect"):
        return _collected(workspace)
    if kind == "migration":
        with Catalogue(workspace).lease() as db:
            columns = db.execute(
                "SELECT table_name, column_name, data_type FROM duckdb_columns() ORDER BY table_name, column_index"
            ).fetchall()
            names = db.execute("SELECT name FROM migrations ORDER BY name").fetchall()
            return columns, names, db.execute("SELECT count(*), bit_xor(hash(s)) FROM scores s").fetchall()
    found = content(workspace)
    with Catalogue(workspace).lease() as db:
        found["runs"] = db.execute(
            "SELECT run_id, model, epochs, data_digest, n_train FROM runs ORDER BY ALL"
        ).fetchall()
    return found


_BEFORE: dict[str, Callable[[Path], tuple[Workspace, dict[str, Any]]]] = {
    "import": _before_import,
    "scan": _before_scan,
    "extract": _before_extract,
    "train": _before_train,
    "collect songs": _before_collect_songs,
    "collect sound": _before_collect_sound,
    "migration": _before_migration,
}
KINDS = tuple(_BEFORE)
