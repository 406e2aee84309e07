"""What a person may set about a model and its training, as the dataclasses that hold it say themselves."""

import inspect
import re
from dataclasses import dataclass, fields
from typing import Any

from songfeat.registry import ModelEntry

_ATTRIBUTE = re.compile(r"^(?P<names>\w+(?:, \w+)*) : .*$")
_INDENT = "    "


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One field of a model's config or of that of its training.

    Attributes
    ----------
    name : str
        As ``--set NAME=VALUE`` calls it.
    default : object
        This model's own.
    choices : tuple of str
        What it may be; none where that is open.
    meaning : str
        What its dataclass says of it, ``""`` where that says nothing.
    """

    name: str
    default: Any
    choices: tuple[str, ...]
    meaning: str


def settings_of(entry: ModelEntry) -> tuple[Setting, ...]:
    """Everything that can be set about a model, its training first; but no runs that it stands on."""
    configs = entry.configure({})
    return tuple(
        Setting(
            name=field.name,
            default=getattr(config, field.name),
            choices=tuple(field.metadata.get("choices", ())),
            meaning=_meanings(type(config)).get(field.name, ""),
        )
        for config in reversed(configs)
        if config is not None
        for field in fields(config)
        if field.name not in entry.parents
    )


def _meanings(config: type) -> dict[str, str]:
    """What docstrings in numpydoc's form say of each attribute, those that are inherited too."""
    found: dict[str, str] = {}
    for one in reversed(config.__mro__):
        names: list[str] = []
        for line in inspect.cleandoc(one.__dict__.get("__doc__") or "").splitlines():
            if match := _ATTRIBUTE.match(line):
                names = match["names"].split(", ")
                found |= dict.fromkeys(names, "")
            elif line.startswith(_INDENT):
                found |= {name: f"{found[name]} {line.strip()}".strip() for name in names}
            else:
                names = []
    return found
