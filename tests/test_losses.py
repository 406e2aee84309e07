"""What a training makes small: against formulas worked out apart, with gaps, and for each kind of target."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from songfeat.batches import Batch
from songfeat.errors import ConfigError
from songfeat.labels import ALL_TARGETS, ANSWERS, SHAPES
from songfeat.losses import Loss
from songfeat.training_config import LOSSES, TrainConfig

TWO = ALL_TARGETS[:2]


def batch(targets: torch.Tensor, names: tuple[str, ...] = TWO) -> Batch:
    return Batch(inputs={}, targets=targets, names=names)


def entropy(answer: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    return -(wanted * np.log(answer) + (1 - wanted) * np.log(1 - answer))


FORMULAS = {
    "mse": lambda error: error**2,
    "smooth_l1": lambda error: np.where(error < 1, error**2 / 2, error - 0.5),
    "l1": lambda error: error,
}


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_unknown_targets_weigh_nothing(data):
    """The loss of partly known rows is the mean over what is known, and unknown values get no gradient."""
    kind = data.draw(st.sampled_from([*FORMULAS, "bce"]))
    balanced = data.draw(st.booleans())
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    wanted, known = rng.uniform(0.05, 0.95, (9, 2)), rng.random((9, 2)) < 0.6
    known[:2] = True
    answers = torch.tensor(rng.uniform(0.05, 0.95, (9, 2)), requires_grad=True)
    targets = torch.tensor(np.where(known, wanted, np.nan))
    loss = Loss(TrainConfig(loss=kind, balance_targets=balanced), batch(targets))(answers, targets)
    loss.backward()

    values = [wanted[known[:, at], at] for at in range(2)]
    unit = np.array([one.std() for one in values]) if balanced else np.ones(2)
    said = answers.detach().numpy()
    if kind == "bce":
        middle = np.array([one.mean() for one in values])
        each = entropy(said, wanted) * (middle * (1 - middle) / unit**2 if balanced else 1)
    else:
        each = FORMULAS[kind](abs(said - wanted) / unit)
    assert loss.item() == pytest.approx(each[known].mean(), rel=1e-5)
    assert answers.grad.isfinite().all()
    assert not answers.grad.numpy()[~known].any()
    assert answers.grad.numpy()[known].all()


def test_every_answer_has_a_shape_and_by_target_takes_the_loss_that_suits_it():
    assert set(SHAPES) == set(ANSWERS)
    torch.manual_seed(0)
    targets, answers = torch.rand(20, len(ALL_TARGETS)), torch.rand(20, len(ALL_TARGETS))
    whole = Loss(TrainConfig(loss="by_target"), batch(targets, ALL_TARGETS)).total(answers, targets)
    kinds = {"even": "smooth_l1", "skewed": "l1", "two-sided": "bce"}
    parts = [
        Loss(TrainConfig(loss=kinds[SHAPES[name]]), batch(targets[:, [at]], (name,))).total(
            answers[:, [at]], targets[:, [at]]
        )
        for at, name in enumerate(ALL_TARGETS)
    ]
    assert whole.item() == pytest.approx(sum(parts).item(), rel=1e-5)


def test_a_small_error_costs_as_much_in_cross_entropy_as_in_smooth_l1():
    """Near the mean: where a target's values and the answers lie on average, the two rise alike."""
    targets = torch.rand(4000, 1).mul(0.4).add(0.3)
    middle = targets.mean()
    costs = {}
    for kind in ("bce", "smooth_l1"):
        loss = Loss(TrainConfig(loss=kind), batch(targets, TWO[:1]))
        right, wrong = (loss.total(torch.tensor([[middle + by]]), torch.tensor([[middle]])) for by in (0, 0.02))
        costs[kind] = (wrong - right).item()
    assert costs["bce"] == pytest.approx(costs["smooth_l1"], rel=0.02)


@pytest.mark.parametrize("kind", LOSSES)
def test_gradients_stay_finite_at_the_ends_of_the_range(kind):
    targets = torch.tensor([[0.0, 1.0], [1.0, 0.0], [0.5, 0.2]])
    answers = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.5, 0.2]], requires_grad=True)
    Loss(TrainConfig(loss=kind), batch(targets))(answers, targets).backward()
    assert answers.grad.isfinite().all()


def test_what_is_no_probability_is_refused_by_name():
    good, high = torch.tensor([[0.2, 0.4], [0.3, 0.6]]), torch.tensor([[0.2, 1.4], [0.3, 0.6]])
    config = TrainConfig(loss="bce")
    with pytest.raises(ConfigError, match=rf"cross-entropy for {TWO[1]}, but some values of it"):
        Loss(config, batch(high))
    with pytest.raises(ConfigError, match=rf"cross-entropy for {TWO[1]}, but some answers of it"):
        Loss(config, batch(good))(high, good)
    assert Loss(TrainConfig(loss="mse"), batch(high))(high, high).item() == 0
