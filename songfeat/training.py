"""From examples to a trained model."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from songfeat import registry
from songfeat.batches import Batch
from songfeat.errors import DataError
from songfeat.examples import Examples
from songfeat.parents import Parent, check
from songfeat.preparation import Preparation, inputs_of
from songfeat.specs import Spec
from songfeat.tasks import task_of
from songfeat.training_config import TrainConfig
from songfeat.training_loop import fit
from songfeat.training_state import EpochRecord, TrainingState


@dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """A model with all that it takes to use it.

    Attributes
    ----------
    name : str
        In the registry.
    config : dataclass
        Of the model.
    train_config : TrainConfig or None
        None for a model that takes no gradient steps.
    seed : int
    targets : tuple of str
        In the order of the model's answers; for a model that answers a question, the question's name.
    preparation : Preparation
        From inputs to tensors.
    model : torch.nn.Module
    history : tuple of EpochRecord
    parents : mapping of str to Parent
        The models that it stands on, by role; their numbers are in `model`.
    """

    name: str
    config: Any
    train_config: TrainConfig | None
    seed: int
    targets: tuple[str, ...]
    preparation: Preparation
    model: nn.Module
    history: tuple[EpochRecord, ...]
    parents: Mapping[str, Parent] = field(default_factory=dict)


def train_model(
    name: str,
    examples: Examples,
    parts: pd.Series,
    *,
    targets: tuple[str, ...],
    spec: Spec | None = None,
    settings: Mapping[str, object] | None = None,
    seed: int = 0,
    parents: Mapping[str, TrainedModel] | None = None,
    on_epoch: Callable[[EpochRecord], None] | None = None,
    on_state: Callable[[TrainingState], None] | None = None,
    resume: TrainingState | None = None,
) -> TrainedModel:
    """Train a model of the registry.

    Only the tracks of the parts ``"train"`` and ``"val"`` are looked at, and
    of these only the ones with a known value of a target.

    Parameters
    ----------
    name : str
    examples : Examples
    parts : pandas.Series
        The part of each track, by track id; see :func:`songfeat.splits.split`.
    targets : tuple of str
        The features whose values to learn from; the examples have values of them.
    spec : MfccSpec or None
        To which the examples' arrays were computed; needed by models that see sound.
    settings : mapping of str to object
        Fields of the model's config or of its :class:`TrainConfig`, by name, as text or as values.
    seed : int
        Of the first weights, the order of tracks and dropout.
    parents : mapping of str to TrainedModel, optional
        The models that it stands on, by role; they are left as they are.
    on_epoch, on_state, resume
        See :func:`songfeat.training_loop.fit`.

    Raises
    ------
    UnknownName
        If there is no such model or target.
    ConfigError
        If a setting does not exist or does not fit, the model answers a
        question about other targets, or the loss is no longer a number.
    DataError
        If an input that the model needs is not there, or a part or target has no values.
    SpecMismatch
        If arrays are not of the spec's shape.
    """
    entry = registry.get(name)
    task = task_of(entry, targets)
    config, train_config = entry.configure(settings or {})
    if missing := [name for name in task.features if name not in examples.targets.columns]:
        raise DataError(f"The examples have no values of {', '.join(missing)}.")
    examples, targets = task.pose(examples), task.answers
    train, val = (_part(examples, parts, part, targets) for part in ("train", "val"))
    if unknown := [name for name in targets if train.targets[name].isna().all()]:
        raise DataError(f"No track of the training part has a known value of {', '.join(unknown)}.")
    check(entry, parents or {}, targets=targets, spec=spec)
    preparation = _prepare(entry, config, train, spec, parents or {})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        networks = {role: copy.deepcopy(trained.model) for role, trained in (parents or {}).items()}
        model = entry.assemble(config, preparation, len(targets), networks)
        if entry.initialise is not None and resume is None:
            entry.initialise(model, config)
    train_batch = _as_batch(train, preparation, targets)
    history: tuple[EpochRecord, ...] = ()
    if train_config is not None:
        history = fit(
            model,
            train_batch,
            _as_batch(val, preparation, targets),
            train_config,
            seed=seed,
            on_epoch=on_epoch,
            on_state=on_state,
            resume=resume,
        )
    elif entry.fit is not None:
        entry.fit(model, train_batch)
    return TrainedModel(
        name=name,
        config=config,
        train_config=train_config,
        seed=seed,
        targets=targets,
        preparation=preparation,
        model=model,
        history=history,
        parents={role: Parent.of(trained) for role, trained in (parents or {}).items()},
    )


def _prepare(
    entry: registry.ModelEntry,
    config: Any,
    train: Examples,
    spec: Spec | None,
    parents: Mapping[str, TrainedModel],
) -> Preparation:
    """As its parents were prepared, or by what the training part says."""
    if parents:
        return Preparation.of_parents(entry.name, [trained.preparation for trained in parents.values()])
    return Preparation.fit(entry, config, inputs_of(train), spec)


def _part(examples: Examples, parts: pd.Series, part: str, targets: tuple[str, ...]) -> Examples:
    """The tracks of a part that have a known value of a target."""
    of_track = parts.reindex(examples.tracks.index)
    if of_track.isna().any():
        raise DataError(f"The split has no part for track {of_track.index[of_track.isna()][0]!r}.")
    chosen = examples.targets[list(targets)].notna().any(axis=1) & (of_track == part)
    if not chosen.any():
        raise DataError(f"No track of the part {part!r} has a known value of {', '.join(targets)}.")
    return examples.select(chosen.to_numpy())


def _as_batch(examples: Examples, preparation: Preparation, targets: tuple[str, ...]) -> Batch:
    return Batch(
        inputs=preparation.tensors(inputs_of(examples), len(examples)),
        targets=torch.tensor(examples.targets[list(targets)].to_numpy(np.float32)),
        names=targets,
    )
