"""The pretrained model on disk: ``model.safetensors`` holds its numbers, ``model.json`` what they mean."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from songfeat.errors import CheckpointError
from songfeat.files import whole_file
from songfeat.pretrained.model import PretrainedModel

FORMAT = 1
"""Of the two files; raised whenever an older Songfeat could misread them."""

WEIGHTS_FILE = "model.safetensors"
DESCRIPTION_FILE = "model.json"


def save(folder: Path, model: PretrainedModel) -> None:
    """Write both files into a folder, each whole."""
    data = safetensors.numpy.save({name: _smallest(values) for name, values in model.tensors.items()})
    description = {"format": FORMAT, "sha256": hashlib.sha256(data).hexdigest(), **model.meaning}
    description["digest"] = _digest(description)
    with whole_file(folder / WEIGHTS_FILE) as temporary:
        temporary.write_bytes(data)
    with whole_file(folder / DESCRIPTION_FILE) as temporary:
        temporary.write_text(json.dumps(description, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load(folder: Path) -> PretrainedModel:
    """Read both files.

    Raises
    ------
    CheckpointError
        If one is missing, is not the one that was written, or is of a later format.
    """
    description = _described(folder / DESCRIPTION_FILE)
    weights = folder / WEIGHTS_FILE
    data = _read(weights)
    if (found := hashlib.sha256(data).hexdigest()) != description["sha256"]:
        raise CheckpointError(
            f"{weights} is damaged: its SHA-256 is {found[:16]}…, expected {description['sha256'][:16]}…."
            " Install Songfeat again, or rebuild the model with songfeat pretrain."
        )
    try:
        tensors = safetensors.numpy.load(data)
    except SafetensorError as error:
        raise CheckpointError(f"{weights} is no safetensors file: {error}.") from error
    return PretrainedModel(
        {name: values.astype(np.float32) if values.dtype == np.float16 else values for name, values in tensors.items()},
        description,
    )


def _described(path: Path) -> dict[str, Any]:
    try:
        description = json.loads(_read(path))
    except ValueError as error:
        raise CheckpointError(f"{path} is damaged: {error}.") from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        found = description.get("format") if isinstance(description, dict) else None
        raise CheckpointError(f"{path} is of format {found!r}; this Songfeat reads {FORMAT}.")
    said = description.pop("digest", None)
    if said != _digest(description):
        raise CheckpointError(f"{path} is damaged or was changed by hand: its digest is not {said!r}.")
    return description


def _digest(description: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()


def _smallest(values: np.ndarray) -> np.ndarray:
    """The same numbers in half precision where that loses nothing."""
    half = values.astype(np.float16)
    fits = values.dtype == np.float32 and np.array_equal(half.astype(np.float32), values)
    return np.ascontiguousarray(half if fits else values)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error
