"""The models; importing this package registers them, without PyTorch."""

from songfeat.models import (
    attention,
    binary,
    cnn,
    combiner,
    crnn,
    hgb,
    lstm,
    mean,
    metadata_mlp,
    numeric_mlp,
    resnet,
    ridge,
    wide_deep,
)

__all__ = [
    "attention",
    "binary",
    "cnn",
    "combiner",
    "crnn",
    "hgb",
    "lstm",
    "mean",
    "metadata_mlp",
    "numeric_mlp",
    "resnet",
    "ridge",
    "wide_deep",
]
