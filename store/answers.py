"""What the catalogue knows as plain records, for the command line and other programs."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from songfeat.labels import AVERAGE, QUESTIONS, REFERENCE_COLUMNS
from store import agreement, comparing, exclusions, jobs, quality, runs, tracks
from store.catalogue import Catalogue
from store.workspace import Workspace

Record = dict[str, Any]


def leaderboard(catalogue: Catalogue) -> list[Record]:
    """The finished runs, newest first, each with its scores on the test part, averaged over its targets."""
    table = runs.all_runs(catalogue)
    scored = runs.scores(catalogue, list(table["run_id"]), split="test", genre="all")
    averages = scored[scored["feature"] == AVERAGE].pivot_table(
        index="run_id", columns="metric", values="value", dropna=False
    )
    shown = ["run_id", "model", "source", "split", "seed", "n_train", "n_val", "n_test", "folds", "epochs", "seconds"]
    board = table[[*shown, "near_constant", "targets", "finished_at"]].join(averages, on="run_id")
    left_out = exclusions.of_runs(catalogue).groupby("run_id")["songs"].sum()
    board.insert(list(board).index("n_test") + 1, "excluded", board["run_id"].map(left_out).fillna(0).astype(int))
    return records(board)


def scores(
    catalogue: Catalogue, run_ids: Sequence[str], *, split: str | None, genre: str | None, by: str = "genre"
) -> list[Record]:
    """The scores of runs by part, group (see :func:`store.runs.scores`), feature and metric."""
    return records(runs.scores(catalogue, run_ids, split=split, genre=genre, by=by))


def comparison(catalogue: Catalogue, first: str, second: str, *, split: str, genre: str | None) -> Record:
    """Two runs on the tracks that both predicted in a part."""
    found = comparing.compare(catalogue, first, second, split=split, genre=genre)
    return {
        "first": first,
        "second": second,
        "split": split,
        "tracks": found.tracks,
        "notes": list(found.notes),
        "comparison": records(found.table),
    }


def matches(catalogue: Catalogue, query: str, *, limit: int) -> list[Record]:
    """Songs found by name, each with reference values by source and predictions by run.

    `parts` says for each run whether the song was trained on: a prediction for
    a song of the training part says little about how good the run is.
    """
    found = []
    for track_id in tracks.search(catalogue, query, limit=limit)["track_id"]:
        song = tracks.song(catalogue, track_id)
        track = song["track"]
        found.append(
            {
                "track_id": track_id,
                "title": track.get("title"),
                "artist": track.get("artist"),
                "genre": track.get("genre"),
                "reference": _nested(song["reference"], "source"),
                "predictions": _nested(song["predictions"], "run_id"),
                "parts": song["predictions"].drop_duplicates("run_id").set_index("run_id")["split"].to_dict(),
            }
        )
    return found


def source_agreement(catalogue: Catalogue, first: str, second: str) -> Record:
    """Two sources of reference values: how many songs they share, and how far they agree."""
    return {
        "first": first,
        "second": second,
        "songs": len(agreement.pairs(catalogue, first, second)),
        "agreement": records(agreement.scores(catalogue, first, second)),
    }


def oddities(catalogue: Catalogue, check: str | None) -> Record:
    """What looks odd, counted by check; of one check also the songs behind it."""
    if check is None:
        return {"checks": records(quality.summary(catalogue))}
    return {"check": check, "songs": records(quality.songs(catalogue, check, limit=None))}


def exclude(
    catalogue: Catalogue, track_ids: Sequence[str], *, check: str | None, source: str | None, reason: str | None
) -> Record:
    """Keep songs from training: by id, all behind a check, or all values of a source; gives what is excluded now.

    Raises
    ------
    UnknownName, ConfigError
    """
    new = 0
    if source:
        new += exclusions.exclude_source(catalogue, source, reason or "")
    if check:
        found = quality.songs(catalogue, check, limit=None)
        new += exclusions.exclude_songs(catalogue, list(found["track_id"]), reason or quality.CHECKS[check].title)
    if track_ids:
        new += exclusions.exclude_songs(catalogue, track_ids, reason or "")
    return {"excluded": new, "exclusions": records(exclusions.listed(catalogue))}


def job_list(workspace: Workspace) -> list[Record]:
    """Jobs, newest first, each with its state, how far it is and what went wrong."""
    return [
        {
            "job_id": job.job_id,
            "kind": job.kind,
            "title": job.title,
            "state": job.state,
            "done": job.step.done if job.step else None,
            "total": job.step.total if job.step else None,
            "eta_s": job.step.eta_s if job.step and job.live else None,
            "created_at": job.created_at,
            "error": job.error["message"] if job.error else None,
        }
        for job in jobs.jobs(workspace)
    ]


def records(table: pd.DataFrame) -> list[Record]:
    """Rows as records of plain Python values; what is not known is None."""
    return [{str(name): plain(value) for name, value in row.items()} for row in table.to_dict(orient="records")]


def plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, pd.Timestamp):
        return value.isoformat(timespec="seconds")
    if value is pd.NaT or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value


def _nested(table: pd.DataFrame, owner: str) -> dict[str, dict[str, float]]:
    """Values by owner, then by feature in their order."""
    nested: dict[str, dict[str, float]] = {}
    order = (*REFERENCE_COLUMNS, *QUESTIONS)
    ordered = table.sort_values("feature", key=lambda names: names.map(order.index), kind="stable")
    for whose in table[owner].unique():
        own = ordered[ordered[owner] == whose]
        nested[str(whose)] = {
            str(name): round(float(value), 6) for name, value in zip(own["feature"], own["value"], strict=True)
        }
    return nested
