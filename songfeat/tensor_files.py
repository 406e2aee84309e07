"""Tensors together with a description of them in one safetensors file, written whole and never half."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from songfeat.errors import CheckpointError
from songfeat.files import whole_file

_KEY = "songfeat"


def write(path: Path, tensors: Mapping[str, Tensor], description: Mapping[str, Any]) -> str:
    """Write tensors and their description; gives the file's SHA-256."""
    contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
    data = safetensors.torch.save(contiguous, metadata={_KEY: json.dumps(description)})
    with whole_file(path) as temporary:
        temporary.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def read(path: Path, *, sha256: str | None = None) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What :func:`write` wrote: the tensors and their description.

    Parameters
    ----------
    path : pathlib.Path
    sha256 : str or None
        What the file's SHA-256 must be, where it is known.

    Raises
    ------
    CheckpointError
        If the file is missing or damaged, or is none of ours.
    """
    data = read_whole(path)
    if sha256 is not None and (found := hashlib.sha256(data).hexdigest()) != sha256:
        raise CheckpointError(
            f"{path} is damaged or of another run: its SHA-256 is {found[:16]}…, expected {sha256[:16]}…."
        )
    try:
        tensors = safetensors.torch.load(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        return tensors, json.loads(header["__metadata__"][_KEY])
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is damaged or was not written by Songfeat: {error}.") from error


def read_whole(path: Path) -> bytes:
    """The bytes of a file.

    Raises
    ------
    CheckpointError
        If it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error
