"""How a network is trained, and how a person changes a setting by its name."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any

from songfeat.errors import ConfigError

LOSSES = ("mse", "smooth_l1", "l1", "bce", "by_target")
"""What a training may minimise: the squared error, the one that grows linearly beyond 1, the absolute error, the
binary cross-entropy, which takes a value within [0, 1] for a probability, or of these for each target what suits the
distribution of its values (:data:`songfeat.labels.SHAPES`)."""

SAMPLINGS = ("uniform", "density")
"""How an epoch takes the tracks of the training part: each once, or as many draws that prefer rare values."""

# Descriptions that were written before there was such a field mean its default.
_LATER = {"later": True}
# In the metadata of a field: what it may be.
_CHOICES = "choices"

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_EXPECTED = {bool: "true or false", int: "a whole number", float: "a number", str: "text", tuple: "whole numbers"}


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How a network is trained. Each model has defaults of its own.

    Attributes
    ----------
    epochs : int
        Passes over the training part, at most.
    batch_size : int
        Tracks a step, at most.
    min_steps : int
        Steps an epoch, at least: on a small set the batches are smaller than
        `batch_size`. One step an epoch is so few that patience ends before
        anything was learnt.
    learning_rate : float
        Of Adam (Kingma & Ba, 2015), at the start.
    weight_decay : float
        Strength of the L2 penalty on the weights.
    loss : str
        One of `LOSSES`.
    balance_targets : bool
        Whether errors count in units of each target's standard deviation over
        the training part. Otherwise a target that varies much outweighs the
        others, and a `smooth_l1` within [0, 1] is nothing but half an `mse`.
        A `bce` is weighted so that small errors count as in a `smooth_l1`.
    patience : int
        Epochs without a better validation loss after which training stops.
    plateau_patience : int
        Epochs without a better validation loss after which the learning rate falls.
    plateau_factor : float
        By which it is multiplied then, in (0, 1).
    grad_clip : float
        Longest gradient (Pascanu et al., 2013); 0 for no limit.
    threads : int
        Of the processor, at most, and never more than PyTorch has. Small
        networks gain nothing from more than one, and lose much where other
        programs want the processor too. The last bits of the weights may
        depend on it.
    sampling : str
        One of `SAMPLINGS`. With ``"density"`` tracks are drawn with
        replacement, see :func:`songfeat.sampling.density_weights`.
    """

    epochs: int = 100
    batch_size: int = 32
    min_steps: int = 16
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    loss: str = field(default="mse", metadata={_CHOICES: LOSSES})
    balance_targets: bool = True
    patience: int = 10
    plateau_patience: int = 4
    plateau_factor: float = 0.5
    grad_clip: float = 1.0
    threads: int = 1
    sampling: str = field(default="uniform", metadata={**_LATER, _CHOICES: SAMPLINGS})

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "min_steps", "patience", "threads"):
            _require(getattr(self, name) >= 1, name, "1 or more", getattr(self, name))
        for name in ("weight_decay", "grad_clip", "plateau_patience"):
            _require(getattr(self, name) >= 0, name, "0 or more", getattr(self, name))
        _require(self.learning_rate > 0, "learning_rate", "above 0", self.learning_rate)
        _require(0 < self.plateau_factor < 1, "plateau_factor", "between 0 and 1", self.plateau_factor)
        for one in fields(self):
            if choices := one.metadata.get(_CHOICES):
                value = getattr(self, one.name)
                _require(value in choices, one.name, " or ".join(choices), value)


def _require(fits: bool, name: str, expected: str, value: object) -> None:
    if not fits:
        raise ConfigError(f"{name} must be {expected}, got {value!r}.")


def apply_overrides(settings: Mapping[str, object], *configs: Any) -> tuple[Any, ...]:
    """Change fields of frozen dataclasses by name.

    Parameters
    ----------
    settings : mapping of str to object
        New values by field name, each as text (``"64"``, ``"true"``,
        ``"64,32"``) or of the type of the field's present value.
    *configs : dataclass instances
        No two of them share a field name.

    Returns
    -------
    tuple
        The configs in the same order, changed where `settings` says so.

    Raises
    ------
    ConfigError
        If a name is no field of any of them, or a value does not fit.
    """
    values = {name: value for config in configs for name, value in asdict(config).items()}
    for name in settings:
        if name not in values:
            near = get_close_matches(name, values, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            choices = f"Choose one of: {', '.join(sorted(values))}." if values else "There is nothing to set."
            raise ConfigError(f"There is no setting {name!r} here.{hint} {choices}")
    parsed = {name: _parse(name, value, type(values[name])) for name, value in settings.items()}
    return tuple(
        replace(config, **{one.name: parsed[one.name] for one in fields(config) if one.name in parsed})
        for config in configs
    )


def config_from_dict(config: type, values: Mapping[str, object]) -> Any:
    """The config that :func:`dataclasses.asdict` described, every field given but those that came later.

    Raises
    ------
    ConfigError
        If a field is missing or unknown, or a value does not fit.
    """
    (made,) = apply_overrides(values, config())
    if missing := [one.name for one in fields(config) if one.name not in values and not one.metadata.get("later")]:
        raise ConfigError(f"The setting {missing[0]!r} is missing.")
    return made


def _parse(name: str, value: object, kind: type) -> Any:
    try:
        parsed = _PARSERS[kind](value)
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{name} must be {_EXPECTED[kind]}, got {value!r}.") from error
    return parsed


def _bool(value: object) -> bool:
    return value if isinstance(value, bool) else _WORDS[str(value).strip().lower()]


def _int(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError
    return int(value)


def _float(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _str(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _tuple(value: object) -> tuple[int, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        raise TypeError
    return tuple(_int(part) for part in parts)


_PARSERS = {bool: _bool, int: _int, float: _float, str: _str, tuple: _tuple}
