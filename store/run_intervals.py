"""How far a run's predictions may be off: intervals from its own errors on songs that it did not learn from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from songfeat.intervals import FEWEST, Intervals
from songfeat.labels import ALL_TARGETS
from songfeat.pretrained import shipped
from store import runs
from store.catalogue import Catalogue
from store.label_sources import labels_query, parted
from store.work.predict_library import RUN_PREFIX, data_digest


@dataclass(frozen=True, kw_only=True, eq=False)
class RunIntervals:
    """What should hold the values of 80 in 100 songs, by target.

    Attributes
    ----------
    by_target : dict of str to Intervals
        Without targets for which too few songs have a reference value.
    part : str
        Whose errors they rest on: ``"val"``, of a cross-validated run ``"test"``, where each song is predicted by the
        model that did not learn from it; ``""`` where the intervals came with the model that comes with Songfeat.
    songs : int
        How many songs of that part they rest on, for the target that has fewest reference values.
    inside : float
        The share of values of the test part that lie inside, over all targets; NaN where there is no such part
        besides that of the errors.
    """

    by_target: dict[str, Intervals]
    part: str
    songs: int
    inside: float

    def around(self, values: Mapping[str, float]) -> dict[str, tuple[float, float]]:
        """Low and high for a song's predicted values, as far as there are intervals."""
        return {
            name: (float(low[0, 0]), float(high[0, 0]))
            for name, intervals in self.by_target.items()
            if name in values
            for low, high in [intervals.around_values(np.array([[values[name]]]))]
        }


_MOST_SONGS = 20_000
"""Of larger parts so many, always the same, tell as much about errors."""

_NONE = RunIntervals(by_target={}, part="", songs=0, inside=np.nan)


def of_run(catalogue: Catalogue, run_id: str) -> RunIntervals:
    """The intervals of a run, against the values that it learned.

    They are split-conformal: exact as far as new songs are like those of the
    part, and a little too narrow where that part also told the training when
    to stop. See :class:`songfeat.intervals.Intervals`.

    Raises
    ------
    UnknownName
        If there is no such run.
    """
    with catalogue.lease() as db:
        run = runs.read(db, run_id)
        targets = [name for name in ALL_TARGETS if name in run["targets"]]
        songs = _songs(db, run, targets)
    part = "val" if pd.isna(run["folds"]) else "test"
    tested = songs[songs["split"] == "test"] if part == "val" else songs.head(0)
    if run["model"] == RUN_PREFIX:
        theirs = of_shipped() if run["data_digest"] == data_digest() else _NONE
        return replace(theirs, inside=_inside(theirs.by_target, tested))
    pairs = {name: _pairs(songs[songs["split"] == part], name) for name in targets}
    by_target = {name: Intervals.fit_values(*own) for name, own in pairs.items() if len(own[0]) >= FEWEST}
    fewest = min((len(own[0]) for own in pairs.values()), default=0)
    return RunIntervals(by_target=by_target, part=part, songs=fewest, inside=_inside(by_target, tested))


def run_of_shipped(table: pd.DataFrame) -> str | None:
    """Of a table of runs the newest in which the model that comes with Songfeat, as it is, answered for the library."""
    found = table[(table["model"] == RUN_PREFIX) & (table["data_digest"] == data_digest())]
    return None if found.empty else str(found["run_id"].iloc[0])


def of_shipped() -> RunIntervals:
    """The intervals that come with the shipped model, as of a song that it hears in one window."""
    model = shipped()
    whole = model.intervals
    by_target = {
        name: Intervals(*(part[[place]] for part in (whole.knots, whole.low, whole.high)))
        for place, name in enumerate(model.targets)
    }
    return replace(_NONE, by_target=by_target)


def _songs(db: duckdb.DuckDBPyConnection, run: "pd.Series[Any]", targets: list[str]) -> pd.DataFrame:
    """Songs of the validation and test part: split, and for each target ``predicted_…`` and ``reference_…``."""
    if not targets:
        return pd.DataFrame(columns=["split"])
    predicted = ", ".join(f"any_value(value) FILTER (feature = '{name}') AS predicted_{name}" for name in targets)
    reference = ", ".join(f"k.{name} AS reference_{name}" for name in targets)
    return db.execute(
        f"""
        WITH sampled AS MATERIALIZED (
            SELECT track_id, split FROM predictions WHERE run_id = $run AND split IN ('val', 'test')
            GROUP BY track_id, split
            QUALIFY row_number() OVER (PARTITION BY split ORDER BY hash(track_id), track_id) <= {_MOST_SONGS}
        ), guesses AS (
            SELECT track_id, split, {predicted}
            FROM predictions SEMI JOIN sampled USING (track_id) WHERE run_id = $run GROUP BY track_id, split
        ), given AS (FROM reference SEMI JOIN sampled USING (track_id))
        SELECT split, COLUMNS('^predicted_'), {reference}
        FROM guesses JOIN ({labels_query(targets, run["inputs"], among="given")}) k USING (track_id)""",
        {"run": run["run_id"], "sources": parted(run["source"])},
    ).df()


def _inside(by_target: Mapping[str, Intervals], tested: pd.DataFrame) -> float:
    hits = []
    for name, intervals in by_target.items():
        predicted, reference = _pairs(tested, name)
        low, high = intervals.around_values(predicted)
        hits.append((reference >= low) & (reference <= high))
    together = np.concatenate(hits) if hits else np.empty(0)
    return float(together.mean()) if len(together) else np.nan


def _pairs(songs: pd.DataFrame, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Predicted and reference values of a target, (n, 1), of the songs that have both."""
    both = songs.reindex(columns=[f"predicted_{name}", f"reference_{name}"]).dropna().to_numpy(dtype=float)
    return both[:, :1], both[:, 1:]
