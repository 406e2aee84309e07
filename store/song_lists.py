"""Lists of songs to pick one from."""

import pandas as pd

from store import tracks
from store.catalogue import Catalogue


def pick_list(catalogue: Catalogue, query: str, *, with_clip: bool = False, limit: int = 50) -> pd.DataFrame:
    """Songs that a query finds; without a query those of which there is most to show.

    Parameters
    ----------
    catalogue : Catalogue
    query : str
        Words of a title and artist, or nothing.
    with_clip : bool
        Only songs that can be heard.
    limit : int

    Returns
    -------
    pandas.DataFrame
        As :func:`store.tracks.search` gives it.
    """
    if not query.strip():
        return _worth_a_look(catalogue, with_clip, limit)
    found = tracks.search(catalogue, query, limit=limit)
    return found[found["has_clip"]].reset_index(drop=True) if with_clip else found


def _worth_a_look(catalogue: Catalogue, with_clip: bool, limit: int) -> pd.DataFrame:
    """Songs with a clip first, among those the ones that some run was tested on, as it never saw them."""
    with catalogue.lease() as db:
        return db.execute(
            """
            WITH heard AS (SELECT DISTINCT track_id FROM clips WHERE status = 'ok'),
                 predicted AS (SELECT track_id, bool_or(split = 'test') AS tested FROM predictions GROUP BY track_id)
            SELECT t.track_id, t.title, t.artist, t.genre, t.genre_group, t.year, t.duration_s,
                   h.track_id IS NOT NULL AS has_clip
            FROM tracks t LEFT JOIN heard h USING (track_id) LEFT JOIN predicted p USING (track_id)
            WHERE h.track_id IS NOT NULL OR NOT $with_clip
            ORDER BY has_clip DESC, coalesce(p.tested, false) DESC, p.track_id IS NOT NULL DESC,
                     t.popularity DESC NULLS LAST, t.title, t.track_id
            LIMIT $limit""",
            {"with_clip": with_clip, "limit": limit},
        ).df()
