"""How far a run's predictions may be off: intervals from its own errors on songs that it did not learn from."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from songfeat.intervals import FEWEST, Intervals
from songfeat.labels import ALL_TARGETS
from songfeat.pretrained import shipped
from store import runs
from store.catalogue import Catalogue
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
        How many songs of that part have a reference value of a target, of the target that has fewest.
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
        part = "val" if pd.isna(run["folds"]) else "test"
        own = run["model"] == RUN_PREFIX
        known = None if own else runs.read_pairs(db, run, split=part)
        tested = None if part == "test" else runs.read_pairs(db, run, split="test")
    if known is None:
        by_target, part, songs = _of_the_shipped_model(run["data_digest"]), "", 0
    else:
        of_targets = {name: known[known["feature"] == name] for name in run["targets"] if name in ALL_TARGETS}
        songs = min((len(pairs) for pairs in of_targets.values()), default=0)
        by_target = {name: _fitted(pairs) for name, pairs in of_targets.items() if len(pairs) >= FEWEST}
    return RunIntervals(
        by_target=by_target, part=part, songs=songs, inside=_inside(by_target, tested) if tested is not None else np.nan
    )


def run_of_shipped(table: pd.DataFrame) -> str | None:
    """Of a table of runs the newest in which the model that comes with Songfeat, as it is, answered for the library."""
    found = table[(table["model"] == RUN_PREFIX) & (table["data_digest"] == data_digest())]
    return None if found.empty else str(found["run_id"].iloc[0])


def _of_the_shipped_model(digest: str) -> dict[str, Intervals]:
    """Its own intervals, as of a song that it hears in one window; none of another version than this one."""
    model = shipped()
    if digest != data_digest():
        return {}
    whole = model.intervals
    return {
        name: Intervals(*(part[[place]] for part in (whole.knots, whole.low, whole.high)))
        for place, name in enumerate(model.targets)
    }


def _fitted(pairs: pd.DataFrame) -> Intervals:
    return Intervals.fit_values(*(_column(pairs, name) for name in ("predicted", "reference")))


def _inside(by_target: Mapping[str, Intervals], pairs: pd.DataFrame) -> float:
    hits = []
    for name, intervals in by_target.items():
        own = pairs[pairs["feature"] == name]
        if len(own):
            low, high = intervals.around_values(_column(own, "predicted"))
            reference = _column(own, "reference")
            hits.append(((reference >= low) & (reference <= high)).ravel())
    return float(np.concatenate(hits).mean()) if hits else np.nan


def _column(pairs: pd.DataFrame, name: str) -> np.ndarray:
    return pairs[[name]].to_numpy(dtype=float)
