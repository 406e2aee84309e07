import hashlib
import json
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from songfeat import __version__, checkpoint, registry
from songfeat.errors import CheckpointError, LabelMismatch, SpecMismatch, UnknownName
from songfeat.labels import TARGETS
from songfeat.predictor import Predictor
from tests.modelling import SMALL_SPEC, make_examples, train_quickly

SCORES = pd.DataFrame(
    {"feature": ["energy", "average"], "genre": "all", "metric": "r2", "value": [0.5, np.nan], "n": [12, 12]}
)


@pytest.fixture(scope="module")
def trained():
    return train_quickly(registry.get("lstm_multitask"), hidden=4)


@pytest.fixture(scope="module")
def saved(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    checkpoint.save(folder, trained, split={"by": "artist", "seed": 4}, data_digest="abc123", scores=SCORES)
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    """A copy to damage."""
    return shutil.copytree(saved, tmp_path / "run")


def describe(folder, change):
    """Change what ``model.json`` says."""
    path = folder / checkpoint.DESCRIPTION_FILE
    description = json.loads(path.read_text())
    change(description)
    path.write_text(json.dumps(description))


def test_all_that_was_saved_comes_back(trained, saved):
    loaded = checkpoint.load(saved)
    assert loaded.trained.name == "lstm_multitask"
    for name in ("config", "train_config", "seed", "targets", "preparation", "history"):
        assert getattr(loaded.trained, name) == getattr(trained, name), name
    before, after = trained.model.state_dict(), loaded.trained.model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert loaded.split == {"by": "artist", "seed": 4}
    assert loaded.data_digest == "abc123"
    assert loaded.versions["songfeat"] == __version__
    assert loaded.versions["torch"] == torch.__version__
    pd.testing.assert_frame_equal(loaded.scores, SCORES, check_dtype=False)


def test_the_files_are_plain_tensors_and_plain_json(saved):
    assert sorted(path.name for path in saved.iterdir()) == ["model.json", "model.safetensors"]
    tensors = load_file(saved / "model.safetensors")
    assert set(tensors) == set(checkpoint.load(saved).trained.model.state_dict())
    with safe_open(saved / "model.safetensors", "pt") as file:
        within = json.loads(file.metadata()["songfeat"])
    description = json.loads((saved / "model.json").read_text(), parse_constant=pytest.fail)
    assert within["targets"] == description["targets"] == list(TARGETS)
    assert within["spec"] == SMALL_SPEC.as_dict()
    assert description["spec_digest"] == SMALL_SPEC.digest


def test_saving_again_replaces_both_files(saved, folder):
    other = train_quickly(registry.get("numeric_mlp"))
    checkpoint.save(folder, other, split={}, data_digest="", scores=SCORES)
    assert Predictor.load(folder).inputs == ("numeric",)
    assert sorted(path.name for path in folder.iterdir()) == ["model.json", "model.safetensors"]


def test_the_callers_random_numbers_do_not_change_what_is_loaded(trained, saved):
    torch.manual_seed(123)
    one = Predictor.load(saved).predict(make_examples(seed=1))
    pd.testing.assert_frame_equal(one, Predictor(trained).predict(make_examples(seed=1)), check_exact=True)


def swap_first_two(names):
    names[0], names[1] = names[1], names[0]


def other_spec(description):
    description["spec"]["hop_length"] = 512


def other_spec_and_digest(description):
    other_spec(description)
    description["spec_digest"] = "0" * 16


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda d: swap_first_two(d["targets"]), LabelMismatch, "gives the targets as .*but the weights"),
        (lambda d: d["targets"].pop(), LabelMismatch, "gives the targets as"),
        (lambda d: d["inputs"].append("numeric"), LabelMismatch, "gives the inputs as"),
        (lambda d: swap_first_two(d["scalers"]["mfcc"]["names"]), LabelMismatch, "gives the scalers as"),
        (lambda d: d["scalers"]["mfcc"]["mean"].reverse(), LabelMismatch, "gives the scalers as"),
        (other_spec, SpecMismatch, "gives the spec as"),
        (other_spec_and_digest, SpecMismatch, "gives the spec as"),
        (lambda d: d.update(spec_digest="0" * 16), SpecMismatch, f"digest is {SMALL_SPEC.digest}, but 0000"),
        (lambda d: d.update(spec=None), SpecMismatch, "gives the spec as None"),
        (lambda d: d.update(model="mean"), CheckpointError, "gives the model as mean"),
        (lambda d: d["config"].update(hidden=5), CheckpointError, "gives the config as"),
        (
            lambda d: d.update(format=2),
            CheckpointError,
            "is of format 2; this Songfeat reads 1. It was written by a later",
        ),
        (lambda d: d.pop("format"), CheckpointError, "is of format None"),
        (lambda d: d.update(sha256="0" * 64), CheckpointError, "damaged or of another run"),
        (lambda d: d.pop("sha256"), CheckpointError, "lacks 'sha256'"),
        (lambda d: d.pop("targets"), CheckpointError, "lacks 'targets'"),
        (lambda d: d.pop("history"), CheckpointError, "lacks 'history'"),
        (lambda d: d["train_config"].pop("loss"), CheckpointError, "'loss' is missing"),
        (lambda d: d["history"][0].pop("epoch"), CheckpointError, "cannot be put together|does not describe"),
    ],
)
def test_a_description_that_does_not_fit_the_weights_is_refused(folder, change, error, message):
    describe(folder, change)
    with pytest.raises(error, match=message):
        checkpoint.load(folder)


def rewrite_weights(folder, change_meaning=lambda meaning: None, change_tensors=lambda tensors: None):
    """Write the weights anew, with a digest that fits: a forgery, or a bug on the writing side."""
    path = folder / checkpoint.WEIGHTS_FILE
    tensors = load_file(path)
    with safe_open(path, "pt") as file:
        meaning = json.loads(file.metadata()["songfeat"])
    change_meaning(meaning)
    change_tensors(tensors)
    from songfeat import tensor_files

    sha256 = tensor_files.write(path, tensors, meaning)
    describe(folder, lambda description: description.update(meaning, sha256=sha256))


def test_targets_in_another_order_than_the_one_are_refused_even_if_both_files_agree(folder):
    rewrite_weights(folder, lambda meaning: swap_first_two(meaning["targets"]))
    with pytest.raises(LabelMismatch, match="expected \\['danceability', 'energy'"):
        checkpoint.load(folder)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda m: m.update(model="lstm_multi"), UnknownName, "'lstm_multi'. Did you mean 'lstm_multitask'"),
        (lambda m: m.update(targets=["dance"] * 5), UnknownName, "no target 'dance'"),
        (lambda m: m["config"].update(layers=2), CheckpointError, "no setting 'layers'"),
        (lambda m: m["config"].update(hidden=5), CheckpointError, "where the model has"),
        (lambda m: m["spec"].update(hop_length=512), SpecMismatch, "digest is"),
        (lambda m: m["spec"].update(windows="hann"), CheckpointError, "no field 'windows'"),
        (lambda m: m["scalers"]["mfcc"].update(scale=[0.0] * 6), CheckpointError, "cannot be scaled"),
    ],
)
def test_files_that_agree_on_what_cannot_be_are_refused(folder, change, error, message):
    rewrite_weights(folder, change)
    with pytest.raises(error, match=message):
        checkpoint.load(folder)


def test_weights_that_lack_a_tensor_are_refused(folder):
    rewrite_weights(folder, change_tensors=lambda tensors: tensors.pop("head.bias"))
    with pytest.raises(CheckpointError, match=r"head\.bias"):
        checkpoint.load(folder)


@pytest.mark.parametrize("name", [checkpoint.WEIGHTS_FILE, checkpoint.DESCRIPTION_FILE])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "folder"])
def test_a_damaged_or_missing_file_is_refused_by_its_name(folder, name, damage):
    path = folder / name
    data = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        path.write_bytes(b"" if damage == "empty" else data[: len(data) // 2])
    with pytest.raises(CheckpointError, match=name):
        checkpoint.load(folder)


@pytest.mark.parametrize("position", [3, 60, -1])
def test_one_flipped_byte_is_noticed(folder, position):
    path = folder / checkpoint.WEIGHTS_FILE
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match="SHA-256"):
        checkpoint.load(folder)


def test_the_weights_of_another_program_are_refused(folder):
    import hashlib

    path = folder / checkpoint.WEIGHTS_FILE
    save_file({"a": torch.zeros(2)}, path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    describe(folder, lambda description: description.update(sha256=sha256))
    with pytest.raises(CheckpointError, match="was not written by Songfeat"):
        checkpoint.load(folder)


def test_a_description_that_is_no_object_is_refused(folder):
    (folder / checkpoint.DESCRIPTION_FILE).write_text("[1, 2]")
    with pytest.raises(CheckpointError, match="no JSON object"):
        checkpoint.load(folder)


def test_a_save_that_fails_leaves_the_old_file(trained, folder, monkeypatch):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full_disk(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(folder, trained, split={}, data_digest="", scores=SCORES)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def rewrite(folder, change_tensors, change_meaning=lambda meaning: None):
    """Write both files anew, each right in itself, as somebody who means harm would."""
    path = folder / checkpoint.WEIGHTS_FILE
    tensors = load_file(path)
    with safe_open(path, "pt") as file:
        meaning = json.loads(file.metadata()["songfeat"])
    change_tensors(tensors)
    change_meaning(meaning)
    save_file(tensors, path, metadata={"songfeat": json.dumps(meaning)})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    describe(folder, lambda description: description.update(meaning, sha256=digest))


def test_an_extra_tensor_is_refused_by_name(folder):
    rewrite(folder, lambda tensors: tensors.update(extra=torch.zeros(3)))
    with pytest.raises(CheckpointError, match=r"\(3,\) for 'extra', where the model has none"):
        checkpoint.load(folder)


def test_a_missing_tensor_is_refused_by_name(folder):
    rewrite(folder, lambda tensors: tensors.pop(min(tensors)))
    with pytest.raises(CheckpointError, match="hold none for"):
        checkpoint.load(folder)


def test_a_model_that_would_fill_the_memory_is_refused_before_it_takes_any(folder):
    rewrite(folder, lambda tensors: None, lambda meaning: meaning["config"].update(hidden=1_000_000))
    with pytest.raises(CheckpointError, match="where the model has"):
        checkpoint.load(folder)


def test_a_header_that_promises_more_than_the_file_holds_is_refused(folder):
    header = json.dumps({"w": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 4 << 40]}}).encode()
    data = len(header).to_bytes(8, "little") + header
    (folder / checkpoint.WEIGHTS_FILE).write_bytes(data)
    describe(folder, lambda description: description.update(sha256=hashlib.sha256(data).hexdigest()))
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoint.load(folder)
