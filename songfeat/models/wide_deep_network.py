"""The wide and deep network as a PyTorch module."""

from collections.abc import Mapping

from torch import Tensor, nn

from songfeat.models.cnn_networks import SimpleCnn
from songfeat.models.networks import bound
from songfeat.registry import NUMERIC


class WideDeep(nn.Module):
    """The sum of a linear function of the numbers and of what a network makes of the sound, and a sigmoid.

    Wide and deep learning (Cheng et al., 2016) as Zangerle et al. (2020) join
    low- and high-level features; both parts are trained together.
    """

    def __init__(self, n_numeric: int, shape: tuple[int, ...], hidden: int, n_targets: int) -> None:
        super().__init__()
        self.wide = nn.Linear(n_numeric, n_targets, bias=False)  # the deep part has one
        self.deep = SimpleCnn(shape, hidden, n_targets)
        self.answer = bound(True)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        deep = self.deep.head(self.deep.features(inputs))
        answers: Tensor = self.answer(self.wide(inputs[NUMERIC]) + deep)
        return answers
