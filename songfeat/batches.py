"""Tracks as tensors, and the answers of a model for any number of them."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Some tracks as tensors: a whole part, or the few of one step.

    Attributes
    ----------
    inputs : mapping of str to Tensor
        ``(n, …)`` by kind, float32.
    targets : Tensor
        ``(n, n_targets)``, float32; NaN where a reference value is not known, but each row has one.
    names : tuple of str
        Of the targets, in order.
    """

    inputs: Mapping[str, Tensor]
    targets: Tensor
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.targets)

    def select(self, rows: Tensor) -> "Batch":
        """The tracks of these row numbers."""
        inputs = {kind: tensor.index_select(0, rows) for kind, tensor in self.inputs.items()}
        return Batch(inputs=inputs, targets=self.targets.index_select(0, rows), names=self.names)


@torch.inference_mode()
def answer(model: nn.Module, inputs: Mapping[str, Tensor], batch_size: int) -> Tensor:
    """The model's answers for any number of tracks, ``(n, n_targets)``, some at a time."""
    was_training = model.training
    model.eval()
    parts = zip(*(tensor.split(batch_size) for tensor in inputs.values()), strict=True)
    answers = torch.cat([model(dict(zip(inputs, part, strict=True))) for part in parts])
    model.train(was_training)
    return answers
