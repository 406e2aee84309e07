"""Import of a table into an empty workspace, against DuckDB reading the same Parquet into a table."""

import itertools
import tempfile
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from benchmarks.timing import compare, real_data
from songfeat.labels import FEATURES
from store.worker import work_here
from store.workspace import Workspace

GENERATED_ROWS = 200_000


def run() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as name:
        folder, fresh = Path(name), itertools.count()
        data = real_data()
        table = data / "spotify_tracks.parquet" if data else _generated(folder / "tracks.parquet")
        params = {"files": [str(table)], "source": "spotify"}
        return compare(
            lambda: work_here(Workspace(folder / f"w{next(fresh)}"), "import", params),
            lambda: _plain(table, folder / f"plain{next(fresh)}.duckdb"),
            rounds=3,
            what=f"import of {len(pd.read_parquet(table)):,} rows, against CREATE TABLE AS from the same Parquet",
        )


def _plain(table: Path, path: Path) -> None:
    with duckdb.connect(str(path)) as db:
        db.execute("CREATE TABLE t AS SELECT * FROM read_parquet(?)", [str(table)])


def _generated(path: Path) -> Path:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            name: rng.uniform(one.low, one.high, GENERATED_ROWS).round(0 if one.whole else 4)
            for name, one in FEATURES.items()
        }
    )
    frame.insert(0, "track_id", [f"{number:022d}" for number in range(GENERATED_ROWS)])
    frame.insert(1, "track_name", [f"Song {number}" for number in range(GENERATED_ROWS)])
    frame.insert(2, "artist", [f"Artist {number % 50_000}" for number in range(GENERATED_ROWS)])
    frame.to_parquet(path)
    return path
