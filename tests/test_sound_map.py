"""Songs on a map, and beside each other, by how they sound."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from songfeat.errors import ConfigError, UnknownName
from songfeat.projection import project
from store.catalogue import Catalogue
from store.listening import Sound, envelope
from store.sound_map import sound_map, target_values
from store.sound_profiles import genre_members, group_profile, profile
from tests.workspaces import fill


def groups(seed: int = 0) -> np.ndarray:
    """Forty rows in two heaps that are far apart in the third column alone."""
    values = np.random.default_rng(seed).normal(0, 0.05, (40, 5))
    values[20:, 2] += 9
    return values


def test_pca_gives_the_coordinates_that_the_covariance_says():
    values = groups()
    found = project(values)
    scaled = (values - values.mean(axis=0)) / values.std(axis=0)
    variances, directions = np.linalg.eigh(np.cov(scaled.T, ddof=0))
    for axis in range(2):
        direction = directions[:, -1 - axis]
        direction = direction * np.sign(direction[np.abs(direction).argmax()])
        np.testing.assert_allclose(found.places[:, axis], scaled @ direction, atol=1e-8)
    assert found.explained == pytest.approx(variances[::-1][:2] / variances.sum())


@pytest.mark.parametrize("method", ["pca", pytest.param("umap", marks=pytest.mark.soak)])  # which compiles itself
def test_what_sounds_alike_lies_together(method: str):
    values = np.random.default_rng(0).normal(0, 0.1, (40, 5))
    values[20:] += 5
    places = project(values, method).places
    first, second = places[:20], places[20:]
    within = max(np.ptp(first, axis=0).max(), np.ptp(second, axis=0).max())
    assert np.linalg.norm(first.mean(axis=0) - second.mean(axis=0)) > within
    np.testing.assert_array_equal(places, project(values, method).places)


def test_columns_that_do_not_vary_and_odd_questions():
    values = np.column_stack([np.arange(4.0), np.ones(4), np.zeros(4)])
    assert np.isfinite(project(values).places).all()
    with pytest.raises(ConfigError, match="at least 3 songs, not 2"):
        project(values[:2])
    with pytest.raises(UnknownName, match="pca, umap"):
        project(values, "tsne")


def library(track_ids: list[str]) -> pd.DataFrame:
    values = np.random.default_rng(1).normal(size=(len(track_ids), 4))
    columns = ["mean_0", "mean_1", "deviation_0", "deviation_1"]
    return pd.DataFrame(values, index=pd.Index(track_ids, name="track_id"), columns=columns)


def test_a_map_says_which_song_lies_where(tmp_path: Path):
    catalogue = Catalogue(fill(tmp_path / "w", songs=10, with_clip=0))
    table = library(["demo:3", "demo:1", "demo:7"])
    found = sound_map(catalogue, table, "pca")
    assert list(found.songs["track_id"]) == ["demo:1", "demo:3", "demo:7"]
    assert list(found.songs["title"]) == ["Song 1", "Song 3", "Song 7"]
    expected = pd.DataFrame(project(table.to_numpy()).places, index=table.index, columns=["x", "y"])
    np.testing.assert_allclose(found.songs.set_index("track_id")[["x", "y"]].loc[table.index], expected)
    few = sound_map(catalogue, table.head(2), "pca")
    assert few.songs.empty
    assert few.explained is None
    values = target_values(catalogue, "table:other")
    assert (values["energy"] == 0.5).all()
    assert list(values.index) == ["demo:0", "demo:1"]


def test_profiles_count_in_the_librarys_deviations(tmp_path: Path):
    table = pd.DataFrame(
        {"mean_0": [0.0, 2, 4], "mean_1": [5.0, 5, 5], "deviation_0": 1.0, "deviation_1": 1.0}, index=["a", "b", "c"]
    )
    coefficients = np.array([[3.0, 5.0], [4.0, 6.0]])
    sound = Sound(
        envelope=envelope(np.ones(9), 3),
        frame_seconds=np.arange(2.0),
        levels=np.zeros((3, 2)),
        coefficients=coefficients,
    )
    own = profile(table, sound, "mine")
    deviation = np.std([0, 2, 4])
    np.testing.assert_allclose(own["value"], [(4 - 2) / deviation, np.nan])
    assert list(own["whose"]) == ["mine", "mine"]
    group = group_profile(table, pd.Index(["a", "b", "elsewhere"]), "rock")
    np.testing.assert_allclose(group["value"], [(1 - 2) / deviation, np.nan])
    np.testing.assert_allclose(group["high"] - group["low"], [2 * np.std([0, 2]) / deviation, np.nan])
    catalogue = Catalogue(fill(tmp_path / "w", songs=10, with_clip=0))
    assert list(genre_members(catalogue, "pop")) == ["demo:0", "demo:1"]
