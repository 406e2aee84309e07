"""Tracks as tensors, and the answers of a model for any number of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from songfeat.disk_arrays import Array, choose


class LazyInput:
    """Inputs of tracks that stay where they are, on disk maybe, and are scaled when they are asked for.

    Takes the place of a tensor in a :class:`Batch`, with the few of its
    methods that are needed there; what they give is equal to what that tensor
    would, bit for bit.

    Parameters
    ----------
    array : Array
        ``(n, …)``, not yet scaled.
    scale : callable
        Makes of some of its rows, as they are, float32 tensors as a model sees them.
    """

    def __init__(self, array: Array, scale: Callable[[np.ndarray], Tensor]) -> None:
        self.array, self.scale = array, scale

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def ndim(self) -> int:
        return self.array.ndim

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, rows: slice) -> "LazyInput":
        return LazyInput(choose(self.array, rows), self.scale)

    def index_select(self, _dim: int, rows: Tensor) -> Tensor:
        """These rows as a tensor."""
        return self.scale(self.array[rows.numpy()])

    def split(self, size: int) -> Iterator[Tensor]:
        """All rows in order, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.scale(self.array[start : start + size])


Input = Tensor | LazyInput


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Some tracks as tensors: a whole part, or the few of one step.

    Attributes
    ----------
    inputs : mapping of str to Tensor or LazyInput
        ``(n, …)`` by kind, float32.
    targets : Tensor
        ``(n, n_targets)``, float32; NaN where a reference value is not known, but each row has one.
    names : tuple of str
        Of the targets, in order.
    """

    inputs: Mapping[str, Input]
    targets: Tensor
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.targets)

    def select(self, rows: Tensor) -> "Batch":
        """The tracks of these row numbers, as tensors."""
        inputs = {kind: values.index_select(0, rows) for kind, values in self.inputs.items()}
        return Batch(inputs=inputs, targets=self.targets.index_select(0, rows), names=self.names)

    def to(self, device: torch.device) -> "Batch":
        """The same tracks in the memory of a device, where each of their inputs is a tensor."""
        inputs = {kind: values.to(device) for kind, values in self.inputs.items() if isinstance(values, Tensor)}
        return Batch(inputs=inputs, targets=self.targets.to(device), names=self.names)

    def part(self, number: int, of: int) -> "Batch":
        """One of `of` parts of about the same size, counted from 0; nothing is copied."""
        rows = slice(len(self) * number // of, len(self) * (number + 1) // of)
        inputs = {kind: values[rows] for kind, values in self.inputs.items()}
        return Batch(inputs=inputs, targets=self.targets[rows], names=self.names)


@torch.inference_mode()
def answer(
    model: nn.Module, inputs: Mapping[str, Input], batch_size: int, device: torch.device | str = "cpu"
) -> Tensor:
    """The model's answers for any number of tracks, ``(n, n_targets)``, some at a time.

    `device` is where the model is; the answers are in the memory of the CPU.
    """
    was_training = model.training
    model.eval()
    parts = zip(*(values.split(batch_size) for values in inputs.values()), strict=True)
    answers = torch.cat(
        [model({kind: values.to(device) for kind, values in zip(inputs, part, strict=True)}).cpu() for part in parts]
    )
    model.train(was_training)
    return answers
