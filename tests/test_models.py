"""The contract that every registered model keeps, and what is particular to some."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from songfeat import checkpoint, registry
from songfeat.batches import Batch
from songfeat.errors import ConfigError, DataError
from songfeat.examples import Examples
from songfeat.labels import NUMERIC_INPUTS, TARGETS
from songfeat.metadata import CATEGORIES, MOST_NAMES, NUMBERS
from songfeat.predictor import Predictor
from songfeat.preparation import ROWS
from songfeat.scaling import Scaler
from songfeat.tasks import task_of
from songfeat.training import train_model
from songfeat.training_loop import Loss, fit
from tests.modelling import SMALL_LOGMEL, SMALL_SPEC, make_examples, make_parts, parents_of, small_spec, train_quickly

ENTRIES = registry.entries()
NETWORKS = [entry for entry in ENTRIES if entry.family == "network"]
HEARING = [entry for entry in NETWORKS if entry.sound and not entry.parents]
SHAPES = {
    "numeric": (7,),
    "metadata": (len(NUMBERS) * 2 + len(CATEGORIES),),
    "mfcc": SMALL_SPEC.shape,
    "logmel": SMALL_LOGMEL.shape,
    ROWS: (0,),
}
LARGE = ("resnet18",)
"""Networks whose steps take so long that they make do with a few."""
SLOW = ("attention_cnn", "cnn_deep", "crnn", "resnet18")
"""Networks that take long to learn anything, so that it is not tried by default."""

every_model = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
learning_network = pytest.mark.parametrize(
    "entry",
    [pytest.param(entry, marks=[pytest.mark.slow] if entry.name in SLOW else [], id=entry.name) for entry in NETWORKS],
)
every_network = pytest.mark.parametrize("entry", NETWORKS, ids=lambda entry: entry.name)


def build(entry, n_targets=5, seed=0):
    torch.manual_seed(seed)
    shapes = {kind: SHAPES[kind] for kind in entry.inputs}
    if not entry.parents:
        return entry.build(entry.config(), shapes, n_targets)
    parents = {role: build(registry.get(trained.name), n_targets) for role, trained in parents_of(entry).items()}
    scalers = {"numeric": Scaler(names=("a",), mean=(0.0,), scale=(1.0,))}
    return entry.build(entry.config(), shapes, n_targets, parents=parents, scalers=scalers)


def random_inputs(entry, n, seed=0):
    generator = torch.Generator().manual_seed(seed)
    inputs = {kind: torch.randn(n, *SHAPES[kind], generator=generator) for kind in entry.inputs or (ROWS,)}
    if "metadata" in inputs:
        places = inputs["metadata"][:, -len(CATEGORIES) :]
        places.copy_(torch.randint(0, MOST_NAMES + 1, places.shape, generator=generator))
    return inputs


@every_model
@pytest.mark.parametrize("n", [1, 9])
@pytest.mark.parametrize("n_targets", [1, 5])
def test_answers_are_finite_and_one_row_a_track_and_one_column_a_target(entry, n, n_targets):
    answers = build(entry, n_targets)(random_inputs(entry, n))
    assert answers.shape == (n, n_targets)
    assert answers.dtype == torch.float32
    assert answers.isfinite().all()


@every_network
def test_every_parameter_gets_a_gradient(entry):
    model = build(entry)
    model(random_inputs(entry, 16)).square().sum().backward()
    without = [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()]
    frozen = [name for name, weight in model.named_parameters() if not weight.requires_grad]
    assert without == frozen


@learning_network
def test_eight_tracks_can_be_learnt_by_heart(entry):
    targets = torch.rand(8, len(TARGETS), generator=torch.Generator().manual_seed(1))
    batch = Batch(inputs=random_inputs(entry, 8), targets=targets, names=TARGETS)
    epochs = 40 if entry.name in LARGE else 250
    # Fast, but not so fast that a network with rectifiers dies of it.
    learning_rate = min(0.02, 5 * entry.train.learning_rate)
    config = replace(
        entry.train, epochs=epochs, patience=epochs, min_steps=1, learning_rate=learning_rate, plateau_patience=epochs
    )
    model = build(entry)
    fit(model, batch, batch, config)
    error = (model(batch.inputs) - targets).square().mean()
    assert error < 0.2 * targets.var(dim=0, unbiased=False).mean()


@every_model
def test_one_seed_gives_one_model(entry):
    first, again = train_quickly(entry, seed=3), train_quickly(entry, seed=3)
    for name, tensor in first.model.state_dict().items():
        assert torch.equal(tensor, again.model.state_dict()[name]), name


@every_network
def test_another_seed_gives_another_model(entry):
    first, other = (train_quickly(entry, seed=seed).model.state_dict() for seed in (0, 1))
    learnt = [name for name, _ in build(entry).named_parameters() if name.split(".")[0] not in ("audio", "numeric")]
    assert not any(torch.equal(first[name], other[name]) for name in learnt)


@every_model
def test_a_model_answers_the_same_after_it_was_saved_and_loaded(entry, tmp_path):
    trained = train_quickly(entry)
    checkpoint.save(tmp_path, trained, split={}, data_digest="", scores=pd.DataFrame())
    before, after = (one.predict(make_examples(seed=5)) for one in (Predictor(trained), Predictor.load(tmp_path)))
    pd.testing.assert_frame_equal(before, after, check_exact=True)


@every_model
def test_other_inputs_than_the_model_needs_are_refused_by_name(entry):
    examples = make_examples()
    bare = Examples(tracks=examples.tracks, targets=examples.targets)
    if not entry.inputs:
        assert len(Predictor(train_quickly(entry)).predict(bare)) == len(bare)
        return
    message = f"'{entry.name}' needs {' and '.join(entry.inputs)} inputs; the examples have none"
    with pytest.raises(DataError, match=message):
        train_model(
            entry.name,
            bare,
            make_parts(bare),
            targets=entry.default_targets,
            spec=small_spec(entry),
            parents=parents_of(entry),
        )
    with pytest.raises(DataError, match=message):
        Predictor(train_quickly(entry)).predict(bare)


@pytest.mark.parametrize("entry", HEARING, ids=lambda entry: entry.name)
@pytest.mark.parametrize("kind", ["mfcc", "logmel"])
def test_a_model_that_hears_takes_arrays_of_either_kind(entry, kind):
    inputs = {**random_inputs(entry, 3), kind: torch.randn(3, *SHAPES[kind])}
    if kind != entry.sound:
        del inputs[entry.sound]
    model = entry.build(entry.config(), {name: array.shape[1:] for name, array in inputs.items()}, 2)
    assert model(inputs).shape == (3, 2)


@learning_network
def test_a_model_learns_what_its_inputs_say(entry):
    examples = make_examples(200, targets=TARGETS[:2])
    parts = make_parts(examples)
    settings = {"epochs": 60, "learning_rate": 0.01}
    if entry.name == "attention_cnn":
        settings = {"epochs": 60}  # so much dropout bears no faster pace than its own
    if entry.name in LARGE:
        settings = {"epochs": 12, "min_steps": 4, "learning_rate": 1e-3}
    task = task_of(entry, TARGETS[:2] if entry.question is None else None)
    parents = parents_of(entry, task.features)
    trained = train_model(
        entry.name, examples, parts, targets=task.features, spec=small_spec(entry), settings=settings, parents=parents
    )
    of_test = task.pose(examples).select((parts == "test").to_numpy())
    error = (Predictor(trained).predict(of_test) - of_test.targets).pow(2).mean()
    assert (error < 0.3 * of_test.targets.var(ddof=0)).all()


def test_the_mean_is_that_of_the_known_values_of_the_training_part():
    examples = make_examples(10)
    examples.targets.iloc[0, 0] = np.nan
    examples.targets.iloc[2:, 1] = np.nan
    parts = make_parts(examples)
    predicted = Predictor(train_model("mean", examples, parts, targets=TARGETS)).predict(examples)
    expected = examples.targets[(parts == "train").to_numpy()].mean()
    np.testing.assert_allclose(predicted, np.tile(expected, (10, 1)), rtol=1e-6)


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


@pytest.mark.parametrize("tempo_offset", [True, False])
def test_the_numeric_network_is_three_layers_of_sigmoids_on_standardised_inputs(tempo_offset):
    trained = train_quickly(registry.get("numeric_mlp"), tempo_offset=tempo_offset)
    examples = make_examples(7, seed=2)
    weights = {name: tensor.double().numpy() for name, tensor in trained.model.state_dict().items()}
    matrices = [value for value in weights.values() if value.ndim == 2]
    biases = [value for value in weights.values() if value.ndim == 1]
    assert [matrix.shape for matrix in matrices] == [(64, 7 if tempo_offset else 6), (32, 64), (5, 32)]

    of_train = make_examples()
    of_train = of_train.select((make_parts(of_train) == "train").to_numpy())
    raw, fitted_on = (frame.numeric[list(NUMERIC_INPUTS)].to_numpy() for frame in (examples, of_train))
    if tempo_offset:
        raw, fitted_on = (np.c_[x, abs(x[:, 1] - np.rint(x[:, 1]))] for x in (raw, fitted_on))
    values = (raw - fitted_on.mean(axis=0)) / fitted_on.std(axis=0)
    for matrix, bias in zip(matrices, biases, strict=True):
        values = sigmoid(values @ matrix.T + bias)
    np.testing.assert_allclose(Predictor(trained).predict(examples), values, atol=1e-5)


@pytest.mark.parametrize(("name", "value"), [("numeric_mlp", "0"), ("lstm_multitask", "0"), ("numeric_mlp", "8,-1")])
def test_a_layer_without_width_is_refused(name, value):
    with pytest.raises(ConfigError, match="hidden must be"):
        registry.get(name).configure({"hidden": value})


def lstm_by_hand(weights, frames):
    """The last step of an LSTM over ``(n_frames, n_inputs)``: input, forget, cell and output gates, in that order."""
    hidden = cell = np.zeros(weights["lstm.weight_hh_l0"].shape[1])
    for frame in frames:
        gates = (
            weights["lstm.weight_ih_l0"] @ frame
            + weights["lstm.bias_ih_l0"]
            + weights["lstm.weight_hh_l0"] @ hidden
            + weights["lstm.bias_hh_l0"]
        )
        add, keep, new, show = np.split(gates, 4)
        cell = sigmoid(keep) * cell + sigmoid(add) * np.tanh(new)
        hidden = sigmoid(show) * np.tanh(cell)
    return sigmoid(weights["head.weight"] @ hidden + weights["head.bias"])


def test_the_lstm_reads_one_frame_after_the_other_as_a_vector_of_coefficients():
    model = build(registry.get("lstm_multitask"))
    clip = random_inputs(registry.get("lstm_multitask"), 1)["mfcc"]
    weights = {name: tensor.double().numpy() for name, tensor in model.state_dict().items()}
    array = clip[0].double().numpy()
    answer = model({"mfcc": clip})[0].detach().numpy()
    np.testing.assert_allclose(answer, lstm_by_hand(weights, array.T), atol=1e-6)
    # What the report's notebook did: the same numbers in another shape are not the same frames.
    reshaped = array.reshape(array.shape[::-1])
    assert abs(answer - lstm_by_hand(weights, reshaped)).max() > 1e-3


def test_the_order_of_frames_matters_to_the_lstm():
    model = build(registry.get("lstm_multitask"))
    clip = random_inputs(registry.get("lstm_multitask"), 1)["mfcc"]
    assert not torch.allclose(model({"mfcc": clip}), model({"mfcc": clip.flip(2)}), atol=1e-4)


def test_the_lstm_does_not_care_what_number_a_coefficient_has():
    model = build(registry.get("lstm_multitask"))
    clip = random_inputs(registry.get("lstm_multitask"), 3)["mfcc"]
    before = model({"mfcc": clip})
    order = torch.tensor([3, 1, 5, 0, 4, 2])
    with torch.no_grad():
        model.lstm.weight_ih_l0.copy_(model.lstm.weight_ih_l0[:, order].clone())
    torch.testing.assert_close(model({"mfcc": clip[:, order]}), before)


def test_a_model_fitted_in_closed_form_needs_nothing_but_a_fitter(monkeypatch, tmp_path):
    """Least squares on the numeric inputs, plugged in as any model would be."""
    monkeypatch.setattr(registry, "_ENTRIES", dict(registry._ENTRIES))

    class Linear(torch.nn.Module):
        def __init__(self, n_inputs, n_targets):
            super().__init__()
            self.register_buffer("weights", torch.zeros(n_inputs + 1, n_targets))

        def forward(self, inputs):
            return torch.nn.functional.pad(inputs["numeric"], (0, 1), value=1.0) @ self.weights

    def least_squares(model, train):
        design = torch.nn.functional.pad(train.inputs["numeric"], (0, 1), value=1.0)
        model.weights.copy_(torch.linalg.lstsq(design, train.targets).solution)

    @registry.register(
        "linear",
        config=registry.get("numeric_mlp").config,
        inputs=("numeric",),
        description="least squares",
        fit=least_squares,
    )
    def build(config, shapes, n_targets):
        return Linear(shapes["numeric"][0], n_targets)

    trained = train_quickly(registry.get("linear"))
    checkpoint.save(tmp_path, trained, split={}, data_digest="", scores=pd.DataFrame())
    examples = make_examples(seed=9)
    predicted = Predictor.load(tmp_path).predict(examples)
    assert trained.history == ()
    # Two targets are linear in valence and loudness.
    np.testing.assert_allclose(predicted[list(TARGETS[:2])], examples.targets[list(TARGETS[:2])], atol=1e-4)


def test_the_loss_of_the_mean_is_one_when_targets_are_balanced():
    targets = make_examples().targets.to_numpy(np.float32) * [1, 0.1, 0.01, 0.5, 1]
    targets = torch.tensor(targets, dtype=torch.float32)
    batch = Batch(inputs={}, targets=targets, names=TARGETS)
    loss = Loss(registry.get("numeric_mlp").train, batch)
    assert loss(targets.mean(dim=0).expand_as(targets), targets).item() == pytest.approx(1, rel=1e-5)
