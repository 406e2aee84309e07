"""Trained models that another model stands on, described without their numbers: those the other keeps as its own."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from songfeat import registry
from songfeat.errors import ConfigError, LabelMismatch, SpecMismatch
from songfeat.preparation import Preparation
from songfeat.specs import Spec
from songfeat.training_config import config_from_dict

if TYPE_CHECKING:
    from torch import nn

    from songfeat.training import TrainedModel


@dataclass(frozen=True, kw_only=True)
class Parent:
    """What a trained model was, so that its network can be built again.

    Attributes
    ----------
    name : str
        In the registry.
    config : dataclass
        Of the model.
    targets : tuple of str
        In the order of its answers.
    preparation : Preparation
        From inputs to the tensors that it was trained on.
    """

    name: str
    config: Any
    targets: tuple[str, ...]
    preparation: Preparation

    @classmethod
    def of(cls, trained: "TrainedModel") -> "Parent":
        """The description of a trained model."""
        return cls(name=trained.name, config=trained.config, targets=trained.targets, preparation=trained.preparation)

    def build(self) -> "nn.Module":
        """Its network, with weights of no meaning."""
        entry = registry.get(self.name)
        return entry.build(self.config, self.preparation.shapes, len(self.targets))

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain values that JSON keeps."""
        return {
            "model": self.name,
            "config": asdict(self.config),
            "targets": list(self.targets),
            **self.preparation.as_dict(),
        }

    @classmethod
    def from_dict(cls, description: Mapping[str, Any]) -> "Parent":
        """The parent that :meth:`as_dict` described; raises KeyError if a part is missing."""
        entry = registry.get(description["model"])
        return cls(
            name=entry.name,
            config=config_from_dict(entry.config, description["config"]),
            targets=tuple(description["targets"]),
            preparation=Preparation.from_dict(entry.name, description),
        )


def check(
    entry: registry.ModelEntry,
    parents: Mapping[str, "TrainedModel"],
    *,
    targets: tuple[str, ...],
    spec: Spec | None,
) -> None:
    """See that a model has the parents that it needs, and that they fit it and one another.

    Raises
    ------
    ConfigError
        If a parent is missing, sees other inputs than it should, or has no last layer to take off.
    LabelMismatch
        If a parent has other targets.
    SpecMismatch
        If a parent sees arrays of another spec.
    """
    from songfeat.models.networks import Headed

    if missing := [role for role in entry.parents if role not in parents]:
        raise ConfigError(
            f"The model {entry.name!r} stands on trained models, but it is not said which:"
            f" {' and '.join(missing)}. Name finished runs: {' '.join(f'--set {role}=RUN' for role in entry.parents)}."
        )
    for role, trained in parents.items():
        if role not in entry.parents:
            raise ConfigError(
                f"The model {entry.name!r} stands on {' and '.join(entry.parents) or 'no other'}, not {role}."
            )
        if not isinstance(trained.model, Headed):
            raise ConfigError(f"{role} is a {trained.name!r}, which has no last layer that could be taken off.")
        _check_inputs(role, entry.parents[role], trained)
        if trained.targets != targets:
            raise LabelMismatch(
                f"{role} predicts {', '.join(trained.targets)}; the model {entry.name!r} is asked for"
                f" {', '.join(targets)}."
            )
        own = trained.preparation.spec
        if own is not None and spec is not None and own.digest != spec.digest:
            raise SpecMismatch(f"{role} sees arrays of the spec {own.digest}, the examples are of {spec.digest}.")


def _check_inputs(role: str, kind: str, trained: "TrainedModel") -> None:
    sees = trained.preparation.inputs
    fits = sees == (registry.NUMERIC,) if kind == registry.NUMERIC else len(sees) == 1 and sees[0] in registry.SOUND
    if not fits:
        wanted = "the numeric inputs" if kind == registry.NUMERIC else "sound"
        found = " and ".join(sees) or "nothing"
        raise ConfigError(f"{role} must be a model that sees {wanted} alone; a {trained.name!r} sees {found}.")
