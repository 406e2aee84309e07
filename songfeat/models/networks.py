"""The models as PyTorch modules: given tensors by kind of input, they answer ``(batch, n_targets)``."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from songfeat.models.inputs import sound


class Constant(nn.Module):
    """The same answer for every track."""

    means: Tensor

    def __init__(self, n_targets: int) -> None:
        super().__init__()
        self.register_buffer("means", torch.zeros(n_targets))

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        batch = next(iter(inputs.values())).shape[0]
        return self.means.expand(batch, -1)


class Headed(nn.Module, ABC):
    """A network whose answers are a function of one last linear layer: ``answer(head(features))``.

    The combiner stands on such networks and takes their ends off.
    """

    head: nn.Linear
    answer: nn.Module

    @abstractmethod
    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """What the last layer sees, ``(batch, head.in_features)``."""

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        answers: Tensor = self.answer(self.head(self.features(inputs)))
        return answers


def bound(bounded: bool) -> nn.Module:
    """What follows a last layer: a sigmoid keeps answers in [0, 1], where targets lie."""
    return nn.Sigmoid() if bounded else nn.Identity()


class NumericMlp(Headed):
    """Fully connected layers with an activation after each but the last.

    With `bounded` a sigmoid follows the last as well: targets lie in [0, 1].
    """

    def __init__(
        self, n_inputs: int, hidden: Sequence[int], n_targets: int, *, activation: type[nn.Module], bounded: bool
    ) -> None:
        super().__init__()
        layers = [(nn.Linear(before, after), activation()) for before, after in pairwise([n_inputs, *hidden])]
        self.body = nn.Sequential(*(module for layer in layers for module in layer))
        self.head = nn.Linear(hidden[-1], n_targets)
        self.answer = bound(bounded)

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        values: Tensor = self.body(inputs["numeric"])
        return values


class LastStepLstm(Headed):
    """An LSTM (Hochreiter & Schmidhuber, 1997) that answers from what it remembers after the last frame.

    With `bounded` a sigmoid keeps the answers in [0, 1].
    """

    def __init__(self, n_mfcc: int, hidden: int, n_targets: int, *, bounded: bool) -> None:
        super().__init__()
        self.lstm = nn.LSTM(n_mfcc, hidden, batch_first=True)
        self.head = nn.Linear(hidden, n_targets)
        self.answer = bound(bounded)

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        # (batch, n_mfcc, n_frames) to (batch, n_frames, n_mfcc): a reshape would mix frames and coefficients.
        frames = sound(inputs).transpose(1, 2)
        steps, _ = self.lstm(frames)
        last: Tensor = steps[:, -1]
        return last
