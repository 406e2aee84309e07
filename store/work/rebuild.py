"""The job that makes a new catalogue where the old one is lost or damaged.

Songs and reference values come from the tables, folders and demo songs that
earlier jobs brought in, in the order in which they did; runs, scores and
predictions from the folders of the runs; what runs learned from and no table
gives any more, from their snapshots. The new catalogue is made beside the old
one, and takes its place at the end, in one step; the old one is kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from songfeat.errors import CatalogueDamaged, SongfeatError, WorkspaceError
from songfeat.labels import REFERENCE_COLUMNS
from store import jobs, run_record, runs
from store.catalogue import Catalogue
from store.integrity import check_catalogue
from store.jobs import Job
from store.merge import merge
from store.progress import Progress
from store.work import demo, import_tables, scan_folder
from store.workspace import Workspace

_KEPT_IN_THE_CATALOGUE_ALONE = (
    "When songs first came in, the trials of searches for settings, notes on runs, what was excluded from training, and"
    " what was found out about clips were known to the catalogue alone; the last is found out again."
)
_NUMERIC_PREFIX = "input_"


@dataclass(frozen=True)
class _Beside(Workspace):
    """The same workspace with another catalogue, which nobody else knows of."""

    @property
    def catalogue(self) -> Path:
        return self.folder / "rebuilt.duckdb"


def run(workspace: Workspace, params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Rebuild; `params`: `force`, whether also if the catalogue can be read.

    Raises
    ------
    WorkspaceError
        If the catalogue can be read, or there is nothing to rebuild it from.
    """
    if not params.get("force"):
        _refuse_if_sound(workspace)
    beside = _Beside(workspace.folder)
    beside.catalogue.unlink(missing_ok=True)
    new = Catalogue(beside)
    problems = [*_add_runs(new, progress), *_replay(beside, progress), *_fill_from_snapshots(new, progress)]
    counts = _finish(new)
    if not any(counts.values()):
        beside.catalogue.unlink()
        raise WorkspaceError(f"{workspace.folder} records no runs and no earlier imports to make a catalogue from.")
    aside = _take_place(workspace, beside)
    return {**counts, "set_aside": aside, "not_rebuilt": [*problems, _KEPT_IN_THE_CATALOGUE_ALONE]}


def _refuse_if_sound(workspace: Workspace) -> None:
    if not workspace.catalogue.exists():
        return
    try:
        check_catalogue(Catalogue(workspace))
    except CatalogueDamaged:
        return
    with Catalogue(workspace).lease() as db:
        empty = db.execute("SELECT NOT EXISTS (FROM tracks) AND NOT EXISTS (FROM runs)").fetchall()[0][0]
    # A catalogue that was lost is made anew, empty, by whoever looks first.
    if not empty:
        raise WorkspaceError(
            f"Every row of the catalogue {workspace.catalogue} can be read, so that there is nothing to rebuild."
            " Rebuild it all the same with --force; the old one is kept."
        )


def _add_runs(catalogue: Catalogue, progress: Progress) -> list[str]:
    """Put the runs that their folders record into the catalogue; gives why others are not."""
    problems = []
    folders = _run_folders(catalogue.workspace)
    for done, folder in enumerate(folders, start=1):
        progress.update(done, len(folders), "reading runs")
        if not run_record.is_kept(folder):
            problems.append(f"The run {folder.name} is not finished, or of Songfeat 0.1, which kept no record of it.")
            continue
        try:
            finished = run_record.load(folder)
        except SongfeatError as error:
            problems.append(f"The run {folder.name}: {error}")
            continue
        with catalogue.lease(write=True) as db:
            runs.save(db, finished)
    return problems


def _run_folders(workspace: Workspace) -> list[Path]:
    return sorted(path for path in workspace.runs.glob("*") if (path / "config.json").exists())


def _replay(workspace: Workspace, progress: Progress) -> list[str]:
    """Bring in again what earlier jobs brought in; gives why some of it is not."""
    earlier = [job for job in reversed(jobs.jobs(workspace, limit=None)) if job.folder != progress.folder]
    again: dict[str, Callable[[Job], object]] = {
        "import": lambda job: import_tables.run(workspace, _where_they_are(workspace, job.params), progress),
        "scan": lambda job: scan_folder.run(workspace, job.params, progress),
        "demo": lambda job: demo.add_songs(
            Catalogue(workspace), job.params.get("songs") or demo.DEFAULT_SONGS, progress
        ),
    }
    # These bring in no songs, or what they made is kept with the runs.
    made_elsewhere = (
        *("extract", "levels", "train", "sweep", "report", "rebuild", "pretrain", "predict", "predict_library"),
    )
    problems = []
    for job in earlier:
        if job.params.get("dry_run") or job.kind in made_elsewhere:
            continue
        if job.kind not in again:
            problems.append(f"What the job {job.job_id} ({job.title}) brought in; do it again.")
            continue
        try:
            again[job.kind](job)
        except SongfeatError as error:
            if job.state == "done":  # a job that failed then may fail now
                problems.append(f"What the job {job.job_id} ({job.title}) brought in: {error}")
    return problems


def _where_they_are(workspace: Workspace, params: dict[str, Any]) -> dict[str, Any]:
    """The same, but uploads as they lie now, in case the workspace was moved."""
    uploads = workspace.folder / "uploads"
    files = [uploads / Path(name).name if Path(name).parent.name == uploads.name else name for name in params["files"]]
    return {**params, "files": [str(name) for name in files]}


def _fill_from_snapshots(catalogue: Catalogue, progress: Progress) -> list[str]:
    """Add the songs and values that runs learned from and that nothing else gave."""
    filled, paths = 0, [folder / "snapshot.parquet" for folder in _run_folders(catalogue.workspace)]
    for done, path in enumerate(paths, start=1):
        progress.update(done, len(paths), "reading snapshots")
        if not path.exists():
            continue
        rows = _snapshot_rows(pd.read_parquet(path))
        with catalogue.lease(write=True) as db:
            db.register("snapshot_rows", rows)
            missing = db.execute("SELECT * FROM snapshot_rows ANTI JOIN reference USING (track_id, source)").df()
            db.unregister("snapshot_rows")
            known = {track for (track,) in db.execute("SELECT track_id FROM tracks").fetchall()}
            filled += int((~missing["track_id"].isin(known)).sum())
            if len(missing):
                merge(db, missing.rename_axis("row").reset_index())
    if not filled:
        return []
    return [f"Titles, names of artists and albums of {filled:,} tracks, which only the snapshots of runs still know."]


def _snapshot_rows(snapshot: pd.DataFrame) -> pd.DataFrame:
    """What a run learned from, as rows to merge; an artist is known by the key of the name alone."""
    plain = snapshot.reset_index(names="track_id").rename(
        columns={"artist": "artist_key", "genre": "genre_group", "label_source": "source"}
    )
    numbers = [name for name in plain.columns if name.startswith(_NUMERIC_PREFIX)]
    plain = plain.rename(columns={name: name.removeprefix(_NUMERIC_PREFIX) for name in numbers})
    values = [name for name in plain.columns if name in REFERENCE_COLUMNS]
    rows = plain[["track_id", "artist_key", "genre_group", "source", *values]]
    return rows[rows["source"] != ""].assign(title_key="", genre_group=rows["genre_group"].replace("", None))


def _finish(catalogue: Catalogue) -> dict[str, int]:
    """Count what there is, and make sure that no page takes this catalogue for one that it has seen."""
    names = ("tracks", "reference", "clips", "runs", "scores", "predictions")
    with catalogue.lease(write=True) as db:
        # Counted up from 0, no catalogue gets as far as the seconds since 1970.
        db.execute("UPDATE meta SET version = greatest(version, ?)", [int(datetime.now(UTC).timestamp())])
        return {name: int(db.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0]) for name in names}


def _take_place(workspace: Workspace, beside: Workspace) -> str | None:
    """Put the new catalogue where the old one is, which is kept under another name; gives that."""
    aside = workspace.folder / f"catalogue.replaced-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.duckdb"
    with Catalogue(beside).closed():
        duckdb.connect(str(beside.catalogue)).close()  # folds its log in
        with Catalogue(workspace).closed():
            log = workspace.catalogue.with_suffix(".duckdb.wal")
            if log.exists():
                log.replace(aside.with_suffix(".duckdb.wal"))
            old = workspace.catalogue.exists()
            if old:
                workspace.catalogue.replace(aside)
            beside.catalogue.replace(workspace.catalogue)
    for name in (".lock", ".queue", ".holder"):
        beside.catalogue.with_suffix(name).unlink(missing_ok=True)
    return str(aside) if old else None
