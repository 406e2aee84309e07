"""The models; importing this package registers them, without PyTorch."""

from songfeat.models import lstm, mean, numeric_mlp

__all__ = ["lstm", "mean", "numeric_mlp"]
