"""Arrays that were computed from clips: immutable Parquet files, in a folder named after their spec.

A shard's own name holds the SHA-256 of its content, so that a damaged one is
found when it is read, and is never taken for sound.
"""

import hashlib
import json
import math
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from songfeat.disk_arrays import fits_in_memory
from songfeat.errors import ShardError, SpecMismatch
from songfeat.files import whole_file
from songfeat.specs import Spec
from store.workspace import Workspace, read_json, write_json

# Shards of Songfeat 0.1 carry a random name of 32 digits; all that can be said of those is whether they can be read.
_NAMED_BY_DIGEST = re.compile(r"part-([0-9a-f]{64})\.parquet")
_SET_ASIDE = ".damaged"


class Shards:
    """The arrays of one spec in a workspace, keyed by the sha256 of the clip's file.

    Those that came with a table are keyed by the track's id instead.

    Parameters
    ----------
    workspace : Workspace
    spec : Spec
        Its digest names the folder; ``spec.json`` there says what it was.

    Raises
    ------
    SpecMismatch
        If the folder of this digest holds arrays of another spec.
    """

    def __init__(self, workspace: Workspace, spec: Spec) -> None:
        self.spec = spec
        self.folder = workspace.features / spec.digest
        description = self.folder / "spec.json"
        if description.exists() and read_json(description) != json.loads(json.dumps(spec.as_dict())):
            raise SpecMismatch(f"{description} does not describe the spec that its folder is named after.")

    def known(self) -> set[str]:
        """The clips whose arrays are there.

        Raises
        ------
        ShardError
            If a shard cannot be read.
        """
        found: set[str] = set()
        for path in self._parts():
            with path.open("rb") as file:
                found.update(_table(path, file, ["sha256"])["sha256"].to_pylist())
        return found

    def write(self, arrays: Mapping[str, np.ndarray]) -> Path:
        """Store arrays, each of the spec's shape, as one more shard, written whole."""
        for sha, array in arrays.items():
            if array.shape != self.spec.shape:
                raise SpecMismatch(f"The array of clip {sha} has the shape {array.shape}, not {self.spec.shape}.")
        if not (self.folder / "spec.json").exists():
            write_json(self.folder / "spec.json", self.spec.as_dict())
        size = int(np.prod(self.spec.shape))
        flat = np.concatenate([np.ascontiguousarray(array, dtype=np.float32).ravel() for array in arrays.values()])
        table = pa.table(
            {"sha256": pa.array(list(arrays)), "array": pa.FixedSizeListArray.from_arrays(pa.array(flat), size)}
        )
        content = pa.BufferOutputStream()
        pq.write_table(table, content, compression="zstd")
        data = content.getvalue()
        path = self.folder / f"part-{hashlib.sha256(data).hexdigest()}.parquet"
        with whole_file(path) as temporary:
            temporary.write_bytes(data)
        return path

    def load(self, clips: Iterable[str]) -> dict[str, np.ndarray]:
        """The arrays of those of `clips` that are there, float32, each of the spec's shape; raises as `gather` does."""
        return {sha: array for shas, arrays in self.by_shard(clips) for sha, array in zip(shas, arrays, strict=True)}

    def gather(self, clips: Sequence[str]) -> np.ndarray:
        """The arrays of `clips`, all of which must be there, as one, ``(n, *spec.shape)``, float32.

        It is a memory map if it would fill too much memory (see
        :func:`songfeat.disk_arrays.fits_in_memory`): of a file without a name,
        which is gone when nobody needs it any more.

        Raises
        ------
        ShardError
            If a shard is damaged.
        """
        shape = (len(clips), *self.spec.shape)
        if fits_in_memory(4 * math.prod(shape)):
            gathered = np.empty(shape, dtype=np.float32)
        else:
            with tempfile.TemporaryFile(dir=self.folder) as file:
                gathered = np.memmap(file, dtype=np.float32, mode="w+", shape=shape)
        row_of = {sha: row for row, sha in enumerate(clips)}
        for shas, arrays in self.by_shard(clips):
            gathered[[row_of[sha] for sha in shas]] = arrays
        return gathered

    def set_aside_damaged(self) -> list[Path]:
        """Rename shards that are damaged, so that their arrays count as missing; gives what they were called."""
        damaged = damaged_shards(self.folder)
        for path in damaged:
            path.replace(path.with_suffix(path.suffix + _SET_ASIDE))
        return damaged

    def by_shard(self, clips: Iterable[str]) -> Iterator[tuple[list[str], np.ndarray]]:
        """Shard by shard those of `clips` that are there, with their arrays; raises as `gather` does."""
        wanted = pa.array(sorted(set(clips)), type=pa.string())
        for path in self._parts():
            table = _read_checked(path)
            table = table.filter(pc.is_in(table["sha256"], value_set=wanted)).combine_chunks()
            if not table.num_rows:
                continue
            # A filtered FixedSizeListArray may carry an offset, which flatten() respects and .values does not.
            flat = np.concatenate([chunk.flatten().to_numpy() for chunk in table["array"].chunks])
            yield table["sha256"].to_pylist(), flat.reshape(-1, *self.spec.shape)

    def _parts(self) -> list[Path]:
        return sorted(self.folder.glob("part-*.parquet"))


def damaged_shards(folder: Path) -> list[Path]:
    """The shards in the folder of a spec whose content is not what it was when they were written."""
    damaged = []
    for path in sorted(folder.glob("part-*.parquet")):
        try:
            _read_checked(path)
        except ShardError:
            damaged.append(path)
    return damaged


def _read_checked(path: Path) -> pa.Table:
    """The content of a shard; raises ShardError if it is damaged."""
    data = path.read_bytes()
    named = _NAMED_BY_DIGEST.fullmatch(path.name)
    if named and hashlib.sha256(data).hexdigest() != named[1]:
        raise _damaged(path, "its content does not have the SHA-256 that it is named after")
    return _table(path, pa.BufferReader(data))


def _table(path: Path, source: BinaryIO | pa.BufferReader, columns: list[str] | None = None) -> pa.Table:
    try:
        return pq.read_table(source, columns=columns)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, f"it cannot be read as Parquet ({str(error).splitlines()[0]})") from error


def _damaged(path: Path, why: str) -> ShardError:
    return ShardError(
        f"The arrays in {path} are damaged: {why}. Extract again: what is damaged is set aside and redone."
    )
