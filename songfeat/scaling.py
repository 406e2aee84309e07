"""Inputs brought to mean 0 and standard deviation 1, with the statistics of the training part alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, overload

import numpy as np
import pandas as pd

from songfeat.disk_arrays import Array
from songfeat.errors import DataError, LabelMismatch

_CHUNK_BYTES = 32 * 2**20


@dataclass(frozen=True, kw_only=True)
class Scaler:
    """What was learnt from the training part: ``(value - mean) / scale`` by name.

    Attributes
    ----------
    names : tuple of str
        The columns of a frame, or the channels of an array (such as MFCC coefficients), in order.
    mean, scale : tuple of float
        In the unit of the input. `scale` is the standard deviation (of the
        population: divided by n), and 1 where the values do not vary.
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(set(self.names)) != len(self.names):
            raise LabelMismatch(f"Each input may stand only once in a scaler, got {', '.join(self.names)}.")
        if not len(self.names) == len(self.mean) == len(self.scale):
            raise LabelMismatch(
                f"A scaler of {len(self.names)} inputs needs as many means and scales, "
                f"got {len(self.mean)} and {len(self.scale)}."
            )
        for name, mean, scale in zip(self.names, self.mean, self.scale, strict=True):
            if not (np.isfinite(mean) and np.isfinite(scale) and scale > 0):
                raise DataError(
                    f"Input {name!r} cannot be scaled by mean {mean} and scale {scale}: both must be finite, "
                    "the scale above 0. Its values may have gaps or be infinite."
                )

    @classmethod
    def fit(cls, frame: pd.DataFrame) -> "Scaler":
        """Learn from a frame of numbers, tracks by inputs.

        Raises
        ------
        DataError
            If there are no rows, or if a column has gaps, is infinite or holds no numbers.
        """
        values = _numbers(frame)
        return cls._fit(values, tuple(map(str, frame.columns)))

    @classmethod
    def fit_array(cls, array: Array, names: Sequence[str]) -> "Scaler":
        """Learn one mean and scale per channel, over all tracks and frames.

        Sums are in float64 and in chunks of tracks, so that an array on disk
        (a memory map) need not fit into memory.

        Parameters
        ----------
        array : numpy.ndarray or DiskArray
            ``(n, n_channels, n_frames)``, or ``(n, n_channels)`` without a time axis.
        names : sequence of str
            One per channel.

        Raises
        ------
        LabelMismatch
            If the names are not one per channel.
        DataError
            If there are no values, or if a channel has gaps or is infinite.
        """
        if array.ndim not in (2, 3) or array.shape[1] != len(names):
            raise LabelMismatch(f"Expected (n, {len(names)} channels, n_frames) to scale, got {array.shape}.")
        return cls._fit(array, tuple(names))

    @classmethod
    def _fit(cls, array: Array, names: tuple[str, ...]) -> "Scaler":
        if array.size == 0:
            raise DataError(f"There is nothing to learn a scale from: the values are of shape {array.shape}.")
        count = array.size // len(names)
        # Sums start from the first value, so that the deviations of a constant are exactly 0 and never rounding noise.
        first = array[0].reshape(len(names), -1)[:, 0].astype(float)
        # What is not finite is refused, by name, where the scaler is built.
        with np.errstate(invalid="ignore", over="ignore"):
            mean = first + _sum(array, lambda chunk: chunk - first[:, np.newaxis]) / count
            variance = _sum(array, lambda chunk: np.square(chunk - mean[:, np.newaxis])) / count
        scale = np.where(variance == 0, 1.0, np.sqrt(variance))
        return cls(names=names, mean=tuple(mean.tolist()), scale=tuple(scale.tolist()))

    @overload
    def transform(self, values: pd.DataFrame) -> pd.DataFrame: ...
    @overload
    def transform(self, values: np.ndarray) -> np.ndarray: ...
    def transform(self, values: pd.DataFrame | np.ndarray) -> pd.DataFrame | np.ndarray:
        """Scale a frame by column name, or an array by channel: ``(n, n_channels, n_frames)`` or ``(n, n_channels)``.

        Returns
        -------
        pandas.DataFrame or numpy.ndarray
            Of a frame: the columns of `names`, in that order and without
            others, float64; gaps stay gaps. Of an array: the same shape,
            float32 if it was.

        Raises
        ------
        LabelMismatch
            If a column is missing or stands twice, or the channels are not as many as were learnt.
        """
        mean, scale = np.array(self.mean), np.array(self.scale)
        if isinstance(values, pd.DataFrame):
            chosen = self._choose(values)
            return pd.DataFrame((_numbers(chosen) - mean) / scale, index=values.index, columns=list(self.names))
        if values.ndim not in (2, 3) or values.shape[1] != len(self.names):
            raise LabelMismatch(f"Expected (n, {len(self.names)} channels, n_frames) to scale, got {values.shape}.")
        dtype = np.result_type(values, np.float32)
        by_channel = (-1,) + (1,) * (values.ndim - 2)
        return (values - mean.astype(dtype).reshape(by_channel)) / scale.astype(dtype).reshape(by_channel)

    def _choose(self, frame: pd.DataFrame) -> pd.DataFrame:
        missing = [name for name in self.names if name not in frame.columns]
        if missing:
            raise LabelMismatch(f"The inputs lack {', '.join(missing)}; expected {', '.join(self.names)}.")
        chosen = frame[list(self.names)]
        if chosen.shape[1] != len(self.names):
            raise LabelMismatch(f"An input stands twice among {', '.join(map(str, frame.columns))}.")
        return chosen

    def as_dict(self) -> dict[str, list[Any]]:
        """Names, means and scales as lists that JSON can hold; floats come back bit by bit."""
        return {name: list(values) for name, values in asdict(self).items()}

    @classmethod
    def from_dict(cls, description: Mapping[str, Sequence[Any]]) -> "Scaler":
        """The scaler that :meth:`as_dict` described.

        Raises
        ------
        DataError
            If a part is missing, unknown or no list of numbers.
        """
        expected = {field.name for field in fields(cls)}
        if set(description) != expected:
            raise DataError(f"A scaler holds {', '.join(sorted(expected))}; got {', '.join(sorted(description))}.")
        try:
            mean, scale = (tuple(map(float, description[part])) for part in ("mean", "scale"))
        except (TypeError, ValueError) as error:
            raise DataError(f"The means and scales of a scaler must be lists of numbers: {error}.") from error
        return cls(names=tuple(description["names"]), mean=mean, scale=scale)


def _numbers(frame: pd.DataFrame) -> np.ndarray:
    """The values of a frame as float64, ``(n, n_columns)``."""
    try:
        return frame.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise DataError(f"Inputs to scale must be numbers; {', '.join(map(str, frame.columns))}: {error}.") from error


def _sum(array: Array, term: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The sum of `term` over tracks and frames, by channel, in float64."""
    return np.sum([term(chunk).sum(axis=(0, 2)) for chunk in _chunks(array)], axis=0)


def _chunks(array: Array) -> Iterator[np.ndarray]:
    """A few tracks at a time, ``(tracks, n_channels, n_frames)``, as float64; without a time axis it is one frame."""
    tracks = max(1, _CHUNK_BYTES // (8 * array[0].size))
    for start in range(0, len(array), tracks):
        chunk = array[start : start + tracks].astype(float)
        yield chunk.reshape(*chunk.shape[:2], -1)
