"""Many numbers a song in two, so that songs can lie on a map."""

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from songfeat.errors import ConfigError, UnknownName

METHODS = ("pca", "umap")
MINIMUM = 3
"""Fewer songs make no map."""

_NEIGHBOURS = 15


@dataclass(frozen=True, kw_only=True, eq=False)
class Projection:
    """Where songs lie.

    Attributes
    ----------
    places : numpy.ndarray
        float64, (n, 2).
    explained : tuple of float, optional
        The share of the variance along each axis, from 0 to 1; None where axes mean nothing.
    """

    places: np.ndarray
    explained: tuple[float, float] | None


def available() -> tuple[str, ...]:
    """The methods that can be used here: UMAP is a package of its own."""
    return METHODS if find_spec("umap") else METHODS[:1]


def project(values: np.ndarray, method: str = "pca") -> Projection:
    """Place rows in a plane, each column counted in its standard deviations.

    Parameters
    ----------
    values : numpy.ndarray
        (n, columns), n at least :data:`MINIMUM`, two columns at least.
    method : {"pca", "umap"}
        ``"pca"``: the two directions in which rows differ most (Pearson, 1901;
        the sign of each is such that the largest weight is positive).
        ``"umap"``: neighbours stay neighbours, distances mean little (McInnes
        et al., 2018).

    Raises
    ------
    UnknownName
        If the method is neither.
    ConfigError
        If there are too few rows, or if UMAP is asked for and not installed.
    """
    if method not in METHODS:
        raise UnknownName("method", method, METHODS)
    if len(values) < MINIMUM:
        raise ConfigError(f"A map needs at least {MINIMUM} songs, not {len(values)}.")
    deviation = values.std(axis=0)
    scaled = np.divide(values - values.mean(axis=0), deviation, out=np.zeros(values.shape), where=deviation > 0)
    return _pca(scaled) if method == "pca" else _umap(scaled)


def _pca(scaled: np.ndarray) -> Projection:
    from sklearn.decomposition import PCA

    pca = PCA(n_components=2, svd_solver="full").fit(scaled)
    largest = np.abs(pca.components_).argmax(axis=1)
    signs = np.sign(pca.components_[np.arange(2), largest])
    first, second = (float(share) for share in pca.explained_variance_ratio_)
    return Projection(places=pca.transform(scaled) * signs, explained=(first, second))


def _umap(scaled: np.ndarray) -> Projection:
    if "umap" not in available():
        raise ConfigError("UMAP is not installed: pip install umap-learn, or take PCA.")
    from umap import UMAP

    places = UMAP(n_neighbors=min(_NEIGHBOURS, len(scaled) - 1), init="pca", random_state=0, n_jobs=1)
    return Projection(places=places.fit_transform(scaled).astype(np.float64), explained=None)
