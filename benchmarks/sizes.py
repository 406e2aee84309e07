"""What a song costs in bytes and seconds, to reckon with larger libraries: ``python -m benchmarks.sizes [TRACKS]``.

Seconds of extraction and prediction are those of one core at work, not of the
clock, and of a sample of clips: real ones where SONGFEAT_REAL_DATA names them.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
from threadpoolctl import threadpool_limits

from benchmarks import extraction
from benchmarks.library import build
from benchmarks.timing import seconds
from songfeat.extraction import extract
from songfeat.pretrained.song import predict
from songfeat.specs import REPORT_SPEC
from store import clips, tracks
from store.catalogue import Catalogue
from store.catalogue_export import export_catalogue
from store.shards import Shards
from store.workspace import Workspace

TRACKS = 1_000_000
CLIPS = 60
ROUNDS = 9
_TABLES = ("tracks", "clips", "reference", "predictions")


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else TRACKS
    with tempfile.TemporaryDirectory() as name, threadpool_limits(1):
        folder = Path(name)
        workspace = build(folder / "w", count)
        _show_tables(workspace, folder)
        _show_times(Catalogue(workspace), folder)
        _show_clips(folder)
    return 0


def _show_tables(workspace: Workspace, folder: Path) -> None:
    """Bytes a row of each table alone, without its index, in DuckDB's format and in the export's."""
    exported = folder / "export"
    took = seconds(lambda: export_catalogue(Catalogue(workspace), str(exported), lambda *_: None))
    print(f"{'table':<12} {'rows':>11} {'DuckDB B/row':>13} {'Parquet B/row':>14}")
    for name in _TABLES:
        alone = folder / f"{name}.duckdb"
        with duckdb.connect(str(alone)) as db:
            db.execute("CREATE TABLE t AS FROM read_parquet(?)", [str(exported / f"{name}.parquet")])
            ((rows,),) = db.execute("SELECT count(*) FROM t").fetchall()
        size, parquet = alone.stat().st_size, (exported / f"{name}.parquet").stat().st_size
        print(f"{name:<12} {rows:>11,} {size / rows:>13.1f} {parquet / rows:>14.1f}")
    whole = workspace.catalogue.stat().st_size / 2**20
    print(f"whole catalogue with indexes: {whole:,.0f} MiB; export in {took:.1f} s")


def _show_times(catalogue: Catalogue, folder: Path) -> None:
    def open_and_close() -> None:
        with catalogue.lease():
            pass

    def write() -> None:
        with catalogue.lease(write=True) as db:
            db.execute("UPDATE clips SET level_db = -20 WHERE track_id = 'bench:7'")

    timed: dict[str, Callable[[], object]] = {
        "a lease that reads nothing": open_and_close,
        "a lease that writes one row": write,
        "a search by two words": lambda: tracks.search(catalogue, "golden river"),
        "a copy of the catalogue": lambda: catalogue.copy_to(folder / "copy.duckdb"),
    }
    for what, function in timed.items():
        print(f"{what}: median {1000 * statistics.median(seconds(function) for _ in range(ROUNDS)):,.0f} ms")
    known = clips.all_clips(catalogue)
    each = known.memory_usage(deep=True).sum() / len(known)
    print(f"a clip takes {each:,.0f} bytes in pandas, its key {sys.getsizeof(known['sha256'].iloc[0])}")


def _show_clips(folder: Path) -> None:
    paths = extraction._clips(folder)[:CLIPS]
    extract(paths[0], REPORT_SPEC), predict(paths[0])  # load what they need
    arrays, extracting = _at_work(lambda path: extract(path, REPORT_SPEC), paths)
    _, predicting = _at_work(predict, paths)
    shards = Shards(Workspace(folder / "arrays"), REPORT_SPEC)
    name = shards.write({f"{number:064d}": array for number, array in enumerate(arrays)})
    stored = (shards.folder / name).stat().st_size / len(arrays)
    print(f"{len(paths)} clips: {1000 * extracting:.0f} ms of a core to extract, {1000 * predicting:.0f} ms to predict")
    print(f"an array: {4 * arrays[0].size:,} bytes, {stored:,.0f} in a shard")


def _at_work(function: Callable, paths: list[str]) -> tuple[list, float]:
    """Results, and seconds of processor a path."""
    started = time.process_time()
    results = [function(path) for path in paths]
    return results, (time.process_time() - started) / len(paths)


if __name__ == "__main__":
    sys.exit(main())
