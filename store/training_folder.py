"""One training in a folder of its own: its epochs and how it stands are told there, and it goes on where it stopped."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from songfeat import checkpoint
from songfeat.examples import Examples
from songfeat.files import whole_file
from songfeat.predictor import Predictor
from songfeat.tasks import Task
from songfeat.training import TrainedModel
from songfeat.training_state import EpochRecord, TrainingState
from store.progress import Progress
from store.training_history import HISTORY_FILE
from store.workspace import write_json

_STATE_FILE = "state.safetensors"


@dataclass(frozen=True, kw_only=True, eq=False)
class Training:
    """All that it takes to train on what was gathered.

    Attributes
    ----------
    task : Task
    examples : Examples
        All that is predicted for.
    layout : pandas.DataFrame
        The part of each track that is trained or measured on, in one column, or in one a fold.
    fit : callable
        :func:`songfeat.training.train_model`, to which only the parts, what
        to do after each epoch and from which state to go on are still to be given.
    epochs : int or None
        At most; None for a model that takes no gradient steps.
    stage : str
        What progress calls it.
    split : mapping
        For the checkpoint.
    digest : str
        Of the data.
    """

    task: Task
    examples: Examples
    layout: pd.DataFrame
    fit: Callable[..., TrainedModel]
    epochs: int | None
    stage: str
    split: Mapping[str, Any]
    digest: str

    @property
    def right(self) -> pd.DataFrame:
        """The right answers for all that is predicted for."""
        return self.task.right_answers(self.examples.targets)


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """What was trained, and what it says.

    Attributes
    ----------
    trained : TrainedModel
        Of a cross-validation that of the last fold.
    predicted : pandas.DataFrame
        For all that is predicted for.
    constant : pandas.DataFrame
        One answer for all tracks, learnt from the same training part: for the tracks of `parts`.
    parts : pandas.Series
        The part of each track, as it is to be measured.
    epochs : int
        Of all folds together.
    """

    trained: TrainedModel
    predicted: pd.DataFrame
    constant: pd.DataFrame
    parts: pd.Series
    epochs: int


def train_once(folder: Path, training: Training, progress: Progress) -> Outcome:
    """Train one model on the one split that there is."""
    parts = training.layout.iloc[:, 0]
    trained = train_in(folder, training, parts, training.stage, progress)
    train = training.right.loc[parts.index[parts == "train"]]
    return Outcome(
        trained=trained,
        predicted=Predictor(trained).predict(training.examples),
        constant=training.task.constant(train, parts.index),
        parts=parts,
        epochs=len(trained.history),
    )


def train_in(folder: Path, training: Training, parts: pd.Series, stage: str, progress: Progress) -> TrainedModel:
    """Train on `parts`, or go on from the last whole epoch that the folder knows of."""
    history: list[EpochRecord] = []

    def on_epoch(record: EpochRecord) -> None:
        history.append(record)
        with whole_file(folder / HISTORY_FILE) as temporary:
            temporary.write_text("".join(json.dumps(asdict(one)) + "\n" for one in history))
        progress.update(record.epoch, training.epochs, stage)

    resume = _state(folder)
    history.extend(resume.history if resume else ())
    progress.update(len(history), training.epochs, stage)
    path = folder / _STATE_FILE
    return training.fit(parts, on_epoch=on_epoch, on_state=lambda state: state.save(path), resume=resume)


def assist(folder: Path, training: Training) -> None:
    """Take the share of another process than the first in all trainings of a folder; nothing is written.

    What the first one goes on from is read before it can have changed: it waits for this process in each epoch.
    """
    several = training.layout.shape[1] > 1
    for name, parts in training.layout.items():
        own = folder / str(name) if several else folder
        if not (several and (own / checkpoint.DESCRIPTION_FILE).exists()):
            training.fit(parts, resume=_state(own))


def _state(folder: Path) -> TrainingState | None:
    """Where a training stopped; None for one that has not begun."""
    path = folder / _STATE_FILE
    return TrainingState.load(path) if path.exists() else None


def forget_state(folder: Path) -> None:
    """Leave nothing to go on from."""
    (folder / _STATE_FILE).unlink(missing_ok=True)


@contextmanager
def status(folder: Path) -> Iterator[None]:
    """Tell in the folder whether work on it is under way, done or stopped."""
    write_json(folder / "status.json", {"state": "running"})
    try:
        yield
    except BaseException as error:
        write_json(folder / "status.json", {"state": "stopped", "reason": type(error).__name__})
        raise
    write_json(folder / "status.json", {"state": "done"})
