"""All songs that have a clip on a map, those that sound alike near each other."""

from dataclasses import dataclass

import pandas as pd

from songfeat.labels import ALL_TARGETS
from songfeat.projection import MINIMUM, project
from store.catalogue import Catalogue


@dataclass(frozen=True, kw_only=True, eq=False)
class SoundMap:
    """Where songs lie, and what is known of them.

    Attributes
    ----------
    songs : pandas.DataFrame
        track_id, title, artist, genre, genre_group, year, duration_s, x, y.
    explained : tuple of float, optional
        The share of the variance along x and y, from 0 to 1; None where axes mean nothing.
    """

    songs: pd.DataFrame
    explained: tuple[float, float] | None


def sound_map(catalogue: Catalogue, library: pd.DataFrame, method: str) -> SoundMap:
    """Place songs by how they sound.

    Parameters
    ----------
    catalogue : Catalogue
    library : pandas.DataFrame
        As :func:`store.clip_statistics.statistics` gives it.
    method : str
        One of :data:`songfeat.projection.METHODS`.

    Returns
    -------
    SoundMap
        Without songs where there are fewer than :data:`songfeat.projection.MINIMUM`.
    """
    explained, places = None, pd.DataFrame({"track_id": pd.Series(dtype=str), "x": 0.0, "y": 0.0})
    if len(library) >= MINIMUM:
        projection = project(library.to_numpy(dtype=float), method)
        explained = projection.explained
        places = pd.DataFrame(projection.places, index=library.index, columns=["x", "y"]).reset_index()
    with catalogue.lease() as db:
        db.register("places", places)
        songs = db.execute(
            "SELECT track_id, title, artist, genre, genre_group, year, duration_s, x, y"
            " FROM places JOIN tracks USING (track_id) ORDER BY track_id"
        ).df()
        db.unregister("places")
    return SoundMap(songs=songs, explained=explained)


def target_values(catalogue: Catalogue, source: str) -> pd.DataFrame:
    """The targets of all songs as one source gives them, by track id."""
    with catalogue.lease() as db:
        table = db.execute(
            f"SELECT track_id, {', '.join(ALL_TARGETS)} FROM reference WHERE source = ? ORDER BY track_id", [source]
        ).df()
    return table.set_index("track_id")
