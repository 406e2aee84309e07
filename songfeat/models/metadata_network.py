"""The network on the numeric inputs and metadata as a PyTorch module."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from songfeat.metadata import CATEGORIES, MOST_NAMES
from songfeat.models.networks import Headed, bound


class MetadataMlp(Headed):
    """Fully connected layers with ReLU, over numbers and learnt stand-ins for names."""

    def __init__(
        self, n_numeric: int, n_metadata: int, *, hidden: Sequence[int], embedding: int, dropout: float, n_targets: int
    ) -> None:
        super().__init__()
        self.names = nn.ModuleList(nn.Embedding(MOST_NAMES + 1, embedding) for _ in CATEGORIES)
        seen = n_numeric + n_metadata + len(CATEGORIES) * (embedding - 1)
        layers = [
            (nn.Linear(before, after), nn.ReLU(), nn.Dropout(dropout)) for before, after in pairwise([seen, *hidden])
        ]
        self.body = nn.Sequential(*(module for layer in layers for module in layer))
        self.head = nn.Linear(hidden[-1], n_targets)
        self.answer = bound(True)

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        numbers, places = inputs["metadata"].tensor_split([-len(CATEGORIES)], dim=1)
        names = [table(place) for table, place in zip(self.names, places.long().unbind(dim=1), strict=True)]
        values: Tensor = self.body(torch.cat([inputs["numeric"], numbers, *names], dim=1))
        return values
