"""From a model's inputs to the tensors that it sees, scaled by what was learnt from the training part alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from songfeat.batches import Input, LazyInput
from songfeat.disk_arrays import Array, DiskArray, fits_in_memory
from songfeat.errors import DataError, SpecMismatch
from songfeat.examples import Examples
from songfeat.metadata import MetadataScaler
from songfeat.numeric import by_name, with_derived
from songfeat.registry import METADATA, NUMERIC, ModelEntry
from songfeat.scaling import Scaler
from songfeat.specs import Spec, spec_from_dict

Inputs = Mapping[str, pd.DataFrame | Array]
"""Inputs of some tracks by kind: frames of numeric inputs and of metadata, arrays ``(n, *spec.shape)`` computed from
sound."""

ROWS = "rows"
"""The kind under which a model without inputs is given one empty row a track, to say how many answers are wanted."""


def inputs_of(examples: Examples) -> Inputs:
    """All inputs that the examples have."""
    frames = {NUMERIC: examples.numeric, METADATA: examples.metadata}
    return {**{kind: frame for kind, frame in frames.items() if frame is not None}, **examples.arrays}


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """How inputs become tensors.

    Attributes
    ----------
    model : str
        The name of the model that they are for.
    scalers : mapping of str to Scaler or MetadataScaler
        By kind of input, for each kind that the model sees.
    spec : Spec or None
        To which its arrays were computed; None for a model that sees none.
    """

    model: str
    scalers: Mapping[str, Scaler | MetadataScaler]
    spec: Spec | None

    @classmethod
    def fit(cls, entry: ModelEntry, config: Any, inputs: Inputs, spec: Spec | None) -> "Preparation":
        """Learn from the inputs of the training part.

        Raises
        ------
        DataError
            If an input that the model needs is not there or cannot be scaled.
        SpecMismatch
            If arrays are not of the spec's shape, or there is no spec.
        """
        kinds = entry.inputs_for(spec)
        _check_kinds(entry.name, kinds, inputs)
        scalers = {kind: _learnt(kind, _checked(kind, inputs[kind], spec), config, spec) for kind in kinds}
        return cls(model=entry.name, scalers=scalers, spec=None if entry.sound is None else spec)

    @classmethod
    def of_parents(cls, model: str, parents: Iterable["Preparation"]) -> "Preparation":
        """What several models were prepared with, side by side: for a model that stands on them."""
        ones = list(parents)
        return cls(
            model=model,
            scalers={kind: scaler for one in ones for kind, scaler in one.scalers.items()},
            spec=next((one.spec for one in ones if one.spec is not None), None),
        )

    def as_dict(self) -> dict[str, Any]:
        """All but the model's name as plain values that JSON keeps: inputs, spec and scalers."""
        return {
            "inputs": list(self.inputs),
            "spec": self.spec.as_dict() if self.spec else None,
            "scalers": {kind: scaler.as_dict() for kind, scaler in self.scalers.items()},
        }

    @classmethod
    def from_dict(cls, model: str, description: Mapping[str, Any]) -> "Preparation":
        """The preparation that :meth:`as_dict` described; raises KeyError if a part is missing."""
        spec = description["spec"]
        return cls(
            model=model,
            scalers={
                kind: (MetadataScaler if kind == METADATA else Scaler).from_dict(description["scalers"][kind])
                for kind in description["inputs"]
            },
            spec=None if spec is None else spec_from_dict(spec),
        )

    @property
    def inputs(self) -> tuple[str, ...]:
        """The kinds of input that the model sees."""
        return tuple(self.scalers)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of one track's input, by kind."""
        return {
            kind: (len(scaler.names),) if self.spec is None or kind in (NUMERIC, METADATA) else self.spec.shape
            for kind, scaler in self.scalers.items()
        }

    def tensors(self, inputs: Inputs, n: int) -> dict[str, Input]:
        """The inputs of `n` tracks as float32 tensors, ``(n, *shape)`` by kind.

        Arrays that are too large for memory become tensors a few tracks at a
        time, when they are asked for; only then it shows if these have gaps.

        Raises
        ------
        DataError
            If an input that the model needs is not there, or has gaps.
        LabelMismatch
            If a numeric input is missing.
        SpecMismatch
            If arrays are not of the spec's shape.
        """
        _check_kinds(self.model, self.inputs, inputs)
        if not self.inputs:
            return {ROWS: torch.empty(n, 0)}
        return {kind: self._tensor(kind, inputs[kind]) for kind in self.inputs}

    def _tensor(self, kind: str, given: pd.DataFrame | Array) -> Input:
        values = _checked(kind, given, self.spec)
        if not isinstance(values, pd.DataFrame) and not fits_in_memory(values.nbytes):
            return LazyInput(values, partial(self._scaled, kind))
        return self._scaled(kind, values[:] if isinstance(values, DiskArray) else values)

    def _scaled(self, kind: str, values: pd.DataFrame | np.ndarray) -> Tensor:
        scaled = np.require(self.scalers[kind].transform(values), np.float32, "W")
        if not np.isfinite(scaled).all():
            raise DataError(f"The {kind} inputs have gaps or infinite values; the model {self.model!r} needs numbers.")
        return torch.from_numpy(scaled)


def _learnt(kind: str, values: pd.DataFrame | Array, config: Any, spec: Spec | None) -> Scaler | MetadataScaler:
    if isinstance(values, pd.DataFrame):
        return MetadataScaler.fit(values) if kind == METADATA else Scaler.fit(values[list(config.columns)])
    assert spec is not None  # noqa: S101 - or the array would have been refused
    return Scaler.fit_array(values, spec.channels)


def _check_kinds(model: str, needed: tuple[str, ...], inputs: Inputs) -> None:
    if missing := [kind for kind in needed if kind not in inputs]:
        given = " and ".join(sorted(inputs)) or "none"
        raise DataError(f"The model {model!r} needs {' and '.join(missing)} inputs; the examples have {given}.")


def _checked(kind: str, values: pd.DataFrame | Array, spec: Spec | None) -> pd.DataFrame | Array:
    """Arrays if they are of the spec's shape; numeric inputs by name, with what follows from them."""
    if kind == METADATA:
        return values
    if isinstance(values, pd.DataFrame):
        return with_derived(by_name(values))
    if spec is None or values.shape[1:] != spec.shape:
        expected = "there is no spec to check them by" if spec is None else f"those of the spec are {spec.shape}"
        raise SpecMismatch(f"The {kind} arrays are of shape {values.shape[1:]} each; {expected}.")
    return values
