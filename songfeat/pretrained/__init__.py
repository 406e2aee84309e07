"""The model that comes with Songfeat, and answers for any audio file without any training.

Its two files lie in this folder beside ``MODEL_CARD.md``, which says what it
was trained on, how close it comes and what it cannot do.
"""

from functools import lru_cache
from pathlib import Path

from songfeat.pretrained.files import load
from songfeat.pretrained.model import PretrainedModel

FOLDER = Path(__file__).resolve().parent
"""Where the model lies that comes with Songfeat."""


@lru_cache(maxsize=1)
def shipped() -> PretrainedModel:
    """The model that comes with Songfeat; raises as :func:`songfeat.pretrained.files.load` does."""
    return load(FOLDER)
