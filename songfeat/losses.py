"""What a training makes small."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from songfeat.batches import Batch
from songfeat.errors import ConfigError
from songfeat.labels import SHAPES
from songfeat.training_config import TrainConfig


class Loss:
    """The loss over known values, each target balanced against the others if so configured.

    Parameters
    ----------
    config : TrainConfig
    train : Batch
        The training part: the deviation of each target there is its unit, and
        its names say which column is which target.

    Raises
    ------
    ConfigError
        If the loss cannot be taken of such targets.
    """

    def __init__(self, config: TrainConfig, train: Batch) -> None:
        self.names = train.names
        kinds = [_BY_SHAPE[SHAPES[name]] if config.loss == "by_target" else config.loss for name in train.names]
        # A slice costs nothing where, as mostly, all targets are treated alike.
        self._columns = {
            kind: slice(None) if kinds.count(kind) == len(kinds) else torch.tensor([one == kind for one in kinds])
            for kind in dict.fromkeys(kinds)
        }
        known = train.targets.double()
        mean = known.nanmean(dim=0)
        variance = (known - mean).square().nanmean(dim=0)
        unit = variance.where((variance > 0) & config.balance_targets, 1.0)
        # So weighted, a small error costs as much as in the other losses: the entropy rises by e² / (2 p (1 - p)).
        certainty = (mean * (1 - mean)).where((variance > 0) & config.balance_targets, 1.0)
        self._unit, self._weight = unit.sqrt().float(), (certainty / unit).float()
        self._check_range("values", train.targets)

    def total(self, answers: Tensor, targets: Tensor) -> Tensor:
        """The sum over all known values of ``(n, n_targets)``.

        Raises
        ------
        ConfigError
            If answers are no probabilities where the loss takes them for such.
        """
        self._check_range("answers", answers)
        known = ~targets.isnan()
        # An unknown value is taken to be as answered: no gradient through it is NaN, and its loss is left out.
        wanted = targets.where(known, answers.detach())
        each = [
            self._of_kind(kind, answers[:, columns], wanted[:, columns], columns).where(known[:, columns], 0.0).sum()
            for kind, columns in self._columns.items()
        ]
        return each[0] if len(each) == 1 else torch.stack(each).sum()

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """The mean over all known values."""
        return self.total(answers, targets) / (~targets.isnan()).sum()

    def _of_kind(self, kind: str, answers: Tensor, wanted: Tensor, columns: Tensor | slice) -> Tensor:
        if kind == "bce":
            return functional.binary_cross_entropy(answers, wanted, reduction="none") * self._weight[columns]
        unit = self._unit[columns]
        return _FUNCTIONS[kind](answers / unit, wanted / unit, reduction="none")

    def _check_range(self, what: str, values: Tensor) -> None:
        columns = self._columns.get("bce")
        if columns is None:
            return
        outside = ((values[:, columns] < 0) | (values[:, columns] > 1)).any(dim=0)
        if outside.any():
            names = ", ".join(np.array(self.names)[columns][outside.numpy()])
            raise ConfigError(
                f"The loss is a cross-entropy for {names}, but some {what} of it are not between 0 and 1. Choose the"
                " loss mse or smooth_l1."
            )


_FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    "mse": functional.mse_loss,
    "smooth_l1": functional.smooth_l1_loss,
    "l1": functional.l1_loss,
}
_BY_SHAPE = {"even": "smooth_l1", "skewed": "l1", "two-sided": "bce"}
"""What suits values that are distributed so: a few songs far out on one side shall not lead the others, and what is
most often near 0 or near 1 is a yes or a no."""
