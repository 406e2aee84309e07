"""What is known of a track besides its sound and the six numbers: of each thing some tracks have it, others do not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from songfeat.genres import genre_group
from songfeat.scaling import Scaler

NUMBERS = ("liveness", "duration_s", "popularity", "year")
CATEGORIES = ("genre_group", "genre")
COLUMNS = (*NUMBERS, *CATEGORIES)
"""The columns of a frame of metadata: numbers, NaN where not known, and names, None or ``""`` where not known."""

MOST_NAMES = 1024
"""Names of a category that are told apart, at most; the rarer ones count as unknown."""

_FEWEST_TRACKS = 20
"""Tracks of the training part that a name needs to be told apart."""


@dataclass(frozen=True, kw_only=True)
class MetadataScaler:
    """From metadata to numbers that a model can see, learnt from the training part.

    Numbers have mean 0 and deviation 1, and a gap is 0; beside them stands 1
    for known and 0 for not known. A name becomes its place in a list, from 1;
    0 is for names that are not in it, and for none.

    Attributes
    ----------
    numbers : Scaler
    lists : mapping of str to tuple of str
        The names by category, the most frequent first.
    """

    numbers: Scaler
    lists: Mapping[str, tuple[str, ...]]

    @classmethod
    def fit(cls, frame: pd.DataFrame) -> "MetadataScaler":
        """Learn from a frame with the columns `COLUMNS`."""
        numbers = frame[list(NUMBERS)].astype(float)
        counts = {category: frame[category].replace("", None).value_counts() for category in CATEGORIES}
        lists = {}
        for category, found in counts.items():
            frequent = {str(name): count for name, count in found.items() if count >= _FEWEST_TRACKS}
            # Of one frequency in the order of the alphabet, so that the order of rows means nothing.
            lists[category] = tuple(sorted(frequent, key=lambda name: (-frequent[name], name))[:MOST_NAMES])
        return cls(numbers=Scaler.fit(numbers.fillna(numbers.mean()).fillna(0.0)), lists=lists)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the numbers that a model sees, in order."""
        return (*NUMBERS, *(f"{name}_known" for name in NUMBERS), *CATEGORIES)

    def transform(self, frame: Any) -> np.ndarray:
        """What a model sees of the tracks of a frame with the columns `COLUMNS`: ``(n, len(names))``, float32."""
        numbers = frame[list(NUMBERS)].astype(float)
        known = numbers.notna().to_numpy()
        scaled = np.where(known, self.numbers.transform(numbers.fillna(0.0)), 0.0)
        places = [pd.Index(self.lists[category]).get_indexer(pd.Index(frame[category])) + 1 for category in CATEGORIES]
        return np.column_stack([scaled, known, *places]).astype(np.float32)

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values that JSON keeps."""
        return {"numbers": self.numbers.as_dict(), "lists": {name: list(names) for name, names in self.lists.items()}}

    @classmethod
    def from_dict(cls, description: Mapping[str, Any]) -> "MetadataScaler":
        """The scaler that :meth:`as_dict` described; raises KeyError if a part is missing."""
        lists = {category: tuple(description["lists"][category]) for category in CATEGORIES}
        return cls(numbers=Scaler.from_dict(description["numbers"]), lists=lists)


def of_table(table: pd.DataFrame) -> pd.DataFrame:
    """The metadata that a table has, by column name, gaps for columns that it lacks.

    The group of a genre is looked up where the table does not give it.
    """
    frame = table.reindex(columns=list(COLUMNS))
    if "genre_group" not in table:
        frame["genre_group"] = frame["genre"].map(genre_group, na_action="ignore")
    for name in NUMBERS:
        frame[name] = pd.to_numeric(frame[name], errors="coerce")
    return frame
