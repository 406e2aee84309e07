"""Cross-validation: every track is tested once, by a model that never met its artist; and goes on where it stopped."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from songfeat.errors import CheckpointError, ConfigError, DataError
from songfeat.folds import folds
from songfeat.labels import TARGETS
from songfeat.predictor import Predictor
from songfeat.splits import FRACTIONS
from store import runs
from store.catalogue import Catalogue
from store.progress import Cancelled
from store.worker import work_here
from tests.test_train import ARTISTS, catalogue, table  # noqa: F401 - a fixture

FOLDS = 4


def tracks_of(artists: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"artist": artists}, index=[f"demo:{number}" for number in range(len(artists))])


@given(st.integers(2, 8), st.integers(0, 50), st.lists(st.integers(1, 9), min_size=12, max_size=40))
@settings(max_examples=40, deadline=None)
def test_every_track_is_tested_once_and_no_artist_is_on_two_sides(k, seed, sizes):
    tracks = tracks_of([f"artist {number}" for number, size in enumerate(sizes) for _ in range(size)])
    layout = folds(tracks, k=k, seed=seed)
    assert list(layout.columns) == [f"fold-{number}" for number in range(1, k + 1)]
    assert ((layout == "test").sum(axis=1) == 1).all()
    for name in layout:
        assert (layout[name].groupby(tracks["artist"]).nunique() == 1).all()
        assert set(layout[name]) == {"train", "val", "test"}


def test_folds_are_of_like_size_and_the_rest_is_shared_as_in_a_single_split():
    tracks = tracks_of([f"artist {number // 3}" for number in range(6000)])
    layout = folds(tracks, k=5, seed=1)
    for name in layout:
        parts = layout[name]
        share = parts.value_counts(normalize=True)
        assert share["test"] == pytest.approx(0.2, abs=0.03)
        assert share["val"] / share["train"] == pytest.approx(FRACTIONS[1] / FRACTIONS[0], abs=0.05)


def test_the_order_of_rows_means_nothing_and_another_seed_gives_other_folds():
    tracks = tracks_of([f"artist {number % 50}" for number in range(300)])
    layout = folds(tracks, k=3, seed=2)
    pd.testing.assert_frame_equal(folds(tracks.sample(frac=1, random_state=0), k=3, seed=2).loc[layout.index], layout)
    assert not folds(tracks, k=3, seed=3).equals(layout)


def test_what_cannot_be_folded_is_refused():
    with pytest.raises(ConfigError, match="2 folds or more, got 1"):
        folds(tracks_of(["a", "b", "c"]), k=1)
    with pytest.raises(DataError, match="with 5 folds needs at least 5 artists, got 3"):
        folds(tracks_of(["a", "b", "c"] * 20), k=5)


def test_a_cross_validated_run_measures_every_song_out_of_fold(catalogue: Catalogue):  # noqa: F811
    result = work_here(catalogue.workspace, "train", {"model": "numeric_mlp", "cv": FOLDS, "settings": {"epochs": "5"}})
    run = runs.get(catalogue, result["run_id"])
    known = int(table()[list(TARGETS)].notna().all(axis=1).sum() - 10)  # ten lack an input
    assert (run["folds"], run["n_train"], run["n_val"], run["n_test"]) == (FOLDS, 0, 0, known)
    assert runs.all_runs(catalogue)["folds"].tolist() == [FOLDS]

    folder = catalogue.workspace.runs / result["run_id"]
    snapshot = pd.read_parquet(folder / "snapshot.parquet")
    stored = pd.read_parquet(folder / "predictions.parquet").set_index("track_id")
    assert stored["split"].value_counts().to_dict() == {"test": known, "other": 10}
    everyone = table().set_index("track_id").loc[stored.index]
    each = {
        name: Predictor.load(folder / name).predict_table(everyone)
        for name in snapshot.columns
        if name.startswith("fold-")
    }
    assert len(each) == FOLDS
    for name, answers in each.items():
        tested = snapshot.index[snapshot[name] == "test"]
        np.testing.assert_allclose(stored.loc[tested, list(TARGETS)], answers.loc[tested], atol=1e-6)
    rest = stored.index[stored["split"] == "other"]
    together = Predictor.load(folder).predict_table(everyone)
    np.testing.assert_allclose(stored.loc[rest, list(TARGETS)], together.loc[rest], atol=1e-6)
    np.testing.assert_allclose(together, sum(each.values()) / FOLDS, atol=1e-6)

    scores = runs.scores(catalogue, [result["run_id"]], genre="all").query("metric == 'mae'").set_index("feature")
    assert set(scores["split"]) == {"test"}
    reference = snapshot[list(TARGETS)]
    expected = (stored.loc[reference.index, list(TARGETS)] - reference).abs().mean()
    np.testing.assert_allclose(scores.loc[list(TARGETS), "value"], expected, rtol=1e-5)
    # What the mean would score is out of fold too: each song beside the mean of the artists that it is not among.
    mean = pd.Series(0.0, index=reference.index)
    for name in each:
        mean[snapshot[name] == "test"] = reference.loc[snapshot[name] == "train", TARGETS[0]].mean()
    assert scores.loc[TARGETS[0], "mean_value"] == pytest.approx((mean - reference[TARGETS[0]]).abs().mean(), rel=1e-5)


def test_a_finished_fold_is_not_trained_again(catalogue: Catalogue):  # noqa: F811
    params = {"model": "numeric_mlp", "cv": 3, "settings": {"epochs": "3"}, "run_id": "stopped"}
    whole = work_here(catalogue.workspace, "train", {**params, "run_id": "whole"})

    def stop_in_the_second(step) -> None:
        if "fold 2" in step.note and step.done >= 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        work_here(catalogue.workspace, "train", params, listener=stop_in_the_second)
    folder = catalogue.workspace.runs / "stopped"
    first = (folder / "fold-1" / "model.safetensors").stat().st_mtime_ns
    assert not (folder / "fold-3").exists()
    resumed = work_here(catalogue.workspace, "train", params)
    assert (folder / "fold-1" / "model.safetensors").stat().st_mtime_ns == first
    assert resumed["scores"] == whole["scores"]
    status = json.loads((folder / "status.json").read_text())
    assert status == {"state": "done"}


@pytest.mark.slow
def test_folds_of_other_data_are_not_taken_over(catalogue: Catalogue):  # noqa: F811
    params = {"model": "ridge_numeric", "cv": 3, "run_id": "same"}
    first = work_here(catalogue.workspace, "train", params)
    with catalogue.lease(write=True) as db:
        db.execute("UPDATE reference SET energy = 1 - energy WHERE track_id < 'spotify:0000000000000000000100'")
    second = work_here(catalogue.workspace, "train", params)
    fresh = work_here(catalogue.workspace, "train", {**params, "run_id": "fresh"})
    assert first["scores"] != second["scores"] == fresh["scores"]


def test_a_cross_validation_is_no_parent_and_has_no_parents(catalogue: Catalogue):  # noqa: F811
    folded = work_here(catalogue.workspace, "train", {"model": "ridge_numeric", "cv": 3})["run_id"]
    with pytest.raises(ConfigError, match="cannot be cross-validated"):
        work_here(catalogue.workspace, "train", {"model": "combiner", "cv": 3})
    settings = {"audio_run": folded, "numeric_run": folded}
    with pytest.raises(ConfigError, match=f"{folded} is a cross-validation"):
        work_here(catalogue.workspace, "train", {"model": "combiner", "settings": settings})
    with pytest.raises(DataError, match=f"needs at least {ARTISTS + 1} artists, got {ARTISTS}"):
        work_here(catalogue.workspace, "train", {"model": "mean", "cv": ARTISTS + 1})


def test_a_run_folder_without_its_folds_is_refused_in_words(catalogue: Catalogue):  # noqa: F811
    run_id = work_here(catalogue.workspace, "train", {"model": "mean", "cv": 3})["run_id"]
    folder = catalogue.workspace.runs / run_id
    for path in folder.glob("fold-*"):
        shutil.rmtree(path)
    with pytest.raises(CheckpointError, match=r"model\.json cannot be read"):
        Predictor.load(folder)
