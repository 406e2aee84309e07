"""Which settings of a model a search may change, and within which bounds.

The bounds follow from a model's own defaults, so that a new model is
searchable as soon as it is registered. Optuna is imported when it is used.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from math import log2
from typing import TYPE_CHECKING, Any

from songfeat.errors import ConfigError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

    from songfeat.registry import ModelEntry

Space = dict[str, "BaseDistribution"]
"""What may be drawn, by name of the setting; what is drawn can be given to :meth:`ModelEntry.configure`."""

_FACTORS = (0.25, 0.5, 1, 2, 4)


def _real(low: float, high: float, *, log: bool = False) -> "BaseDistribution":
    from optuna.distributions import FloatDistribution

    return FloatDistribution(low, high, log=log)


def _whole(low: int, high: int) -> "BaseDistribution":
    from optuna.distributions import IntDistribution

    return IntDistribution(max(1, low), high, log=True)


def _one_of(choices: list[Any]) -> "BaseDistribution":
    """Choices with the default, or what is nearest to it, in the middle."""
    from optuna.distributions import CategoricalDistribution

    return CategoricalDistribution(choices)


def _powers_of_two(default: int) -> "BaseDistribution":
    middle = max(2, round(log2(default)))
    return _one_of([2**power for power in range(middle - 2, middle + 3)])


def _widths(default: int | tuple[int, ...]) -> "BaseDistribution":
    """Of one layer, or of several that grow and shrink together."""
    if isinstance(default, int):
        return _whole(default // 4, default * 4)
    scaled = [[max(1, round(width * factor)) for width in default] for factor in _FACTORS]
    return _one_of([",".join(map(str, widths)) for widths in scaled])


_DISTRIBUTIONS: dict[str, Callable[[Any], "BaseDistribution"]] = {
    "learning_rate": lambda rate: _real(rate / 10, rate * 10, log=True),
    # Most defaults are 0, which has no logarithm; the lowest value here has no effect that one could measure.
    "weight_decay": lambda _: _real(1e-8, 1e-2, log=True),
    "batch_size": _powers_of_two,
    "hidden": _widths,
    "channels": _widths,
    "filters": _widths,
    "dropout": lambda _: _real(0.0, 0.8),
    "conv_dropout": lambda _: _real(0.0, 0.6),
    "dense_dropout": lambda _: _real(0.0, 0.8),
    "blur": lambda blur: _real(0.0, max(1.0, 2 * blur)),
    "n_trees": lambda trees: _whole(trees // 4, trees * 2),
    "max_leaf_nodes": lambda leaves: _whole(4, leaves),
    "min_samples_leaf": lambda tracks: _whole(tracks // 4, tracks * 4),
    "shrinkage": lambda part: _real(part / 5, min(1.0, part * 3), log=True),
}
"""From a setting's default to what may be drawn. A setting that is not here is never searched: one that makes a
training longer but no better informed (epochs, patience), or that says what is learnt (loss, inputs)."""


def space_of(entry: "ModelEntry", fixed: Mapping[str, object]) -> Space:
    """What may be drawn for a model whose settings `fixed` are given.

    Raises
    ------
    ConfigError
        If one of `fixed` does not exist or does not fit, or nothing is left to search.
    """
    searchable = {name: value for name, value in _settings(entry, fixed).items() if name in _DISTRIBUTIONS}
    if not searchable:
        raise ConfigError(f"The model {entry.name!r} has no settings that a search could change; train it as it is.")
    space = {name: _DISTRIBUTIONS[name](value) for name, value in searchable.items() if name not in fixed}
    if not space:
        raise ConfigError(
            f"Every setting of {entry.name!r} that a search could change is given: {', '.join(searchable)}. Leave one"
            " of them open, or train the model with these."
        )
    return space


def starting_point(entry: "ModelEntry", space: Space) -> dict[str, Any]:
    """The model's defaults, or what of the space is nearest to them."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    defaults, start = _settings(entry, {}), {}
    for name, distribution in space.items():
        if isinstance(distribution, CategoricalDistribution):
            start[name] = distribution.choices[len(distribution.choices) // 2]
        elif isinstance(distribution, FloatDistribution | IntDistribution):
            start[name] = min(max(defaults[name], distribution.low), distribution.high)
    return start


def _settings(entry: "ModelEntry", fixed: Mapping[str, object]) -> dict[str, Any]:
    config, train = entry.configure(fixed)
    return {**asdict(config), **(asdict(train) if train else {})}
