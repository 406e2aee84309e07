"""What models see of the numeric inputs: the numbers themselves, and one that follows from them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from songfeat.errors import LabelMismatch
from songfeat.labels import FEATURES, NUMERIC_INPUTS

if TYPE_CHECKING:
    import pandas as pd

TEMPO_OFFSET = "tempo_offset"
"""How far the tempo is from a whole number of BPM, 0 to 0.5."""

TYPICAL_OFFSET = 0.09
"""BPM; the median over 200,000 songs with Spotify's values."""


@dataclass(frozen=True, kw_only=True)
class NumericConfig:
    """What a model sees of the numeric inputs; a base for the configs of models that have them.

    Attributes
    ----------
    tempo_offset : bool
        Whether it also sees how far the tempo is from a whole number of BPM.
        Music made to a click has a whole tempo and keeps it, so this tells
        machine-made beats from played ones, which no smooth function of the
        tempo can.
    """

    tempo_offset: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """The numbers that the model sees, in order."""
        return (*NUMERIC_INPUTS, TEMPO_OFFSET) if self.tempo_offset else NUMERIC_INPUTS


def by_name(inputs: "pd.DataFrame") -> "pd.DataFrame":
    """The numeric inputs in their order, whatever other columns there are and however they stand.

    Raises
    ------
    LabelMismatch
        If one is missing or stands twice.
    """
    columns = list(inputs.columns)
    if wrong := [f"{columns.count(name)} for {name}" for name in NUMERIC_INPUTS if columns.count(name) != 1]:
        needed = ", ".join(NUMERIC_INPUTS)
        raise LabelMismatch(f"One column is needed for each of {needed}; there are {' and '.join(wrong)}.")
    return inputs[list(NUMERIC_INPUTS)]


def with_derived(inputs: "pd.DataFrame") -> "pd.DataFrame":
    """The numeric inputs and what follows from them, by name.

    Measured tempos have decimals; one that is whole to the last digit has most
    likely been rounded, which says nothing of its offset. It is taken to be as
    far off as that of a typical song.
    """
    offset = (inputs["tempo"] - inputs["tempo"].round()).abs()
    return inputs.assign(**{TEMPO_OFFSET: offset.mask(offset == 0, TYPICAL_OFFSET)})


def without_impossible(inputs: "pd.DataFrame") -> "pd.DataFrame":
    """The same inputs with a gap wherever a value is out of its range, as those that stand for "not known" are."""
    features = [FEATURES[name] for name in inputs.columns]
    possible = (inputs >= [one.low for one in features]) & (inputs <= [one.high for one in features])
    return inputs.where(possible)
