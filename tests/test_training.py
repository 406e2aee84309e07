from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch

from songfeat.batches import Batch, answer
from songfeat.errors import CheckpointError, ConfigError, DataError, LabelMismatch, SpecMismatch, UnknownName
from songfeat.examples import Examples
from songfeat.labels import NUMERIC_INPUTS, TARGETS
from songfeat.training import train_model
from songfeat.training_config import TrainConfig
from songfeat.training_loop import Loss, fit
from songfeat.training_state import TrainingState
from tests.modelling import SMALL_SPEC, make_examples, make_parts

CONFIG = TrainConfig(epochs=6, batch_size=8, min_steps=1, learning_rate=0.02, patience=6)
NAMES = TARGETS[:2]


class Net(torch.nn.Module):
    """A network with all that a training has to bring back: dropout, running statistics, more than one layer."""

    def __init__(self, *, bounded=True, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(3, 8),
            torch.nn.BatchNorm1d(8),
            torch.nn.ReLU(),
            torch.nn.Dropout(0.5),
            torch.nn.Linear(8, 2),
        )
        self.bounded = bounded

    def forward(self, inputs):
        values = self.layers(inputs["numeric"])
        return torch.sigmoid(values) if self.bounded else values


class StoppedError(Exception):
    """Whatever ends a training from outside."""


def make_batch(n=40, seed=0):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(n, 3, generator=generator)
    noise = 0.1 * torch.randn(n, 2, generator=generator)
    return Batch(inputs={"numeric": inputs}, targets=torch.sigmoid(inputs[:, :2] + noise), names=NAMES)


def without_seconds(history):
    return [replace(record, seconds=0.0) for record in history]


def assert_same_weights(one, other):
    assert one.keys() == other.keys()
    for name in one:
        assert torch.equal(one[name], other[name]), name


def test_the_loss_falls_and_each_epoch_is_told():
    model, told = Net(), []
    history = fit(
        model, make_batch(), make_batch(seed=1), replace(CONFIG, epochs=40, patience=40), on_epoch=told.append
    )
    assert tuple(told) == history
    assert [record.epoch for record in history] == list(range(1, 41))
    assert history[-1].train_loss < 0.6 * history[0].train_loss
    assert set(history[0].val_mae) == set(NAMES)
    assert all(record.seconds > 0 for record in history)
    bests = [record.val_loss for record in history if record.is_best]
    assert bests == sorted(bests, reverse=True)
    assert bests[-1] == min(record.val_loss for record in history)


def test_training_leaves_the_weights_of_the_best_epoch():
    train, val = make_batch(), make_batch(seed=1)
    model = Net()
    history = fit(model, train, val, replace(CONFIG, epochs=30, patience=30, learning_rate=0.3))
    best = min(history, key=lambda record: record.val_loss)
    assert best.epoch < 30, "the last epoch is the best: nothing had to be brought back"
    answers = answer(model, val.inputs, batch_size=7)
    assert Loss(CONFIG, train)(answers, val.targets).item() == pytest.approx(best.val_loss, rel=1e-5)
    errors = (answers - val.targets).abs().mean(dim=0).tolist()
    assert best.val_mae == pytest.approx(dict(zip(NAMES, errors, strict=True)), rel=1e-5)
    assert not model.training


def test_training_stops_when_the_validation_loss_no_longer_falls():
    val = make_batch(seed=1)
    hopeless = replace(val, targets=1 - val.targets)  # the more is learnt, the worse
    history = fit(Net(), make_batch(), hopeless, replace(CONFIG, epochs=50, patience=4))
    best = max(record.epoch for record in history if record.is_best)
    assert len(history) == best + 4 < 50


def test_the_learning_rate_falls_on_a_plateau():
    val = make_batch(seed=1)
    hopeless = replace(val, targets=1 - val.targets)
    config = replace(CONFIG, epochs=12, patience=12, plateau_patience=2, plateau_factor=0.1)
    rates = [record.learning_rate for record in fit(Net(), make_batch(), hopeless, config)]
    assert rates[0] == 0.02
    assert rates[-1] < 0.0021
    assert all(after in (before, pytest.approx(before / 10)) for before, after in pairwise(rates))


@pytest.mark.parametrize(("grad_clip", "longest"), [(1e-3, 1e-3), (0, None)])
def test_gradients_are_clipped_to_their_longest(grad_clip, longest):
    model = Net()
    fit(model, make_batch(), make_batch(), replace(CONFIG, epochs=1, grad_clip=grad_clip))
    length = torch.cat([weight.grad.flatten() for weight in model.parameters()]).norm().item()
    assert length == pytest.approx(longest, rel=1e-3) if longest else length > 0.01


@pytest.mark.parametrize("epochs_before", range(1, 10))
def test_a_training_that_was_stopped_ends_as_if_it_had_not_been(tmp_path, epochs_before):
    train, val, path = make_batch(), make_batch(seed=1), tmp_path / "state.safetensors"
    straight, stopped, resumed = Net(), Net(), Net(seed=7)
    config = replace(CONFIG, epochs=10, patience=10, learning_rate=0.3, plateau_patience=1)
    expected = fit(straight, train, val, config, seed=3)
    assert expected[-1].learning_rate < 0.1, "the learning rate never fell: its schedule is not put to the test"

    def kill(record):
        if record.epoch == epochs_before:
            raise StoppedError

    with pytest.raises(StoppedError):
        fit(stopped, train, val, config, seed=3, on_epoch=kill, on_state=lambda state: state.save(path))
    torch.rand(100)  # whatever else used random numbers meanwhile
    history = fit(resumed, train, val, config, seed=3, resume=TrainingState.load(path))
    assert_same_weights(resumed.state_dict(), straight.state_dict())
    assert without_seconds(history) == without_seconds(expected)
    assert list(tmp_path.iterdir()) == [path], "a temporary file was left behind"


def test_a_registered_model_resumes_too(tmp_path):
    examples, path = make_examples(), tmp_path / "state.safetensors"
    options = {"targets": TARGETS, "spec": SMALL_SPEC, "settings": {"epochs": 4}, "seed": 2}

    def save(state):
        if len(state.history) == 2:
            state.save(path)

    straight = train_model("lstm_multitask", examples, make_parts(examples), **options, on_state=save)
    resume = TrainingState.load(path)
    resumed = train_model("lstm_multitask", examples, make_parts(examples), **options, resume=resume)
    assert_same_weights(resumed.model.state_dict(), straight.model.state_dict())
    assert without_seconds(resumed.history) == without_seconds(straight.history)


def test_a_finished_training_is_not_trained_on(tmp_path):
    states = []
    model, again = Net(), Net(seed=1)
    history = fit(model, make_batch(), make_batch(seed=1), CONFIG, on_state=states.append)
    assert fit(again, make_batch(), make_batch(seed=1), CONFIG, resume=states[-1]) == history
    assert_same_weights(model.state_dict(), again.state_dict())


def test_a_state_is_a_copy_that_later_epochs_do_not_change():
    states = []
    fit(Net(), make_batch(), make_batch(seed=1), CONFIG, on_state=states.append)
    first, second = states[:2]
    assert [len(state.history) for state in states] == [1, 2, 3, 4, 5, 6]
    for part in ("weights", "moments", "random"):
        changed = [
            name for name, tensor in getattr(first, part).items() if not tensor.equal(getattr(second, part)[name])
        ]
        assert changed, part


def test_a_training_cannot_be_resumed_as_another(tmp_path):
    states = []
    fit(Net(), make_batch(), make_batch(), CONFIG, on_state=states.append)
    for changes, message in (
        ({"config": replace(CONFIG, learning_rate=0.5)}, "learning_rate=0.02.*learning_rate=0.5"),
        ({"seed": 1}, "seed 0; it cannot become .* seed 1"),
    ):
        with pytest.raises(ConfigError, match=message):
            fit(Net(), make_batch(), make_batch(), **{"config": CONFIG, **changes}, resume=states[0])
    with pytest.raises(ConfigError, match="of another model"):
        fit(torch.nn.Linear(3, 2), make_batch(), make_batch(), CONFIG, resume=states[0])


@pytest.mark.parametrize("damage", ["missing", "cut", "empty", "text", "foreign"])
def test_a_damaged_state_is_refused_with_its_name(tmp_path, damage):
    path, states = tmp_path / "state.safetensors", []
    fit(Net(), make_batch(), make_batch(), CONFIG, on_state=states.append)
    states[0].save(path)
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "foreign":
        from safetensors.torch import save_file

        save_file({"a": torch.zeros(1)}, path)
    else:
        path.write_bytes({"cut": data[:-9], "empty": b"", "text": b"not a state of a training"}[damage])
    with pytest.raises(CheckpointError, match=r"state\.safetensors"):
        TrainingState.load(path)


def test_a_loss_that_is_no_number_ends_training_and_keeps_the_last_good_weights():
    train = make_batch()
    model, told = Net(bounded=False), []

    def poison(record):
        told.append(record)
        if record.epoch == 2:
            train.inputs["numeric"][5] = float("inf")

    with pytest.raises(ConfigError, match=r"epoch 3 at a learning rate of 0\.02\. Try a learning_rate of 0\.002"):
        fit(model, train, make_batch(seed=1), CONFIG, on_epoch=poison)
    best = min(told, key=lambda record: record.val_loss)
    expected = Net(bounded=False)
    fit(expected, make_batch(), make_batch(seed=1), replace(CONFIG, epochs=best.epoch))
    assert_same_weights(model.state_dict(), expected.state_dict())


def test_too_high_a_learning_rate_is_said_to_be_the_cause():
    with pytest.raises(ConfigError, match=r"The loss became (nan|inf) in epoch \d at a learning rate of 1e\+30"):
        fit(Net(bounded=False), make_batch(), make_batch(), replace(CONFIG, learning_rate=1e30))


def test_whoever_is_told_of_an_epoch_may_end_the_training():
    def cancel(record):
        if record.epoch == 3:
            raise StoppedError

    model, shorter = Net(), Net()
    with pytest.raises(StoppedError):
        fit(model, make_batch(), make_batch(seed=1), CONFIG, on_epoch=cancel)
    fit(shorter, make_batch(), make_batch(seed=1), replace(CONFIG, epochs=3))
    assert_same_weights(model.state_dict(), shorter.state_dict())


def test_the_callers_random_numbers_are_left_alone():
    model = Net()
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    fit(model, make_batch(), make_batch(), CONFIG)
    examples = make_examples()
    train_model("numeric_mlp", examples, make_parts(examples), targets=TARGETS, settings={"epochs": 1})
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(("wanted", "used"), [(1, 1), (2, 2), (64, 3)])
def test_a_training_takes_at_most_so_many_threads_and_gives_them_back(wanted, used):
    seen = set()

    class Watching(Net):
        def forward(self, inputs):
            seen.add(torch.get_num_threads())
            return super().forward(inputs)

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        fit(Watching(), make_batch(), make_batch(), replace(CONFIG, threads=wanted))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert seen == {used}


def test_a_target_that_never_varies_can_be_learnt():
    batch = make_batch()
    batch = replace(batch, targets=torch.full_like(batch.targets, 0.3))
    history = fit(Net(), batch, batch, replace(CONFIG, epochs=30, patience=30))
    assert np.isfinite([record.train_loss for record in history]).all()
    assert history[-1].val_mae[NAMES[0]] < history[0].val_mae[NAMES[0]]


def test_a_target_without_reference_in_the_validation_part_has_no_error():
    val = make_batch(seed=1)
    val.targets[:, 1] = float("nan")
    assert set(fit(Net(), make_batch(), val, CONFIG)[0].val_mae) == {NAMES[0]}


def test_small_sets_get_smaller_batches():
    steps = []

    class Counting(Net):
        def forward(self, inputs):
            if self.training:
                steps.append(len(inputs["numeric"]))
            return super().forward(inputs)

    fit(Counting(), make_batch(40), make_batch(), replace(CONFIG, epochs=1, batch_size=32, min_steps=10))
    assert steps == [4] * 10
    steps.clear()
    fit(Counting(), make_batch(40), make_batch(), replace(CONFIG, epochs=1, batch_size=32, min_steps=1))
    assert steps == [32, 8]


def with_other_values(examples: Examples, mask: np.ndarray) -> Examples:
    """The same examples, but wild inputs and targets where `mask` is true."""
    numeric, targets, arrays = examples.numeric.copy(), examples.targets.copy(), dict(examples.arrays)
    numeric.loc[mask] = numeric.loc[mask] * 1000 + 77
    targets.loc[mask] = 1 - targets.loc[mask]
    arrays["mfcc"] = np.where(mask[:, np.newaxis, np.newaxis], np.float32(1e4), arrays["mfcc"])
    return Examples(tracks=examples.tracks, targets=targets, numeric=numeric, arrays=arrays)


@pytest.mark.parametrize("model", ["mean", "numeric_mlp", "lstm_multitask"])
def test_what_is_learnt_comes_from_the_training_part_alone(model):
    examples = make_examples()
    parts = make_parts(examples)
    changes = {} if model == "mean" else {"epochs": 1}  # the validation part says which of several epochs is kept
    wild = with_other_values(examples, (parts != "train").to_numpy())
    one, other = (
        train_model(model, each, parts, targets=TARGETS, spec=SMALL_SPEC, settings=changes) for each in (examples, wild)
    )
    assert one.preparation == other.preparation
    assert_same_weights(one.model.state_dict(), other.model.state_dict())


def test_the_test_part_changes_nothing_at_all():
    examples = make_examples()
    parts = make_parts(examples)
    wild = with_other_values(examples, (parts == "test").to_numpy())
    one, other = (
        train_model("numeric_mlp", each, parts, targets=TARGETS, settings={"epochs": 10}) for each in (examples, wild)
    )
    assert_same_weights(one.model.state_dict(), other.model.state_dict())
    assert without_seconds(one.history) == without_seconds(other.history)


def test_scalers_are_those_of_the_training_part():
    examples = make_examples()
    parts = make_parts(examples)
    trained = train_model("lstm_multitask", examples, parts, targets=TARGETS, spec=SMALL_SPEC, settings={"epochs": 1})
    of_train = examples.arrays["mfcc"][(parts == "train").to_numpy()]
    scaler = trained.preparation.scalers["mfcc"]
    np.testing.assert_allclose(scaler.mean, of_train.mean(axis=(0, 2)), rtol=1e-4)
    np.testing.assert_allclose(scaler.scale, of_train.std(axis=(0, 2)), rtol=1e-4)


def test_the_order_of_parts_rows_and_columns_means_nothing():
    examples = make_examples()
    parts = make_parts(examples)
    shuffled = replace(
        examples, numeric=examples.numeric[list(NUMERIC_INPUTS)[::-1]], targets=examples.targets[list(TARGETS)[::-1]]
    )
    options = {"targets": TARGETS, "settings": {"epochs": 2}}
    one = train_model("numeric_mlp", examples, parts, **options)
    other = train_model(
        "numeric_mlp", shuffled, parts.sample(frac=1, random_state=0), **{**options, "targets": TARGETS[::-1]}
    )
    assert other.targets == TARGETS
    assert_same_weights(one.model.state_dict(), other.model.state_dict())


def test_rows_without_any_target_are_left_out_and_partly_known_ones_are_not():
    examples = make_examples()
    parts = make_parts(examples)
    targets = examples.targets.copy()
    targets.iloc[::2, 0] = np.nan
    targets.iloc[5:10] = np.nan
    options = {"targets": TARGETS, "settings": {"epochs": 2}}
    with_gaps = replace(examples, targets=targets)
    kept = targets.notna().any(axis=1).to_numpy()
    one = train_model("numeric_mlp", with_gaps, parts, **options)
    other = train_model("numeric_mlp", with_gaps.select(kept), parts[kept], **options)
    assert_same_weights(one.model.state_dict(), other.model.state_dict())


def test_what_cannot_be_trained_is_refused_in_words():
    examples = make_examples()
    parts = make_parts(examples)
    unknown = replace(examples, targets=examples.targets.assign(**{TARGETS[1]: np.nan}))
    flat = replace(examples, arrays={"mfcc": examples.arrays["mfcc"][:, :, :5]})
    holes = replace(examples, numeric=examples.numeric.assign(tempo=np.nan))
    narrow = replace(examples, numeric=examples.numeric.drop(columns="tempo"))
    for error, message, model, given_examples, given_parts, changes in (
        (UnknownName, "no target 'dancability'", "mean", examples, parts, {"targets": ("dancability",)}),
        (UnknownName, "no model 'men'. Did you mean 'mean'", "men", examples, parts, {}),
        (DataError, "no values of valence", "mean", examples, parts, {"targets": ("valence",)}),
        (DataError, f"training part has a known value of {TARGETS[1]}", "mean", unknown, parts, {}),
        (DataError, "part 'val' has a known value", "numeric_mlp", examples, parts.replace("val", "test"), {}),
        (DataError, "no part for track 'demo:59'", "numeric_mlp", examples, parts.iloc[:-1], {}),
        (DataError, "tempo", "numeric_mlp", holes, parts, {}),
        (LabelMismatch, "0 for tempo", "numeric_mlp", narrow, parts, {}),
        (SpecMismatch, r"\(6, 5\) each; those of the spec are \(6, 12\)", "lstm_multitask", flat, parts, {}),
        (SpecMismatch, "no spec", "lstm_multitask", examples, parts, {"spec": None}),
        (ConfigError, "no setting 'epoch'", "numeric_mlp", examples, parts, {"settings": {"epoch": "2"}}),
    ):
        with pytest.raises(error, match=message):
            train_model(model, given_examples, given_parts, **{"targets": TARGETS, "spec": SMALL_SPEC, **changes})


@pytest.mark.real
def test_the_numeric_network_comes_close_on_real_songs(real_data):
    from songfeat.predictor import Predictor
    from songfeat.splits import split
    from songfeat.text import artist_key

    table = pd.read_parquet(real_data / "spotify_tracks.parquet").dropna(subset=[*NUMERIC_INPUTS, *TARGETS, "artist"])
    table = table[table["time_signature"] > 0].sample(20_000, random_state=0)
    table.index = pd.Index([f"demo:{number}" for number in range(len(table))], name="track_id")
    examples = Examples(
        tracks=pd.DataFrame({"artist": table["artist"].map(artist_key), "genre": ""}),
        targets=table[list(TARGETS)],
        numeric=table[list(NUMERIC_INPUTS)],
    )
    parts = split(examples.tracks)
    trained = train_model("numeric_mlp", examples, parts, targets=TARGETS, settings={"epochs": 40})
    of_test = examples.select((parts == "test").to_numpy())
    error = (Predictor(trained).predict(of_test) - of_test.targets).pow(2).mean()
    r2 = (1 - error / of_test.targets.var(ddof=0)).to_numpy()
    assert (r2 > [0.38, 0.60, 0.02, 0.38, 0.18]).all(), r2
