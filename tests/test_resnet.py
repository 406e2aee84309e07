"""ResNet-18 for pictures of one channel: where its weights may come from, and that they are needed once."""

import numpy as np
import pandas as pd
import pytest
import safetensors.torch
import torch
import torchvision

from songfeat import checkpoint, registry
from songfeat.errors import ConfigError
from songfeat.models.resnet_network import Resnet18, load_weights
from songfeat.predictor import Predictor
from songfeat.training import train_model
from songfeat.training_state import TrainingState
from tests.modelling import SMALL_SPEC, TWO, make_examples, make_parts, train_quickly

ENTRY = registry.get("resnet18")


@pytest.fixture(scope="module")
def torchvisions():
    """The network as torchvision has it, with statistics of batches that it has seen."""
    torch.manual_seed(5)
    network = torchvision.models.resnet18(weights=None)
    network(torch.randn(4, 3, 40, 40))
    return network.eval()


@pytest.fixture
def weights(torchvisions, tmp_path):
    path = tmp_path / "weights.safetensors"
    safetensors.torch.save_file(torchvisions.state_dict(), path)
    return path


def test_a_grey_picture_gives_what_it_gives_torchvisions_network(torchvisions, weights):
    ours = Resnet18(5).eval()
    load_weights(ours, str(weights))
    picture = torch.randn(3, 20, 36, generator=torch.Generator().manual_seed(0))
    torchvisions.fc, last = torch.nn.Identity(), torchvisions.fc
    expected = torchvisions(picture.unsqueeze(1).expand(-1, 3, -1, -1))
    torchvisions.fc = last
    torch.testing.assert_close(ours.features({"mfcc": picture}), expected, rtol=1e-4, atol=1e-5)


def test_weights_are_what_a_training_begins_with(torchvisions, weights):
    examples = make_examples(30, targets=TWO)
    settings = {"epochs": 1, "min_steps": 1, "learning_rate": 1e-9, "weights": str(weights)}
    trained = train_model("resnet18", examples, make_parts(examples), targets=TWO, spec=SMALL_SPEC, settings=settings)
    found, given = trained.model.state_dict(), torchvisions.state_dict()
    torch.testing.assert_close(found["body.layer3.0.conv1.weight"], given["layer3.0.conv1.weight"])
    torch.testing.assert_close(found["body.conv1.weight"], given["conv1.weight"].sum(dim=1, keepdim=True))
    assert found["head.weight"].shape == (2, 512)


def test_once_trained_it_needs_the_file_no_more(weights, tmp_path):
    trained = train_quickly(ENTRY, weights=str(weights))
    checkpoint.save(tmp_path, trained, split={}, data_digest="", scores=pd.DataFrame())
    weights.unlink()
    examples = make_examples(seed=5)
    again = Predictor.load(tmp_path)
    assert again.trained.config.weights == str(weights)
    pd.testing.assert_frame_equal(again.predict(examples), Predictor(trained).predict(examples), check_exact=True)


def test_a_training_that_goes_on_needs_the_file_no_more(weights):
    examples = make_examples(20, targets=TWO)
    states: list[TrainingState] = []

    def train(**options):
        settings = {"epochs": 2, "min_steps": 1, "weights": str(weights)}
        return train_model(
            "resnet18", examples, make_parts(examples), targets=TWO, spec=SMALL_SPEC, settings=settings, **options
        )

    straight = train(on_state=states.append)
    weights.unlink()
    resumed = train(resume=states[0])
    torch.testing.assert_close(resumed.model.state_dict(), straight.model.state_dict(), rtol=0, atol=0)


def broken(folder, torchvisions):
    """Files that are no weights of this network, each with what is said of it."""
    state, save = torchvisions.state_dict(), safetensors.torch.save_file
    (folder / "text.safetensors").write_text("no weights")
    (folder / "empty.safetensors").touch()
    torch.save(state, folder / "pickle.pth")
    torch.save(state, folder / "pickle.safetensors")
    save({"fc.weight": state["fc.weight"]}, folder / "last.safetensors")
    save({name: tensor for name, tensor in state.items() if "layer4" not in name}, folder / "part.safetensors")
    save(torchvision.models.squeezenet1_0(weights=None).state_dict(), folder / "other.safetensors")
    return {
        "missing.safetensors": "cannot be read",
        "text.safetensors": "is no file of weights",
        "empty.safetensors": "is no file of weights",
        "pickle.pth": "is no .safetensors file",
        "pickle.safetensors": "is no file of weights",
        "last.safetensors": "no convolution conv1.weight",
        "part.safetensors": "does not fit",
        "other.safetensors": "no convolution conv1.weight",
    }


def test_a_file_that_holds_no_such_weights_is_refused_by_name_and_says_what_is_expected(torchvisions, tmp_path):
    model = Resnet18(2)
    for name, said in broken(tmp_path, torchvisions).items():
        with pytest.raises(ConfigError, match=rf"(?s){name}.*{said}.*torchvision's resnet18"):
            load_weights(model, str(tmp_path / name))
    (tmp_path / "folder.safetensors").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load_weights(model, str(tmp_path / "folder.safetensors"))
    examples = make_examples(20)
    with pytest.raises(ConfigError, match=r"nowhere\.safetensors cannot be read"):
        train_model(
            "resnet18",
            examples,
            make_parts(examples),
            targets=TWO,
            spec=SMALL_SPEC,
            settings={"weights": "nowhere.safetensors"},
        )


@pytest.mark.parametrize("name", ["resnet18", "crnn"])
def test_a_last_batch_of_one_track_is_trained_on_and_leaves_the_statistics_alone(name):
    examples = make_examples(15, targets=TWO)
    parts = pd.Series("train", index=examples.tracks.index).where(np.arange(15) > 1, "val")  # 13 = 6 · 2 + 1
    settings = {"epochs": 1, "batch_size": 2, "min_steps": 1}
    trained = train_model(name, examples, parts, targets=TWO, spec=SMALL_SPEC, settings=settings)
    assert np.isfinite(trained.history[0].train_loss)
    model = trained.model.train()
    statistics = {key: value.clone() for key, value in model.state_dict().items() if "running" in key}
    assert model({"mfcc": torch.randn(1, 6, 12)}).isfinite().all()
    after = model.state_dict()
    assert all(torch.equal(value, after[key]) for key, value in statistics.items())
    model({"mfcc": torch.randn(2, 6, 12)})
    assert not any(torch.equal(value, model.state_dict()[key]) for key, value in statistics.items())
