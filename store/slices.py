"""A part of a run's predictions, by genre and by whose values they are held against; and how close they come."""

from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from songfeat import metrics
from songfeat.errors import UnknownName
from songfeat.labels import QUESTIONS
from songfeat.metrics import ALL
from songfeat.splits import PARTS
from store import runs
from store.catalogue import Catalogue


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Which predictions of a run are looked at, and whose values they are held against.

    Attributes
    ----------
    run_id : str
    split : str
        One of :data:`songfeat.splits.PARTS`.
    genre : str, optional
        A genre group; None for all.
    source : str, optional
        Whose reference values; None for those that the run learned.
    """

    run_id: str
    split: str = "test"
    genre: str | None = None
    source: str | None = None

    def __post_init__(self) -> None:
        if self.split not in PARTS:
            raise UnknownName("part", self.split, PARTS)


def scores(catalogue: Catalogue, part: Slice) -> pd.DataFrame:
    """How close the predictions of a slice come: feature, metric, value, low, high, n and mean_value.

    They are those that were measured after the training, where it measured
    this slice; otherwise they are measured now, in the same way. What always
    answering the training mean scores (`mean_value`) is NaN where a run has no
    training part of its own, as after a cross-validation.
    """
    run = runs.get(catalogue, part.run_id)
    table = _measured(catalogue, part, run)
    if table.empty and not set(run["targets"]) & set(QUESTIONS):
        table = _measure(catalogue, part, run)
    return table.reindex(columns=["feature", "metric", "value", "low", "high", "n", "mean_value"])


def _measured(catalogue: Catalogue, part: Slice, run: "pd.Series[Any]") -> pd.DataFrame:
    """The scores of a slice that stand in the catalogue; none where it combines what was measured apart."""
    if part.source is None or part.source == run["source"]:
        return runs.scores(catalogue, [part.run_id], split=part.split, genre=part.genre or ALL)
    table = runs.scores(catalogue, [part.run_id], split=part.split, by="label_source")
    return table[(table["label_source"] == part.source) & (part.genre is None)]


def _measure(catalogue: Catalogue, part: Slice, run: "pd.Series[Any]") -> pd.DataFrame:
    with catalogue.lease() as db:
        query, params = pairs(db, part)
        found = db.execute(
            f"SELECT track_id, artist_key, feature, predicted, reference FROM ({query}) JOIN tracks USING (track_id)",
            params,
        ).df()
        trained, asked = runs.pairs_query(run, split="train")
        means = db.execute(f"SELECT feature, avg(reference) AS mean FROM ({trained}) GROUP BY feature", asked).df()
    if found.empty:
        return found
    predicted, reference = (
        found.pivot(index="track_id", columns="feature", values=of) for of in ("predicted", "reference")
    )
    artists = found.drop_duplicates("track_id").set_index("track_id")["artist_key"]
    constant = reference * 0 + means.set_index("feature")["mean"].reindex(reference.columns)
    table = metrics.evaluate(predicted, reference, artists=artists)
    of_mean = metrics.evaluate(constant, reference, artists=artists, draws=0)
    return table.assign(mean_value=of_mean["value"])


def pairs(db: duckdb.DuckDBPyConnection, part: Slice) -> tuple[str, dict[str, Any]]:
    """The pairs of a slice in SQL, and the parameters that it takes."""
    query, params = runs.pairs_query(runs.read(db, part.run_id), split=part.split, source=part.source)
    if part.genre is None:
        return query, params
    of_genre = (
        f"SELECT * FROM ({query}) SEMI JOIN (SELECT track_id FROM tracks WHERE genre_group = $genre) USING (track_id)"
    )
    return of_genre, {**params, "genre": part.genre}
