"""The combiner of two trained networks: its variants, what it takes over, the report's mistakes, what it refuses."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from songfeat import checkpoint, registry
from songfeat.errors import ConfigError, DataError, LabelMismatch, SpecMismatch
from songfeat.labels import TARGETS
from songfeat.models.combiner import VARIANTS
from songfeat.numeric import with_derived
from songfeat.predictor import Predictor
from songfeat.training import train_model
from store import parentage, runs
from store.catalogue import Catalogue
from store.worker import work_here
from tests.modelling import SMALL_SPEC, make_examples, make_parts, train_quickly
from tests.workspaces import fill

ENTRY = registry.get("combiner")
EXAMPLES = make_examples()
PARTS = make_parts(EXAMPLES)
UNTRAINED = {"epochs": 1, "min_steps": 1, "learning_rate": 1e-9}


@pytest.fixture(scope="module")
def parents():
    names = {"audio_run": "lstm_multitask", "numeric_run": "numeric_mlp"}
    return {role: train_quickly(registry.get(name), epochs=15) for role, name in names.items()}


def combine(parents, *, targets=TARGETS, spec=SMALL_SPEC, **settings):
    return train_model(
        "combiner", EXAMPLES, PARTS, targets=targets, spec=spec, parents=parents, settings={**UNTRAINED, **settings}
    )


@pytest.mark.parametrize("variant", sorted(set(VARIANTS) - {"c"}))
def test_it_starts_by_answering_the_mean_of_its_parents_before_the_sigmoid(parents, variant):
    def logit(values):
        return np.log(values / (1 - values))

    answers = Predictor(combine(parents, variant=variant)).predict(EXAMPLES)
    heard, told = (Predictor(trained).predict(EXAMPLES) for trained in parents.values())
    np.testing.assert_allclose(logit(answers), (logit(heard) + logit(told)) / 2, atol=1e-4)


@pytest.mark.parametrize(("variant", "widths"), [("a", (64, 32, 32)), ("b", (5, 5, 16)), ("c", (5, 5, 5))])
def test_the_variants_join_what_the_report_joins(parents, variant, widths):
    model = combine(parents, variant=variant).model
    of_audio, of_numeric, width = widths
    assert model.audio_side.weight.shape == (width, of_audio)
    assert model.numeric_side.weight.shape == (width, of_numeric)
    assert model.join.weight.shape == (5, 2 * width)


def test_variant_c_sees_answers_and_variant_b_what_is_before_the_sigmoid(parents):
    b, c = (combine(parents, variant=variant).model for variant in "bc")
    tensors = parents["numeric_run"].preparation.tensors({"numeric": EXAMPLES.numeric}, len(EXAMPLES))
    before, after = b._known(b.numeric, tensors), c._known(c.numeric, tensors)
    torch.testing.assert_close(torch.sigmoid(before), after)
    torch.testing.assert_close(after, parents["numeric_run"].model(tensors))


def test_parents_keep_their_weights_unless_told_to_drift_and_are_left_as_they_were(parents):
    before = {role: {k: v.clone() for k, v in one.model.state_dict().items()} for role, one in parents.items()}
    frozen = combine(parents, learning_rate=0.01).model
    drifting = combine(parents, learning_rate=0.01, frozen=False).model
    for name, weight in before["numeric_run"].items():
        assert torch.equal(frozen.numeric.state_dict()[name], weight)
        assert torch.equal(parents["numeric_run"].model.state_dict()[name], weight)
    assert not torch.equal(drifting.audio.lstm.weight_ih_l0, before["audio_run"]["lstm.weight_ih_l0"])


def test_it_scales_as_its_parents_do_not_anew(parents):
    preparation = combine(parents).preparation
    for trained in parents.values():
        for kind, scaler in trained.preparation.scalers.items():
            assert preparation.scalers[kind] == scaler


def test_the_mistake_of_raw_numbers_feeds_the_numbers_as_they_are(parents):
    wrong = combine(parents, raw_numbers=True, variant="c").model
    numeric = parents["numeric_run"]
    columns = list(numeric.preparation.scalers["numeric"].names)
    raw = torch.tensor(with_derived(EXAMPLES.numeric)[columns].to_numpy(np.float32))
    inputs = combine(parents).preparation.tensors(
        {"numeric": EXAMPLES.numeric, "mfcc": EXAMPLES.arrays["mfcc"]}, len(EXAMPLES)
    )
    seen = inputs["numeric"] * wrong.scale + wrong.mean
    torch.testing.assert_close(seen, raw, rtol=1e-4, atol=1e-3)
    with torch.no_grad():
        heard = wrong.audio_side(wrong.audio({"mfcc": inputs["mfcc"]}))
        told = wrong.numeric_side(numeric.model({"numeric": raw}))
        by_hand = torch.sigmoid(wrong.join(torch.cat((heard, told), dim=1)))
        torch.testing.assert_close(wrong(inputs), by_hand, rtol=1e-4, atol=1e-4)


def test_the_mistake_of_reshaped_frames_is_numpys_reshape(parents):
    right, wrong = (combine(parents, reshaped_frames=flag).model for flag in (False, True))
    inputs = combine(parents).preparation.tensors(
        {"numeric": EXAMPLES.numeric, "mfcc": EXAMPLES.arrays["mfcc"]}, len(EXAMPLES)
    )
    n, channels, frames = inputs["mfcc"].shape
    reshaped = inputs["mfcc"].numpy().reshape(n, frames, channels)
    as_the_notebook = {**inputs, "mfcc": torch.from_numpy(np.ascontiguousarray(reshaped.transpose(0, 2, 1)))}
    with torch.no_grad():
        torch.testing.assert_close(wrong(inputs), right(as_the_notebook))
        assert (wrong(inputs) - right(inputs)).abs().max() > 1e-3


def test_it_is_saved_and_loaded_without_its_parents(parents, tmp_path):
    trained = combine(parents, learning_rate=0.01, variant="b", raw_numbers=True)
    checkpoint.save(tmp_path, trained, split={}, data_digest="", scores=pd.DataFrame())
    loaded = Predictor.load(tmp_path)
    pd.testing.assert_frame_equal(Predictor(trained).predict(EXAMPLES), loaded.predict(EXAMPLES), check_exact=True)
    assert loaded.trained.parents == trained.parents


def test_what_does_not_fit_is_refused_by_name(parents):
    with pytest.raises(ConfigError, match=r"not said which: numeric_run.*--set audio_run=RUN"):
        combine({"audio_run": parents["audio_run"]})
    with pytest.raises(
        ConfigError, match="audio_run must be a model that sees sound alone; a 'numeric_mlp' sees numeric"
    ):
        combine({"audio_run": parents["numeric_run"], "numeric_run": parents["numeric_run"]})
    with pytest.raises(LabelMismatch, match=r"audio_run predicts danceability, .*asked for danceability, energy\."):
        combine(parents, targets=TARGETS[:2])
    with pytest.raises(SpecMismatch, match="audio_run sees arrays of the spec"):
        combine(parents, spec=replace(SMALL_SPEC, cut="centre"))
    ridge = train_quickly(registry.get("ridge_stats"))
    with pytest.raises(ConfigError, match="'ridge_stats', which has no last layer"):
        combine({**parents, "audio_run": ridge})
    with pytest.raises(ConfigError, match="stands on no other, not audio_run"):
        train_model("lstm", EXAMPLES, PARTS, targets=TARGETS, spec=SMALL_SPEC, parents=parents)
    with pytest.raises(ConfigError, match="variant must be one of a, b, c, d, got 'e'"):
        combine(parents, variant="e")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """Sixty songs with clips, and two runs to stand on."""
    workspace = fill(tmp_path_factory.mktemp("combiner"), songs=80, with_clip=60, with_array=60)
    for model in ("lstm_multitask", "numeric_mlp"):
        params = {"model": model, "source": "demo", "seed": 1, "run_id": model, "settings": {"epochs": 2}}
        work_here(workspace, "train", params)
    return workspace


def params(**others):
    settings = {"audio_run": "lstm_multitask", "numeric_run": "numeric_mlp", "epochs": 2}
    return {"model": "combiner", "settings": settings, **others}


def test_a_run_takes_source_split_and_seed_of_its_parents_and_tests_on_nothing_they_learnt_from(workspace):
    result = work_here(workspace, "train", params())
    catalogue = Catalogue(workspace)
    run = runs.get(catalogue, result["run_id"])
    assert (run["source"], run["split"], run["seed"], run["spec"]) == ("demo", "artist", 1, "report")
    with catalogue.lease() as db:
        splits = db.execute("SELECT run_id, track_id, split FROM predictions WHERE feature = 'energy'").df()
    by_run = {run_id: dict(zip(t["track_id"], t["split"], strict=True)) for run_id, t in splits.groupby("run_id")}
    own = by_run[result["run_id"]]
    tested = {track for track, part in own.items() if part == "test"}
    tuned = {track for track, part in own.items() if part == "val"}
    learnt = {t for run_id in ("lstm_multitask", "numeric_mlp") for t, p in by_run[run_id].items() if p == "train"}
    assert tested
    assert tuned
    assert not (tested | tuned) & learnt


def test_a_run_that_asks_for_another_split_source_or_parent_is_refused(workspace):
    with pytest.raises(ConfigError, match=r"split 'random' does not fit.* have 'artist'"):
        work_here(workspace, "train", params(split="random"))
    with pytest.raises(ConfigError, match="source 'table:other' does not fit"):
        work_here(workspace, "train", params(source="table:other"))
    with pytest.raises(ConfigError, match=r"not said which: audio_run and numeric_run.*There are: .*numeric_mlp"):
        work_here(workspace, "train", {"model": "combiner"})
    other = {"audio_run": "20260101-120000-lstm_multitask-0001", "numeric_run": "numeric_mlp"}
    with pytest.raises(ConfigError, match="must share their seed: audio_run has 0, numeric_run has 1"):
        work_here(workspace, "train", {"model": "combiner", "settings": other})


def test_a_new_song_has_the_part_of_its_artist_and_one_of_an_unknown_artist_has_none(workspace):
    catalogue = Catalogue(workspace)
    ancestors = parentage.ancestry(catalogue, ENTRY, {"audio_run": "lstm_multitask", "numeric_run": "numeric_mlp"})
    with catalogue.lease() as db:
        tracks = db.execute("SELECT track_id, artist_key AS artist FROM tracks").df().set_index("track_id")
    new = pd.DataFrame({"artist": [tracks.loc["demo:0", "artist"], "nobody"]}, index=["demo:new", "demo:other"])
    found = parentage.inherited_parts(catalogue, ancestors, pd.concat([tracks, new]))
    assert found["demo:new"] == found["demo:0"]
    assert "demo:other" not in found.index
    assert set(found.groupby(tracks["artist"].reindex(found.index)).nunique()) == {1}


def test_parts_without_a_track_are_refused(workspace):
    catalogue = Catalogue(workspace)
    ancestors = parentage.ancestry(catalogue, ENTRY, {"audio_run": "lstm_multitask", "numeric_run": "numeric_mlp"})
    tracks = pd.DataFrame({"artist": ["band 0"]}, index=["demo:0"])
    with pytest.raises(DataError, match="No track with all inputs is left for the part"):
        parentage.inherited_parts(catalogue, ancestors, tracks)
