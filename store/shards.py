"""Arrays that were computed from clips: immutable Parquet files, in a folder named after their spec."""

import json
import math
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from songfeat.disk_arrays import fits_in_memory
from songfeat.errors import SpecMismatch
from songfeat.files import whole_file
from songfeat.specs import Spec
from store.workspace import Workspace, read_json, write_json


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
        """The clips whose arrays are there."""
        return {sha for path in self._parts() for sha in pq.read_table(path, columns=["sha256"])["sha256"].to_pylist()}

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
        path = self.folder / f"part-{uuid.uuid4().hex}.parquet"
        with whole_file(path) as temporary:
            pq.write_table(table, temporary, compression="zstd")
        return path

    def load(self, clips: Iterable[str]) -> dict[str, np.ndarray]:
        """The arrays of those of `clips` that are there, float32, each of the spec's shape."""
        return {sha: array for shas, arrays in self._read(clips) for sha, array in zip(shas, arrays, strict=True)}

    def gather(self, clips: Sequence[str]) -> np.ndarray:
        """The arrays of `clips`, all of which must be there, as one, ``(n, *spec.shape)``, float32.

        It is a memory map if it would fill too much memory (see
        :func:`songfeat.disk_arrays.fits_in_memory`): of a file without a name,
        which is gone when nobody needs it any more.
        """
        shape = (len(clips), *self.spec.shape)
        if fits_in_memory(4 * math.prod(shape)):
            gathered = np.empty(shape, dtype=np.float32)
        else:
            with tempfile.TemporaryFile(dir=self.folder) as file:
                gathered = np.memmap(file, dtype=np.float32, mode="w+", shape=shape)
        row_of = {sha: row for row, sha in enumerate(clips)}
        for shas, arrays in self._read(clips):
            gathered[[row_of[sha] for sha in shas]] = arrays
        return gathered

    def _read(self, clips: Iterable[str]) -> Iterator[tuple[list[str], np.ndarray]]:
        """Shard by shard those of `clips` that are there, with their arrays."""
        wanted = pa.array(sorted(set(clips)), type=pa.string())
        for path in self._parts():
            table = pq.read_table(path)
            table = table.filter(pc.is_in(table["sha256"], value_set=wanted)).combine_chunks()
            if not table.num_rows:
                continue
            # A filtered FixedSizeListArray may carry an offset, which flatten() respects and .values does not.
            flat = np.concatenate([chunk.flatten().to_numpy() for chunk in table["array"].chunks])
            yield table["sha256"].to_pylist(), flat.reshape(-1, *self.spec.shape)

    def _parts(self) -> list[Path]:
        return sorted(self.folder.glob("part-*.parquet"))
