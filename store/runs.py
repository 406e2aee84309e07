"""Finished trainings: what they were, how they score, what they predict."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from songfeat.errors import UnknownName
from songfeat.labels import ALL_TARGETS, ANSWERS, AVERAGE, QUESTIONS
from songfeat.metrics import ALL
from store.catalogue import Catalogue
from store.label_sources import labels_query, parted

RUN_COLUMNS = (
    "run_id", "model", "inputs", "targets", "source", "split", "seed", "spec", "spec_digest", "config", "data_digest",
    "n_train", "n_val", "n_test", "epochs", "seconds", "near_constant", "folds",
)  # fmt: skip
SCORE_COLUMNS = (
    "split", "genre", "decade", "label_source", "feature", "metric", "value", "low", "high", "n", "mean_value",
)  # fmt: skip
GROUPINGS = ("genre", "decade", "label_source")
"""By what scores are told apart: a row is of the tracks of one group, or of :data:`songfeat.metrics.ALL`."""


@dataclass(frozen=True, kw_only=True)
class FinishedRun:
    """A run as it enters the catalogue.

    `run` may lack `folds`, which is for cross-validation, and `finished_at`, if
    that is now (in local time, as the catalogue has it). `scores` has the
    columns of :data:`SCORE_COLUMNS`, of `GROUPINGS` those that are not "all"
    everywhere; `predictions` has
    track_id, split and one column per target. Where a run's model answers a
    question, the question is its only target.
    """

    run: dict[str, Any]
    scores: pd.DataFrame
    predictions: pd.DataFrame


def save(db: duckdb.DuckDBPyConnection, finished: FinishedRun) -> None:
    """Put a run with its scores and predictions into the catalogue, in the place of what it had there."""
    run_id = finished.run["run_id"]
    for table in ("runs", "scores", "predictions"):
        db.execute(f"DELETE FROM {table} WHERE run_id = ?", [run_id])
    places = ", ".join("?" for _ in RUN_COLUMNS)
    db.execute(
        f"INSERT INTO runs ({', '.join(RUN_COLUMNS)}, finished_at)"
        f" VALUES ({places}, coalesce(CAST(? AS TIMESTAMP), now()::TIMESTAMP))",
        [{"folds": None, "finished_at": None, **finished.run}[name] for name in (*RUN_COLUMNS, "finished_at")],
    )
    groupings = {name: ALL for name in GROUPINGS if name not in finished.scores}
    db.register("scores_to_add", finished.scores.assign(**groupings).reindex(columns=list(SCORE_COLUMNS)))
    db.execute(
        f"INSERT INTO scores (run_id, {', '.join(SCORE_COLUMNS)})"
        f" SELECT ?, {', '.join(SCORE_COLUMNS)} FROM scores_to_add",
        [run_id],
    )
    db.register("predictions_to_add", finished.predictions)
    targets = [name for name in finished.predictions.columns if name in finished.run["targets"]]
    db.execute(
        f"""
        INSERT INTO predictions (run_id, track_id, split, feature, value)
        SELECT ?, track_id, split, feature, value FROM (
            UNPIVOT predictions_to_add ON {", ".join(targets)} INTO NAME feature VALUE value
        ) ORDER BY track_id""",
        [run_id],
    )
    db.unregister("scores_to_add")
    db.unregister("predictions_to_add")


def all_runs(catalogue: Catalogue) -> pd.DataFrame:
    """Every finished run, newest first."""
    with catalogue.lease() as db:
        return _read_runs(db)


def get(catalogue: Catalogue, run_id: str) -> pd.Series:
    """One run.

    Raises
    ------
    UnknownName
        If there is none of this id; the message lists the choices.
    """
    with catalogue.lease() as db:
        return read(db, run_id)


def read(db: duckdb.DuckDBPyConnection, run_id: str) -> pd.Series:
    """One run, within a lease; raises as :func:`get` does."""
    table = _read_runs(db)
    found = table[table["run_id"] == run_id]
    if found.empty:
        raise UnknownName("run", run_id, table["run_id"])
    return found.iloc[0]


def _read_runs(db: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    table = db.execute("SELECT * FROM runs ORDER BY finished_at DESC, run_id").df()
    # Most runs have no folds; without this the others would have a fraction of them.
    return table.astype({"folds": "Int64"})


def newest_with(catalogue: Catalogue, *kinds: str) -> str | None:
    """The newest run of a model (not the mean) that sees inputs of one of these kinds and of no other.

    One that predicts values of features, not the answer to a question.
    """
    with catalogue.lease() as db:
        row = db.execute(
            """
            SELECT run_id FROM runs
            WHERE len(inputs) = 1 AND list_contains(?, inputs[1]) AND list_has_any(targets, ?)
            ORDER BY finished_at DESC LIMIT 1""",
            [list(kinds), list(ALL_TARGETS)],
        ).fetchone()
    return None if row is None else str(row[0])


def scores(
    catalogue: Catalogue,
    run_ids: Sequence[str],
    *,
    split: str | None = None,
    genre: str | None = None,
    by: str = "genre",
) -> pd.DataFrame:
    """The scores of runs, in long form: run_id and :data:`SCORE_COLUMNS`.

    Parameters
    ----------
    catalogue : Catalogue
    run_ids : sequence of str
    split, genre : str, optional
        Only those of this part and this genre.
    by : str
        One of :data:`GROUPINGS`: the rows are of all tracks and of each of
        these groups. A `label_source` is whose values the predictions are
        compared with; all tracks are compared with those that were learned.

    Raises
    ------
    UnknownName
        If a run does not exist, or there is no such grouping.
    """
    if by not in GROUPINGS:
        raise UnknownName("grouping", by, GROUPINGS)
    others = " AND ".join(f"s.{name} = $all" for name in GROUPINGS if name != by)
    with catalogue.lease() as db:
        known = _read_runs(db)["run_id"]
        for run_id in set(run_ids) - set(known):
            raise UnknownName("run", run_id, known)
        table = db.execute(
            f"""
            SELECT s.*, r.model FROM scores s JOIN runs r USING (run_id)
            WHERE list_contains($runs, run_id) AND s.split = coalesce($split, s.split)
              AND genre = coalesce($genre, genre) AND {others}""",
            {"runs": list(run_ids), "split": split, "genre": genre, "all": ALL},
        ).df()
    order = {name: place for place, name in enumerate((*ANSWERS, AVERAGE))}
    table["order"] = table["feature"].map(order)
    keys = ["run_id", "split", *GROUPINGS, "metric", "order"]
    return table.sort_values(keys, ignore_index=True).drop(columns="order")


def best_by_target(catalogue: Catalogue, metric: str, *, lower_is_better: bool) -> pd.DataFrame:
    """For each target and source the run that scores best on its test part.

    Columns: source, feature, run_id, model, value, low, high, n, mean_value.
    Runs are only compared within one source, as sources define the targets
    differently. Runs of a random split are left out, which flatters. Runs are
    measured on test parts of their own, some of them easier: an error therefore
    counts as a share of the mean predictor's on the same tracks.
    """
    rank = "s.value / s.mean_value ASC" if lower_is_better else "s.value DESC"
    with catalogue.lease() as db:
        table = db.execute(
            f"""
            SELECT r.source, s.feature, r.run_id, r.model, s.value, s.low, s.high, s.n, s.mean_value
            FROM scores s JOIN runs r USING (run_id)
            WHERE r.split <> 'random' AND s.split = 'test'
              AND s.genre = 'all' AND s.decade = 'all' AND s.label_source = 'all'
              AND s.metric = ? AND s.feature <> ? AND isfinite(s.value)
            QUALIFY row_number() OVER (PARTITION BY r.source, s.feature ORDER BY {rank}, r.run_id) = 1""",
            [metric, AVERAGE],
        ).df()
    table["order"] = table["feature"].map(ANSWERS.index)
    return table.sort_values(["source", "order"], ignore_index=True).drop(columns="order")


def pairs(catalogue: Catalogue, run_id: str, *, split: str | None = "test", source: str | None = None) -> pd.DataFrame:
    """Predicted beside reference values of one run, from the source that it learned each track's from, or another.

    Columns: track_id, title, artist, genre_group, split, feature, predicted,
    reference. For a question the one is how likely yes is, the other 1 for yes and 0 for no.
    """
    with catalogue.lease() as db:
        return read_pairs(db, read(db, run_id), split=split, source=source)


def read_pairs(
    db: duckdb.DuckDBPyConnection, run: "pd.Series[Any]", *, split: str | None = "test", source: str | None = None
) -> pd.DataFrame:
    """As :func:`pairs`, within a lease."""
    query, params = pairs_query(run, split=split, source=source)
    return db.execute(
        f"""
        SELECT track_id, title, artist, genre_group, split, feature, predicted, reference
        FROM ({query}) JOIN tracks USING (track_id)""",
        params,
    ).df()


def pairs_query(run: "pd.Series[Any]", *, split: str | None, source: str | None = None) -> tuple[str, dict[str, Any]]:
    """What :func:`pairs` reads, without what is known of the tracks: in SQL, and the parameters that it takes."""
    sources = parted(source or run["source"])
    labels = labels_query(_features(run["targets"]), run["inputs"], several=len(sources) > 1)
    right = " ".join(f"WHEN '{name}' THEN {_right_answer(name)}" for name in run["targets"])
    query = f"""
        SELECT track_id, split, feature, predicted, reference FROM (
            SELECT p.track_id, p.split, p.feature, p.value AS predicted, CASE p.feature {right} END AS reference
            FROM predictions p JOIN ({labels}) USING (track_id)
            WHERE p.run_id = $run AND p.split = coalesce($split, p.split)
        ) WHERE reference IS NOT NULL"""
    return query, {"sources": sources, "run": run["run_id"], "split": split}


def _features(targets: Sequence[str]) -> list[str]:
    """The features whose values answer what a run was asked for."""
    return [QUESTIONS[name].feature if name in QUESTIONS else name for name in targets]


def _right_answer(target: str) -> str:
    """What a row of reference values gives for a target, in SQL."""
    question = QUESTIONS.get(target)
    return target if question is None else f"({question.feature} > {question.threshold})::DOUBLE"
