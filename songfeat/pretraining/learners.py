"""The two learners of the pretrained model, each from scaled descriptors to tensors that NumPy can answer with."""

import numpy as np

from songfeat.pretrained.model import SUPPORT_STEPS

KERNEL_WIDTH = 0.5
"""The kernel's gamma times the number of descriptors."""

_EPSILON = 0.1  # in standard deviations of a target's log-odds
_LEAST_CORRELATION = 0.03
_HIDDEN = 128
_EPOCHS = 25
_BATCH = 64
_LEARNING_RATE = 2e-3
_WEIGHT_DECAY = 0.3
_NOISE = 1.0
_LEFT_OUT = 0.1
_DROPOUT = 0.5
_HUBER = 0.3

Tensors = dict[str, np.ndarray]


def fit_kernel(scaled: np.ndarray, log_odds: np.ndarray, weights: np.ndarray) -> Tensors:
    """A support vector regression a target, on descriptors weighted by their rank correlation with it.

    Parameters
    ----------
    scaled : numpy.ndarray
        (n, d).
    log_odds : numpy.ndarray
        (n, n_targets).
    weights : numpy.ndarray
        (n,), how much each example counts.

    Returns
    -------
    dict of str to numpy.ndarray
        The tensors of :class:`songfeat.pretrained.model.PretrainedModel` that are the kernel's.
    """
    from scipy.stats import rankdata
    from sklearn.svm import SVR

    support = np.round(scaled * SUPPORT_STEPS).astype(np.int8)
    rounded = support / SUPPORT_STEPS
    ranks = _standardised(rankdata(scaled, axis=0))
    coefficient = np.zeros((log_odds.shape[1], len(scaled)), dtype=np.float32)
    feature_weight, intercept = [], []
    for target, wanted in enumerate(log_odds.T):
        correlation = np.abs(ranks.T @ _standardised(rankdata(wanted))) / len(ranks)
        weight = np.sqrt(correlation + _LEAST_CORRELATION)
        weight = (weight / np.sqrt(np.square(weight).mean())).astype(np.float16).astype(float)
        machine = SVR(C=wanted.std(), epsilon=_EPSILON * wanted.std(), gamma=KERNEL_WIDTH / scaled.shape[1])
        machine.fit(rounded * weight, wanted, sample_weight=weights)
        coefficient[target, machine.support_] = machine.dual_coef_[0]
        feature_weight.append(weight)
        intercept.append(machine.intercept_[0])
    return {
        "support": support,
        "feature_weight": np.array(feature_weight, dtype=np.float16),
        "coefficient": coefficient,
        "intercept": np.array(intercept, dtype=np.float32),
    }


def _standardised(columns: np.ndarray) -> np.ndarray:
    deviation = columns.std(axis=0)
    result: np.ndarray = (columns - columns.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    return result


def fit_networks(scaled: np.ndarray, log_odds: np.ndarray, weights: np.ndarray, *, seeds: int) -> Tensors:
    """Networks of one hidden layer for all targets at once, one a seed; arguments and result as of `fit_kernel`.

    What keeps a few hundred clips from being learnt by heart is noise as large
    as the descriptors' own spread.
    """
    import torch
    from torch import nn

    centre, spread = np.median(log_odds, axis=0), log_odds.std(axis=0)
    inputs = torch.tensor(scaled, dtype=torch.float32)
    wanted = torch.tensor((log_odds - centre) / spread, dtype=torch.float32)
    counts = torch.tensor(weights, dtype=torch.float32)[:, None]
    fitted: dict[str, list[np.ndarray]] = {
        name: [] for name in ("first_weight", "first_bias", "second_weight", "second_bias")
    }
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums in another order would give other numbers
    try:
        for seed in range(seeds):
            random = torch.Generator().manual_seed(seed)
            first, second = nn.Linear(inputs.shape[1], _HIDDEN), nn.Linear(_HIDDEN, wanted.shape[1])
            _initialise(first, second, random)
            _train(first, second, inputs, wanted, counts, random)
            fitted["first_weight"].append(first.weight.detach().numpy().T)
            fitted["first_bias"].append(first.bias.detach().numpy())
            fitted["second_weight"].append(second.weight.detach().numpy().T * spread)
            fitted["second_bias"].append(second.bias.detach().numpy() * spread + centre)
    finally:
        torch.set_num_threads(threads)
    return {name: np.array(values, dtype=np.float16) for name, values in fitted.items()}


def _initialise(first, second, random) -> None:  # type: ignore[no-untyped-def]
    from torch import nn

    bound = first.in_features**-0.5
    nn.init.uniform_(first.weight, -bound, bound, generator=random)
    nn.init.uniform_(first.bias, -bound, bound, generator=random)
    bound = 0.1 * second.in_features**-0.5
    nn.init.uniform_(second.weight, -bound, bound, generator=random)
    nn.init.zeros_(second.bias)


def _train(first, second, inputs, wanted, counts, random) -> None:  # type: ignore[no-untyped-def]
    import torch
    from torch.nn import functional

    steps = max(1, len(inputs) // _BATCH)
    optimiser = torch.optim.AdamW([*first.parameters(), *second.parameters()], lr=_LEARNING_RATE,
                                  weight_decay=_WEIGHT_DECAY)  # fmt: skip
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _LEARNING_RATE, total_steps=_EPOCHS * steps)
    for _ in range(_EPOCHS):
        order = torch.randperm(len(inputs), generator=random)
        for step in range(steps):
            batch = order[step * _BATCH : (step + 1) * _BATCH]
            seen = inputs[batch] + _NOISE * torch.randn(len(batch), inputs.shape[1], generator=random)
            seen = seen * (torch.rand(seen.shape, generator=random) > _LEFT_OUT)
            hidden = functional.silu(first(seen))
            hidden = hidden * (torch.rand(hidden.shape, generator=random) > _DROPOUT) / (1 - _DROPOUT)
            errors = functional.smooth_l1_loss(second(hidden), wanted[batch], beta=_HUBER, reduction="none")
            loss = (errors * counts[batch]).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
