"""What models need to know of the kinds of input."""

from collections.abc import Mapping
from typing import TypeVar

from songfeat.errors import SpecMismatch
from songfeat.registry import NUMERIC

T = TypeVar("T")

_LEAST = 4
"""Channels and frames, so that something is left after two poolings by two."""


def sound(by_kind: Mapping[str, T]) -> T:
    """The array that was computed from sound, or its shape, whatever its kind: ``(…, channels, frames)``."""
    (kind,) = by_kind.keys() - {NUMERIC}
    return by_kind[kind]


def picture_shape(shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of the sound's array, ``(channels, frames)``, for a network that pools twice by two.

    Raises
    ------
    SpecMismatch
        If poolings leave nothing of it.
    """
    shape = sound(shapes)
    if min(shape) < _LEAST:
        raise SpecMismatch(f"This network needs {_LEAST} coefficients and frames or more, the spec has {shape}.")
    return shape
