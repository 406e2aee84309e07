"""Arrays that were computed from clips: immutable Parquet files, in a folder named after their spec.

A shard's own name holds the SHA-256 of its content, so that a damaged one is
found when it is read, and is never taken for sound. Two shards may hold the
same clip, where two computed it at once: their arrays are the same, and one counts.
"""

import hashlib
import json
import math
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from songfeat.disk_arrays import fits_in_memory
from songfeat.errors import ShardError, SpecMismatch
from songfeat.specs import Spec
from store.shard_keys import damaged, keys_by_shard, parquet_table
from store.shard_places import LocalPlace, ShardPlace, place_of
from store.workspace import Workspace

# Shards of Songfeat 0.1 carry a random name of 32 digits; all that can be said of those is whether they can be read.
_NAMED_BY_DIGEST = re.compile(r"part-([0-9a-f]{64})\.parquet")
_SET_ASIDE = ".damaged"


class Shards:
    """The arrays of one spec, keyed by the sha256 of the clip's file.

    Those that came with a table are keyed by the track's id instead, and stay in the workspace.

    Parameters
    ----------
    workspace : Workspace
    spec : Spec
        Its digest names the folder; ``spec.json`` there says what it was.

    Raises
    ------
    SpecMismatch
        If the folder of this digest holds arrays of another spec.
    StorageError
        If they lie on object storage that cannot be reached; every method may raise it.
    """

    def __init__(self, workspace: Workspace, spec: Spec) -> None:
        self.spec = spec
        self.place = place_of(workspace.shards if spec.by_clip else workspace.features, spec.digest)
        # What is only of use here: temporary files, and what is remembered of shared shards.
        self.folder = workspace.features / spec.digest
        self._described = self.place.description()
        if self._described not in (None, json.loads(json.dumps(spec.as_dict()))):
            where = self.place.where("spec.json")
            raise SpecMismatch(f"{where} does not describe the spec that its folder is named after.")

    def known(self) -> set[str]:
        """The clips whose arrays are there.

        Raises
        ------
        ShardError
            If a shard cannot be read.
        """
        return {key for keys in self._keys().values() for key in keys}

    def write(self, arrays: Mapping[str, np.ndarray]) -> str:
        """Store arrays, each of the spec's shape, as one more shard, written whole; gives its name."""
        for sha, array in arrays.items():
            if array.shape != self.spec.shape:
                raise SpecMismatch(f"The array of clip {sha} has the shape {array.shape}, not {self.spec.shape}.")
        if self._described is None:
            self.place.describe(self.spec.as_dict())
            self._described = self.spec.as_dict()
        size = int(np.prod(self.spec.shape))
        flat = np.concatenate([np.ascontiguousarray(array, dtype=np.float32).ravel() for array in arrays.values()])
        table = pa.table(
            {"sha256": pa.array(list(arrays)), "array": pa.FixedSizeListArray.from_arrays(pa.array(flat), size)}
        )
        content = pa.BufferOutputStream()
        # A dictionary of numbers that hardly repeat would take more room than they do; apart by byte they compress.
        pq.write_table(
            table, content, compression="zstd", use_dictionary=False, use_byte_stream_split=["array.list.element"]
        )
        data = content.getvalue().to_pybytes()
        name = f"part-{hashlib.sha256(data).hexdigest()}.parquet"
        self.place.write(name, data)
        return name

    def has(self, name: str) -> bool:
        """Whether a shard is there."""
        return self.place.has(name)

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
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder) as file:
                gathered = np.memmap(file, dtype=np.float32, mode="w+", shape=shape)
        row_of = {sha: row for row, sha in enumerate(clips)}
        for shas, arrays in self.by_shard(clips):
            gathered[[row_of[sha] for sha in shas]] = arrays
        return gathered

    def set_aside_damaged(self) -> list[str]:
        """Rename shards that are damaged, so that their arrays count as missing; gives what they were called.

        Shared shards are left to whoever looks after the storage: they are not even read for this.
        """
        if not isinstance(self.place, LocalPlace):
            return []
        found = damaged_shards(self.place)
        for path in map(Path, found):
            path.replace(path.with_suffix(path.suffix + _SET_ASIDE))
        return found

    def _keys(self) -> dict[str, list[str]]:
        return keys_by_shard(self.place, self.folder / "shared-shards.parquet")

    def by_shard(self, clips: Iterable[str]) -> Iterator[tuple[list[str], np.ndarray]]:
        """Shard by shard those of `clips` that are there, with their arrays; raises as `gather` does."""
        wanted = set(clips)
        # Of shared shards it is remembered what they hold, so that only those of use are fetched.
        held = self._keys() if self.place.shared else dict.fromkeys(self.place.names(), wanted)
        names = [name for name, keys in held.items() if not wanted.isdisjoint(keys)]
        searched = pa.array(sorted(wanted), type=pa.string())
        for name, data in self.place.read(names):
            table = _checked(self.place, name, data)
            table = table.filter(pc.is_in(table["sha256"], value_set=searched)).combine_chunks()
            if not table.num_rows:
                continue
            # A filtered FixedSizeListArray may carry an offset, which flatten() respects and .values does not.
            flat = np.concatenate([chunk.flatten().to_numpy() for chunk in table["array"].chunks])
            yield table["sha256"].to_pylist(), flat.reshape(-1, *self.spec.shape)


def damaged_shards(place: ShardPlace) -> list[str]:
    """The shards whose content is not what it was when they were written."""
    found = []
    for name, data in place.read(place.names()):
        try:
            _checked(place, name, data)
        except ShardError:
            found.append(place.where(name))
    return found


def _checked(place: ShardPlace, name: str, data: bytes) -> pa.Table:
    """The content of a shard as a table; raises ShardError if it is damaged."""
    named = _NAMED_BY_DIGEST.fullmatch(name)
    if named and hashlib.sha256(data).hexdigest() != named[1]:
        raise damaged(place.where(name), "its content does not have the SHA-256 that it is named after")
    return parquet_table(place.where(name), pa.BufferReader(data))
