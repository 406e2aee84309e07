"""A trained model on disk: ``model.safetensors`` holds its numbers, ``model.json`` says what they mean.

What decides the answers stands in both files, and loading compares them: names
that were swapped in one of them, or a file of another run, are refused.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from songfeat import __version__, registry, tensor_files
from songfeat.errors import CheckpointError, ConfigError, DataError, LabelMismatch, SpecMismatch
from songfeat.files import whole_file
from songfeat.parents import Parent
from songfeat.preparation import Preparation
from songfeat.specs import Spec
from songfeat.tasks import answers_in_order
from songfeat.training import TrainedModel
from songfeat.training_config import TrainConfig, config_from_dict
from songfeat.training_state import EpochRecord

FORMAT = 1
"""Of the two files; raised whenever an older Songfeat could misread them."""

WEIGHTS_FILE = "model.safetensors"
DESCRIPTION_FILE = "model.json"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A trained model and where it comes from.

    Attributes
    ----------
    trained : TrainedModel
    split : mapping
        What the split was: ``{"by": "artist", "seed": 0}``.
    data_digest : str
        Of the snapshot of the data.
    scores : pandas.DataFrame
        As :func:`songfeat.metrics.evaluate` gives them.
    versions : mapping of str to str
        Of the packages that trained it.
    """

    trained: TrainedModel
    split: Mapping[str, Any]
    data_digest: str
    scores: pd.DataFrame
    versions: Mapping[str, str]


def save(
    folder: Path, trained: TrainedModel, *, split: Mapping[str, Any], data_digest: str, scores: pd.DataFrame
) -> None:
    """Write both files into an existing folder, each whole; see :class:`Checkpoint`."""
    meaning = _meaning(trained)
    description = {
        **meaning,
        "spec_digest": trained.preparation.spec.digest if trained.preparation.spec else None,
        "train_config": asdict(trained.train_config) if trained.train_config else None,
        "seed": trained.seed,
        "history": [asdict(record) for record in trained.history],
        "split": dict(split),
        "data_digest": data_digest,
        "scores": scores.astype(object).where(scores.notna(), None).to_dict("records"),
        "versions": {"songfeat": __version__, "torch": torch.__version__, "numpy": np.__version__},
        "sha256": tensor_files.write(folder / WEIGHTS_FILE, trained.model.state_dict(), meaning),
    }
    text = json.dumps(description, ensure_ascii=False, allow_nan=False, indent=1)
    with whole_file(folder / DESCRIPTION_FILE) as temporary:
        temporary.write_text(text, encoding="utf-8")


def load(folder: Path) -> Checkpoint:
    """Read both files and put the model together.

    Raises
    ------
    CheckpointError
        If a file is missing or damaged, does not belong to the other, or is of a later format.
    LabelMismatch
        If the names of targets or inputs differ between the files or stand in another order than they should.
    SpecMismatch
        If the spec differs between the files or is not the one that its digest says.
    UnknownName
        If there is no such model.
    """
    path = folder / DESCRIPTION_FILE
    description = _read_description(path)
    try:
        tensors, meaning = tensor_files.read(folder / WEIGHTS_FILE, sha256=description["sha256"])
        _compare(path, description, meaning)
        return Checkpoint(
            trained=_trained(description, tensors),
            split=description["split"],
            data_digest=description["data_digest"],
            scores=pd.DataFrame(description["scores"]),
            versions=description["versions"],
        )
    except KeyError as error:
        raise CheckpointError(f"{path} lacks {error}.") from error
    except (ConfigError, DataError, TypeError, RuntimeError) as error:
        raise CheckpointError(f"{path} does not describe a model that can be put together: {error}") from error


def _meaning(trained: TrainedModel) -> dict[str, Any]:
    """All that decides how the numbers become answers, as plain values that JSON keeps."""
    preparation = trained.preparation
    meaning = {
        "format": FORMAT,
        "model": trained.name,
        "config": asdict(trained.config),
        "targets": trained.targets,
        **preparation.as_dict(),
        "parents": {role: parent.as_dict() for role, parent in trained.parents.items()},
    }
    plain: dict[str, Any] = json.loads(json.dumps(meaning))
    return plain


def _read_description(path: Path) -> dict[str, Any]:
    try:
        description = json.loads(tensor_files.read_whole(path))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged: {error}.") from error
    if not isinstance(description, dict):
        raise CheckpointError(f"{path} is damaged: it holds no JSON object.")
    if (found := description.get("format")) != FORMAT:
        later = " It was written by a later Songfeat." if isinstance(found, int) and found > FORMAT else ""
        raise CheckpointError(f"{path} is of format {found!r}; this Songfeat reads {FORMAT}.{later}")
    return description


def _compare(path: Path, description: Mapping[str, Any], meaning: Mapping[str, Any]) -> None:
    """Refuse files whose accounts of what the numbers mean differ."""
    for name in meaning:
        said, found = description[name], meaning[name]
        if said == found:
            continue
        error = {"targets": LabelMismatch, "inputs": LabelMismatch, "scalers": LabelMismatch, "spec": SpecMismatch}
        raise error.get(name, CheckpointError)(
            f"{path} gives the {name} as {said}, but the weights beside it are for {found}."
        )
    in_order = answers_in_order(registry.get(description["model"]), description["targets"])
    if description["targets"] != list(in_order):
        raise LabelMismatch(f"{path} gives the targets as {description['targets']}, expected {list(in_order)}.")


def _trained(description: Mapping[str, Any], tensors: Mapping[str, torch.Tensor]) -> TrainedModel:
    entry = registry.get(description["model"])
    config = config_from_dict(entry.config, description["config"])
    preparation = Preparation.from_dict(entry.name, description)
    _check_digest(preparation.spec, description["spec_digest"])
    targets = tuple(description["targets"])
    # Checkpoints from before there were models with parents say nothing of them.
    parents = {role: Parent.from_dict(one) for role, one in description.get("parents", {}).items()}

    def build() -> torch.nn.Module:
        networks = {role: parent.build() for role, parent in parents.items()}
        return entry.assemble(config, preparation, len(targets), networks)

    with torch.device("meta"):  # without memory, however large a description says that the model is
        _check_tensors(build().state_dict(), tensors)
    model = build()
    model.load_state_dict(tensors)
    model.eval()
    train_config = description["train_config"]
    return TrainedModel(
        name=entry.name,
        config=config,
        train_config=None if train_config is None else config_from_dict(TrainConfig, train_config),
        seed=description["seed"],
        targets=targets,
        preparation=preparation,
        model=model,
        history=tuple(EpochRecord(**record) for record in description["history"]),
        parents=parents,
    )


def _check_tensors(expected: Mapping[str, torch.Tensor], found: Mapping[str, torch.Tensor]) -> None:
    """Refuse tensors that are not the model's, before memory is taken for it.

    Raises
    ------
    CheckpointError
        If there is one too many or too few, or one of another shape.
    """
    for name in sorted(expected.keys() | found.keys()):
        shapes = [tuple(tensors[name].shape) if name in tensors else "none" for tensors in (expected, found)]
        if shapes[0] != shapes[1]:
            raise CheckpointError(f"The weights hold {shapes[1]} for {name!r}, where the model has {shapes[0]}.")


def _check_digest(spec: Spec | None, expected: str | None) -> None:
    digest = spec.digest if spec else None
    if digest != expected:
        raise SpecMismatch(f"The spec's digest is {digest}, but {expected} was expected.")
