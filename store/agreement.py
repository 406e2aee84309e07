"""Reference values of two sources side by side, for the songs that both know."""

import pandas as pd

from songfeat.agreement import COMPARABLE, agreement
from songfeat.errors import UnknownName
from store.catalogue import Catalogue
from store.overview import sources

SONG_KEY = (
    "CASE WHEN t.title_key <> '' AND t.artist_key <> ''"
    " THEN concat(t.title_key, chr(31), t.artist_key) ELSE t.track_id END"
)
"""What tracks of one song have in common, in SQL, over ``tracks t``: title and artist, else the id."""


def pairs(catalogue: Catalogue, first: str, second: str) -> pd.DataFrame:
    """The songs that both sources have values of, matched by title and artist, else by id.

    Where a source has several tracks of one name, the one with the first id counts.

    Returns
    -------
    pandas.DataFrame
        One row a song: track_id (the first source's), other_track_id, title,
        artist, artist_key, genre_group, and each of
        :data:`songfeat.agreement.COMPARABLE` twice, as ``first_…`` and ``second_…``.

    Raises
    ------
    UnknownName
        If there are no values of a source; the message lists the choices.
    """
    known = sources(catalogue)
    for name in (first, second):
        if name not in known:
            raise UnknownName("source with reference values", name, known)
    values = ", ".join(
        f"{side}.{name} AS {place}_{name}" for side, place in (("a", "first"), ("b", "second")) for name in COMPARABLE
    )
    with catalogue.lease() as db:
        return db.execute(
            f"""
            WITH named AS (
                SELECT r.*, t.title, t.artist, t.artist_key, t.genre_group, {SONG_KEY} AS song
                FROM reference r JOIN tracks t USING (track_id)
            ), one AS (
                SELECT DISTINCT ON (source, song) * FROM named WHERE source IN ($first, $second)
                ORDER BY source, song, track_id
            )
            SELECT a.track_id, b.track_id AS other_track_id, a.title, a.artist, a.artist_key,
                   coalesce(a.genre_group, b.genre_group) AS genre_group, {values}
            FROM one a JOIN one b USING (song) WHERE a.source = $first AND b.source = $second
            ORDER BY a.artist_key, a.title, a.track_id""",
            {"first": first, "second": second},
        ).df()


def side(songs: pd.DataFrame, place: str) -> pd.DataFrame:
    """One source's values among :func:`pairs`; `place` is ``first`` or ``second``."""
    return songs[[f"{place}_{name}" for name in COMPARABLE]].set_axis(list(COMPARABLE), axis=1)


def scores(catalogue: Catalogue, first: str, second: str) -> pd.DataFrame:
    """How far two sources agree: rows of :data:`songfeat.agreement.COLUMNS` for the features that both give."""
    songs = pairs(catalogue, first, second)
    table = agreement(side(songs, "first"), side(songs, "second"), artists=songs["artist_key"])
    return table[table["n"] > 0].reset_index(drop=True)
