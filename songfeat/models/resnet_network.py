"""ResNet-18 as a PyTorch module, and how weights from elsewhere come into it."""

from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torchvision
from safetensors import SafetensorError
from torch import Tensor, nn

from songfeat.errors import ConfigError
from songfeat.models.batch_norm import BatchNorm
from songfeat.models.inputs import sound
from songfeat.models.networks import Headed, bound

_EXPECTED = "expected a .safetensors file with the state dict of torchvision's resnet18"
_CONVERTED = "safetensors.torch.save_file(torchvision.models.resnet18(weights='DEFAULT').state_dict(), FILE)"


class Resnet18(Headed):
    """The network of He, Zhang, Ren & Sun (2016) for pictures of one channel; answers lie in [0, 1]."""

    def __init__(self, n_targets: int) -> None:
        super().__init__()
        self.body = torchvision.models.resnet18(weights=None, norm_layer=BatchNorm)
        first = self.body.conv1
        self.body.conv1 = nn.Conv2d(
            1, first.out_channels, first.kernel_size, stride=first.stride, padding=first.padding, bias=False
        )
        nn.init.kaiming_normal_(self.body.conv1.weight, mode="fan_out", nonlinearity="relu")
        self.head = nn.Linear(self.body.fc.in_features, n_targets)
        self.body.fc = nn.Identity()
        self.answer = bound(True)

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        values: Tensor = self.body(sound(inputs).unsqueeze(1))
        return values


def load_weights(model: Resnet18, file: str) -> None:
    """Give the network all weights of torchvision's but those of the last layer.

    The first convolution's filters for red, green and blue are added up: a
    grey picture, of three equal channels, then gives what it gave before.

    Raises
    ------
    ConfigError
        If the file cannot be read or holds something else.
    """
    weights = {name: tensor for name, tensor in _read(file).items() if not name.startswith("fc.")}
    if (first := weights.get("conv1.weight")) is None or first.ndim != 4:
        raise ConfigError(f"weights: {file} holds no convolution conv1.weight; {_EXPECTED}.")
    weights["conv1.weight"] = first.sum(dim=1, keepdim=True)
    try:
        model.body.load_state_dict(weights)
    except RuntimeError as error:
        raise ConfigError(f"weights: {file} does not fit; {_EXPECTED}. {error}") from error


def _read(file: str) -> dict[str, Tensor]:
    path = Path(file).expanduser()
    if path.suffix.lower() != ".safetensors":  # a .pth file is a pickle, and a pickle can be a program
        raise ConfigError(f"weights: {file} is no .safetensors file; {_EXPECTED}, as {_CONVERTED} writes it.")
    try:
        return safetensors.torch.load(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"weights: {file} cannot be read ({error.strerror or error}); {_EXPECTED}.") from error
    except SafetensorError as error:
        raise ConfigError(f"weights: {file} is no file of weights; {_EXPECTED}.") from error
