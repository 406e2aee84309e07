"""The models; importing this package registers them, without PyTorch."""

from songfeat.models import cnn, combiner, hgb, lstm, mean, numeric_mlp, ridge

__all__ = ["cnn", "combiner", "hgb", "lstm", "mean", "numeric_mlp", "ridge"]
