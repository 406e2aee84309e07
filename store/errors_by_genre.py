"""Where a run errs: raw genres inside a group, and the songs that it is most wrong about."""

import pandas as pd

from store import runs
from store.catalogue import Catalogue


def inside(
    catalogue: Catalogue, run_id: str, *, genre: str, feature: str, split: str = "test", at_least: int = 1
) -> pd.DataFrame:
    """The error of a run by raw genre, inside a genre group.

    Columns: genre, n, mae, bias (the mean of predicted less reference); the
    largest error first. Raw genres with fewer than `at_least` songs are left out.

    Raises
    ------
    UnknownName
        If there is no such run.
    """
    pairs = _of_cell(catalogue, run_id, genre=genre, feature=feature, split=split)
    away = pairs["predicted"] - pairs["reference"]
    grouped = away.groupby(pairs["genre"].fillna("not known"))
    table = pd.DataFrame(
        {"n": grouped.size(), "mae": grouped.apply(lambda one: one.abs().mean()), "bias": grouped.mean()}
    )
    table = table[table["n"] >= at_least].sort_values(["mae", "n"], ascending=False)
    return table.rename_axis("genre").reset_index()


def worst(
    catalogue: Catalogue, run_id: str, *, genre: str | None, feature: str, split: str = "test", limit: int = 10
) -> pd.DataFrame:
    """The songs that a run is most wrong about, in a genre group or in all.

    Columns: track_id, title, artist, genre, reference, predicted, error
    (predicted less reference), path (of a clip, None where there is none).

    Raises
    ------
    UnknownName
        If there is no such run.
    """
    pairs = _of_cell(catalogue, run_id, genre=genre, feature=feature, split=split)
    pairs = pairs.assign(error=pairs["predicted"] - pairs["reference"])
    order = pairs["error"].abs().sort_values(ascending=False, kind="stable").index[:limit]
    return pairs.loc[order].reset_index(drop=True)


def _of_cell(catalogue: Catalogue, run_id: str, *, genre: str | None, feature: str, split: str) -> pd.DataFrame:
    with catalogue.lease() as db:
        pairs = runs.read_pairs(db, runs.read(db, run_id), split=split)
        chosen = pairs["feature"] == feature
        if genre is not None:
            chosen &= pairs["genre_group"] == genre
        pairs = pairs.loc[chosen, ["track_id", "title", "artist", "reference", "predicted"]]
        db.register("cell", pairs[["track_id"]])
        known = db.execute(
            """
            SELECT track_id, t.genre, min(c.path) FILTER (c.status = 'ok') AS path
            FROM cell JOIN tracks t USING (track_id) LEFT JOIN clips c USING (track_id) GROUP BY ALL"""
        ).df()
        db.unregister("cell")
    return pairs.merge(known, on="track_id", how="left").sort_values("track_id", ignore_index=True)
