"""The models; importing this package registers them, without PyTorch."""

from songfeat.models import hgb, lstm, mean, numeric_mlp, ridge

__all__ = ["hgb", "lstm", "mean", "numeric_mlp", "ridge"]
