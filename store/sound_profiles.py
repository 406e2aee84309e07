"""A song's MFCCs beside another's, or beside those of its genre."""

import pandas as pd

from store.catalogue import Catalogue
from store.listening import Sound


def profile(library: pd.DataFrame, sound: Sound, whose: str) -> pd.DataFrame:
    """The mean of each coefficient over a clip, in standard deviations from the library's average clip.

    Parameters
    ----------
    library : pandas.DataFrame
        As :func:`store.clip_statistics.statistics` gives it, of the sound's spec.
    sound : Sound
    whose : str
        What the song is called.

    Returns
    -------
    pandas.DataFrame
        Columns coefficient, whose, value; a coefficient in which all clips are alike has no value.
    """
    means = _means(library)
    own = pd.Series(sound.coefficients.mean(axis=1), index=means.columns)
    return _long((own - means.mean()) / _spread(means), whose)


def group_profile(library: pd.DataFrame, members: pd.Index, whose: str) -> pd.DataFrame:
    """The same of several songs: their mean, with one standard deviation over the songs on each side.

    Columns coefficient, whose, value, low, high.
    """
    means = _means(library)
    scaled = (means - means.mean()) / _spread(means)
    group = scaled[scaled.index.isin(members)]
    middle, deviation = group.mean(), group.std(ddof=0)
    return _long(middle, whose).assign(low=(middle - deviation).to_numpy(), high=(middle + deviation).to_numpy())


def genre_members(catalogue: Catalogue, genre: str) -> pd.Index:
    """The ids of the songs of a genre group."""
    with catalogue.lease() as db:
        table = db.execute("SELECT track_id FROM tracks WHERE genre_group = ? ORDER BY track_id", [genre]).df()
    return pd.Index(table["track_id"])


def _means(library: pd.DataFrame) -> pd.DataFrame:
    return library.filter(regex=r"^mean_").astype(float)


def _spread(means: pd.DataFrame) -> pd.Series:
    spread = means.std(ddof=0)
    return spread.where(spread > 0)


def _long(values: pd.Series, whose: str) -> pd.DataFrame:
    return pd.DataFrame({"coefficient": range(len(values)), "whose": whose, "value": values.to_numpy()})
