"""Arrays that are larger than memory: rows of a memory map, read when they are asked for."""

from typing import Any

import numpy as np

IN_MEMORY_BYTES = 2**30
"""Up to here an array is held in memory: about 80,000 clips as the report's MFCCs, or 2,000 as fine log-mels."""


class DiskArray:
    """Some rows of a memory map, in some order, of which none is held in memory.

    Indexing reads: what comes back is an array like any other.

    Parameters
    ----------
    mapped : numpy.memmap
        ``(n, …)``.
    rows : numpy.ndarray of int
        Which of its rows these are.
    """

    def __init__(self, mapped: np.ndarray, rows: np.ndarray) -> None:
        self._mapped, self._rows = mapped, rows

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self._rows), *self._mapped.shape[1:])

    @property
    def ndim(self) -> int:
        return self._mapped.ndim

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    @property
    def nbytes(self) -> int:
        return self.size * self._mapped.itemsize

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, rows: Any) -> np.ndarray:
        return np.asarray(self._mapped[self._rows[rows]])

    def choose(self, rows: np.ndarray | slice) -> "DiskArray":
        """Some of the rows, by mask, numbers or slice; nothing is read."""
        return DiskArray(self._mapped, self._rows[rows])


Array = np.ndarray | DiskArray
"""Numbers of some tracks, the first axis being the tracks."""


def choose(array: Array, rows: np.ndarray | slice) -> Array:
    """Some rows, by mask, numbers or slice; what is on disk stays there."""
    if isinstance(array, np.memmap):
        array = DiskArray(array, np.arange(len(array)))
    return array.choose(rows) if isinstance(array, DiskArray) else array[rows]


def fits_in_memory(nbytes: int) -> bool:
    """Whether an array of so many bytes is to be held in memory."""
    return nbytes <= IN_MEMORY_BYTES
