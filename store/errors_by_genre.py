"""Where a run errs: raw genres inside a group, and the songs that it is most wrong about."""

import pandas as pd

from store import slices
from store.catalogue import Catalogue
from store.slices import Slice


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
    with catalogue.lease() as db:
        pairs, params = slices.pairs(db, Slice(run_id=run_id, split=split, genre=genre))
        return db.execute(
            f"""
            SELECT coalesce(genre, 'not known') AS genre, count(*) AS n,
                   favg(abs(predicted - reference)) AS mae, favg(predicted - reference) AS bias
            FROM ({pairs}) JOIN tracks USING (track_id) WHERE feature = $feature
            GROUP BY ALL HAVING n >= $at_least ORDER BY mae DESC, n DESC, genre""",
            {**params, "feature": feature, "at_least": at_least},
        ).df()


def worst(
    catalogue: Catalogue, run_id: str, *, genre: str | None, feature: str, split: str = "test", limit: int = 10
) -> pd.DataFrame:
    """The songs that a run is most wrong about, in a genre group or in all.

    Columns: track_id, title, artist, genre, reference, predicted, error
    (predicted less reference), path (of a clip, missing where there is none).

    Raises
    ------
    UnknownName
        If there is no such run.
    """
    with catalogue.lease() as db:
        pairs, params = slices.pairs(db, Slice(run_id=run_id, split=split, genre=genre))
        return db.execute(
            f"""
            SELECT track_id, title, artist, genre, reference, predicted, predicted - reference AS error,
                   (SELECT min(path) FROM clips c WHERE c.track_id = t.track_id AND c.status = 'ok') AS path
            FROM ({pairs}) JOIN tracks t USING (track_id) WHERE feature = $feature
            ORDER BY abs(predicted - reference) DESC, track_id LIMIT $limit""",
            {**params, "feature": feature, "limit": limit},
        ).df()
