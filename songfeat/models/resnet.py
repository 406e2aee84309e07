"""ResNet-18 over the array of a clip, seen as a picture: from scratch or from weights learnt on other pictures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from songfeat.registry import register
from songfeat.training_config import TrainConfig

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class ResnetConfig:
    """What can be chosen about the network.

    Attributes
    ----------
    weights : str
        The path of a ``.safetensors`` file with the weights of torchvision's
        ``resnet18``, to begin the training with; none by default.
    """

    weights: str = ""


def initialise(model: "nn.Module", config: ResnetConfig) -> None:
    """Begin with the weights of the file, if one is named; see :func:`songfeat.models.resnet_network.load_weights`."""
    from songfeat.models.resnet_network import Resnet18, load_weights

    if config.weights:
        load_weights(cast(Resnet18, model), config.weights)


@register(
    "resnet18",
    config=ResnetConfig,
    inputs=("mfcc",),
    train=TrainConfig(epochs=20, batch_size=32, learning_rate=3e-4, patience=5, plateau_patience=2),
    initialise=initialise,
    description="ResNet-18 over the MFCCs of a clip, from scratch or from a file of weights (transfer learning)",
)
def build(config: ResnetConfig, shapes: Mapping[str, tuple[int, ...]], n_targets: int) -> "nn.Module":
    from songfeat.models.resnet_network import Resnet18

    return Resnet18(n_targets)
