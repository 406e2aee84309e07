"""Convolutional networks over the MFCCs of a clip, seen as a picture of one channel."""

from collections.abc import Mapping

from torch import Tensor, nn

from songfeat.models.inputs import sound
from songfeat.models.networks import Headed, bound


class SimpleCnn(Headed):
    """Two convolutions, each with a pooling, and two fully connected layers; answers lie in [0, 1]."""

    def __init__(self, shape: tuple[int, ...], hidden: int, n_targets: int) -> None:
        super().__init__()
        n_mfcc, n_frames = shape
        self.body = nn.Sequential(*_convolution(1, 16), nn.MaxPool2d(2), *_convolution(16, 32), nn.MaxPool2d(2))
        self.hidden = nn.Sequential(nn.Flatten(), nn.Linear(32 * (n_mfcc // 4) * (n_frames // 4), hidden), nn.ReLU())
        self.head = nn.Linear(hidden, n_targets)
        self.answer = bound(True)

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        values: Tensor = self.hidden(self.body(sound(inputs).unsqueeze(1)))
        return values


class SpectrogramCnn(SimpleCnn):
    """The same over a spectrogram, averaged to a picture of at most 64 by 128 first."""

    def __init__(self, shape: tuple[int, ...], hidden: int, n_targets: int) -> None:
        bands, frames = shape
        size = min(bands, 64), min(frames, 128)
        super().__init__(size, hidden, n_targets)
        self.body.insert(0, nn.AdaptiveAvgPool2d(size))


class DeepCnn(Headed):
    """Four convolutions, pooled to 8 by 8 whatever the size of the input, with dropout; answers are unbounded."""

    def __init__(self, hidden: int, conv_dropout: float, dense_dropout: float, n_targets: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_convolution(1, 32),
            *_convolution(32, 64),
            nn.MaxPool2d(2),
            nn.Dropout(conv_dropout),
            *_convolution(64, 128),
            *_convolution(128, 256),
            nn.MaxPool2d(2),
            nn.Dropout(conv_dropout),
            nn.AdaptiveAvgPool2d(8),
        )
        self.hidden = nn.Sequential(nn.Flatten(), nn.Linear(256 * 8 * 8, hidden), nn.ReLU(), nn.Dropout(dense_dropout))
        self.head = nn.Linear(hidden, n_targets)
        self.answer = bound(False)

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        values: Tensor = self.hidden(self.body(sound(inputs).unsqueeze(1)))
        return values


def _convolution(before: int, after: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(before, after, kernel_size=3, padding=1), nn.ReLU()
