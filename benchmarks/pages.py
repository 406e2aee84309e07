"""Each page's script at a million tracks and five million predictions: cold, as a server's first, and warm."""

import logging
import os
import statistics
import tempfile
from pathlib import Path

from streamlit.testing.v1 import AppTest

from benchmarks.app_test import as_a_server_does
from benchmarks.library import build
from benchmarks.timing import seconds
from pages.ui import places
from store.catalogue import Catalogue

TRACKS = 1_000_000
ROUNDS = 5
_PAGES = tuple(page for page in vars(places).values() if str(page).startswith("pages/"))
_PLAIN = "SELECT count(*), count(DISTINCT source), avg(energy) FROM reference"


def run() -> dict[str, object]:
    logging.getLogger("streamlit").setLevel(logging.ERROR)  # it misses the browser
    with tempfile.TemporaryDirectory() as folder, as_a_server_does():
        workspace = build(Path(folder) / "w", TRACKS)
        os.environ |= {"SONGFEAT_WORKSPACE": str(workspace.folder), "SONGFEAT_NO_DEMO": "1"}
        cold, warm = {}, {}
        for page in _PAGES:
            cold[page] = seconds(lambda page=page: _show(page))
            warm[page] = _p95([seconds(lambda page=page: _show(page)) for _ in range(ROUNDS)])
            print(f"{page:<28} cold {cold[page]:6.2f} s   warm, p95 {warm[page]:6.2f} s", flush=True)
        plain = statistics.median(seconds(lambda: _query(Catalogue(workspace))) for _ in range(ROUNDS))
    slowest = max(warm, key=lambda page: warm[page])
    return {
        "what": f"slowest page ({slowest}), warm, at {TRACKS:,} tracks, against one plain query of their values",
        "seconds": warm[slowest], "against_seconds": plain, "ratio": warm[slowest] / plain, "rounds": ROUNDS,
        "cold_seconds": cold, "warm_seconds": warm,
    }  # fmt: skip


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


def _show(page: str) -> None:
    app = AppTest.from_file(str(Path(__file__).resolve().parent.parent / "app.py"), default_timeout=300)
    app.switch_page(page)
    app.run()
    if app.exception:
        raise RuntimeError(f"{page}: {app.exception[0].message}")


def _query(catalogue: Catalogue) -> None:
    with catalogue.lease() as db:
        db.execute(_PLAIN).fetchall()
