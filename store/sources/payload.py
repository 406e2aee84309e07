"""What providers send, taken for what it should be: whatever else comes in its place counts as missing."""

from typing import Any


def text_of(value: Any) -> str:
    """A text that a provider gives, or ``""`` for whatever else it gives."""
    return value.strip() if isinstance(value, str) else ""


def number_of(value: Any) -> float | None:
    """A number that a provider gives, perhaps as text; None for whatever else it gives, and for 0."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 < number < float("inf") else None


def dict_of(value: Any) -> dict[str, Any]:
    """An object that a provider gives, or an empty one for whatever else it gives."""
    return value if isinstance(value, dict) else {}


def dicts_of(value: Any) -> list[dict[str, Any]]:
    """The objects of a list that a provider gives; gaps and whatever else are left out."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
