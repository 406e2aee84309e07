"""Predictions of a trained model: the one way from inputs to answers, for evaluation, pages and command line alike."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from songfeat import checkpoint, metadata
from songfeat.batches import answer
from songfeat.errors import DataError
from songfeat.examples import Examples
from songfeat.extraction import extract
from songfeat.folds import folds_in
from songfeat.numeric import by_name, without_impossible
from songfeat.preparation import Inputs, inputs_of
from songfeat.registry import METADATA, NUMERIC
from songfeat.specs import Spec
from songfeat.training import TrainedModel

_BATCH_SIZE = 1024


class Predictor:
    """Answers for tracks, files or rows, each value under the name of its target.

    The values are the model's own: nothing is clipped or rounded. Several
    models of one kind answer together, with the mean of their answers.
    """

    def __init__(self, trained: TrainedModel, *others: TrainedModel) -> None:
        self.trained = trained
        self._all = (trained, *others)

    @classmethod
    def load(cls, folder: Path) -> "Predictor":
        """The predictor of a checkpoint, or of all folds of a cross-validation.

        Raises as :func:`songfeat.checkpoint.load` does.
        """
        return cls(*(checkpoint.load(path).trained for path in folds_in(folder) or [folder]))

    @property
    def targets(self) -> tuple[str, ...]:
        """What is predicted, in order."""
        return self.trained.targets

    @property
    def inputs(self) -> tuple[str, ...]:
        """The kinds of input that the model sees."""
        return self.trained.preparation.inputs

    @property
    def spec(self) -> Spec | None:
        """To which its arrays are computed; None for a model that sees none."""
        return self.trained.preparation.spec

    def predict(self, given: Examples | Inputs) -> pd.DataFrame:
        """Predictions for many tracks.

        Parameters
        ----------
        given : Examples or mapping of str to pandas.DataFrame or numpy.ndarray
            Tracks with inputs, or the inputs alone by kind: ``{"mfcc": (n,
            n_mfcc, n_frames)}``, ``{"numeric": frame}``. Inputs that the model
            does not see are left aside.

        Returns
        -------
        pandas.DataFrame
            One column per target, in order; the index is that of the examples
            or of the frame, else 0 to n - 1.

        Raises
        ------
        DataError
            If an input that the model needs is not there or has gaps, or there are not as many of each.
        LabelMismatch
            If a numeric input is missing.
        SpecMismatch
            If arrays are not of the spec's shape.
        """
        if isinstance(given, Examples):
            return self._predict(inputs_of(given), given.tracks.index)
        counts = {kind: len(values) for kind, values in given.items()}
        if len(set(counts.values())) != 1:
            raise DataError(f"Every kind of input must be of the same tracks; their numbers are {counts}.")
        frames = [values.index for values in given.values() if isinstance(values, pd.DataFrame)]
        return self._predict(given, frames[0] if frames else pd.RangeIndex(max(counts.values())))

    def predict_file(self, path: str | os.PathLike[str]) -> dict[str, float]:
        """Predictions for one audio file, by target.

        Raises
        ------
        AudioError
            If the file has no sound that can be used.
        DataError
            If the model sees something else than sound alone.
        """
        spec = self.spec
        if spec is None or not spec.by_clip or self.inputs != (spec.kind,):
            raise DataError(f"{self._what_it_sees()}; it cannot predict for the audio file {Path(path).name}.")
        predicted = self.predict({spec.kind: extract(path, spec)[np.newaxis]})
        return {name: float(predicted[name].iloc[0]) for name in self.targets}

    def predict_table(self, table: pd.DataFrame) -> pd.DataFrame:
        """Predictions for the rows of a table that holds the numeric inputs, by column name.

        Of metadata the table may hold what it has, see :func:`songfeat.metadata.of_table`.
        A row with a gap among the numeric inputs, or with a value out of the range of its feature (as
        those that stand for "not known" are), gets gaps: nothing is made up.

        Returns
        -------
        pandas.DataFrame
            The index of `table`, one column per target, in order.

        Raises
        ------
        LabelMismatch
            If a column is missing or stands twice; the message lists what is needed.
        DataError
            If the model sees something else than numbers alone, or a column holds text.
        """
        if self.inputs not in ((NUMERIC,), (NUMERIC, METADATA)):
            raise DataError(f"{self._what_it_sees()}; it cannot predict from the numbers of a table alone.")
        inputs = without_impossible(_numbers(by_name(table)))
        complete = np.flatnonzero(inputs.notna().all(axis=1))
        values = np.full((len(table), len(self.targets)), np.nan)
        if len(complete):
            given = {NUMERIC: inputs.iloc[complete], METADATA: metadata.of_table(table.iloc[complete])}
            values[complete] = self.predict(given).to_numpy()
        return pd.DataFrame(values, index=table.index, columns=list(self.targets))

    def _predict(self, inputs: Inputs, index: pd.Index) -> pd.DataFrame:
        answers = np.mean([_answers(trained, inputs, len(index)) for trained in self._all], axis=0)
        return pd.DataFrame(answers, index=index, columns=list(self.targets))

    def _what_it_sees(self) -> str:
        return f"The model {self.trained.name!r} sees {' and '.join(self.inputs) or 'no'} inputs"


def _answers(trained: TrainedModel, inputs: Inputs, n: int) -> np.ndarray:
    tensors = trained.preparation.tensors(inputs, n)
    config = trained.train_config
    answers = answer(trained.model, tensors, _BATCH_SIZE if config is None else config.batch_size)
    return answers.double().numpy()


def _numbers(inputs: pd.DataFrame) -> pd.DataFrame:
    try:
        return inputs.apply(pd.to_numeric).astype(float)
    except (ValueError, TypeError) as error:
        raise DataError(f"The numeric inputs of a table must be numbers: {error}.") from error
