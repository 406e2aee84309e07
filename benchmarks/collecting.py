"""Collecting previews from a server on this machine, against bare threads that get the same addresses."""

import itertools
import multiprocessing
import os
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import pandas as pd
import requests

from benchmarks.timing import compare
from songfeat.text import artist_key, title_key
from store.catalogue import Catalogue
from store.merge import merge
from store.sources import deezer
from store.worker import work_here
from store.workspace import Workspace
from tests.providers import Providers, Track, library, serve

PREVIEWS = 1_000
LATENCY_S = 0.03
_THREADS = 8


def run() -> dict[str, object]:
    tracks = library(PREVIEWS)
    ours, theirs = multiprocessing.Pipe()
    # In a process of its own, so that it takes no time from either side.
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    address = ours.recv()
    os.environ["SONGFEAT_PROVIDERS_URL"] = address
    try:
        with tempfile.TemporaryDirectory() as name:
            folder, fresh = Path(name), itertools.count()
            workspaces = iter([_wanting(folder / f"w{number}", tracks) for number in range(3)])
            return compare(
                lambda: _collect(next(workspaces)),
                lambda: _bare(address, tracks, folder / f"bare{next(fresh)}"),
                rounds=3,
                what=f"{PREVIEWS:,} previews found, fetched, decoded and catalogued, against finding and fetching them"
                " with as many connections",
            )
    finally:
        del os.environ["SONGFEAT_PROVIDERS_URL"]
        server.terminate()


def _serve(connection: Connection) -> None:
    with serve(Providers(library(PREVIEWS), pause_s=LATENCY_S, link_seconds=3600)) as providers:
        connection.send(providers.url)
        threading.Event().wait()


def _wanting(folder: Path, tracks: list[Track]) -> Workspace:
    """A workspace with songs that have no clip."""
    workspace = Workspace(folder)
    rows = pd.DataFrame(
        {"row": one.number, "track_id": f"spotify:{one.id}", "title": one.title, "artist": one.artist, "isrc": one.isrc,
         "title_key": title_key(one.title), "artist_key": artist_key(one.artist), "duration_s": float(one.seconds)}
        for one in tracks
    )  # fmt: skip
    with Catalogue(workspace).lease(write=True) as db:
        merge(db, rows)
    return workspace


def _collect(workspace: Workspace) -> None:
    found = work_here(workspace, "collect", {"source": "previews", "options": {}})
    if found["clips"] != PREVIEWS:
        raise RuntimeError(f"Only {found['clips']} previews were had: {found['rejects_by_reason']}")


def _bare(address: str, tracks: list[Track], folder: Path) -> None:
    """What any script would do, within the same limits: ask, fetch, write; nothing is checked."""
    folder.mkdir()
    local = threading.local()
    asking = threading.Semaphore(deezer.API.concurrency)
    fetching = threading.Semaphore(deezer.PREVIEWS.concurrency)

    def get(track: Track) -> None:
        session = local.__dict__.setdefault("session", requests.Session())
        with asking:
            link = session.get(f"{address}/dz/track/isrc:{track.isrc}", timeout=10).json()["preview"]
        with fetching:
            content = session.get(link, timeout=10).content
        (folder / f"{track.number}.mp3").write_bytes(content)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(get, tracks))
