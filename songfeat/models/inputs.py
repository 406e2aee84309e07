"""What models need to know of the kinds of input."""

from collections.abc import Mapping
from typing import TypeVar

from songfeat.registry import NUMERIC

T = TypeVar("T")


def sound(by_kind: Mapping[str, T]) -> T:
    """The array that was computed from sound, or its shape, whatever its kind: ``(…, channels, frames)``."""
    (kind,) = by_kind.keys() - {NUMERIC}
    return by_kind[kind]
