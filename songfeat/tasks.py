"""What a model is asked for, values of features or the answer to a question; nowhere else are the two told apart."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from songfeat import binary, metrics
from songfeat.errors import ConfigError, UnknownName
from songfeat.examples import Examples
from songfeat.labels import QUESTIONS, Question, resolve_targets

if TYPE_CHECKING:
    from songfeat.registry import ModelEntry


class Task(Protocol):
    """What a model learns, and how its answers are measured.

    Attributes
    ----------
    features : tuple of str
        Whose reference values it learns from.
    answers : tuple of str
        The names of what it answers, in order.
    """

    @property
    def features(self) -> tuple[str, ...]: ...

    @property
    def answers(self) -> tuple[str, ...]: ...

    def pose(self, examples: Examples) -> Examples:
        """Examples whose targets are the right answers; those given have values of `features`."""
        ...

    def right_answers(self, values: pd.DataFrame) -> pd.DataFrame:
        """What reference values of `features` answer, NaN where not known."""
        ...

    def constant(self, train: pd.DataFrame, tracks: pd.Index) -> pd.DataFrame:
        """One answer for all of these tracks, learnt from the right answers for those of the training part."""
        ...

    def evaluate(
        self, predicted: pd.DataFrame, constant: pd.DataFrame, right: pd.DataFrame, *, tracks: pd.DataFrame
    ) -> pd.DataFrame:
        """The scores of answers, with `mean_value`: what the constant ones score.

        `tracks` has the column artist, and genre and decade for scores by them.
        """
        ...

    def near_constant(self, predicted: pd.DataFrame, right: pd.DataFrame) -> tuple[str, ...]:
        """The names of answers that hardly differ from song to song."""
        ...


@dataclass(frozen=True)
class Values:
    """Values of features: a regression."""

    features: tuple[str, ...]

    @property
    def answers(self) -> tuple[str, ...]:
        return self.features

    def pose(self, examples: Examples) -> Examples:
        return examples

    def right_answers(self, values: pd.DataFrame) -> pd.DataFrame:
        return values

    def constant(self, train: pd.DataFrame, tracks: pd.Index) -> pd.DataFrame:
        return pd.DataFrame([train.mean()] * len(tracks), index=tracks)

    def evaluate(
        self, predicted: pd.DataFrame, constant: pd.DataFrame, right: pd.DataFrame, *, tracks: pd.DataFrame
    ) -> pd.DataFrame:
        about = _about(tracks)
        score = metrics.evaluate(predicted, right, **about)
        return _beside(score, metrics.evaluate(constant, right, **about, draws=0))

    def near_constant(self, predicted: pd.DataFrame, right: pd.DataFrame) -> tuple[str, ...]:
        return metrics.near_constant(predicted, right)


@dataclass(frozen=True)
class YesNo:
    """The answer to a question."""

    question: Question

    @property
    def features(self) -> tuple[str, ...]:
        return (self.question.feature,)

    @property
    def answers(self) -> tuple[str, ...]:
        return (self.question.name,)

    def pose(self, examples: Examples) -> Examples:
        return replace(examples, targets=self.right_answers(examples.targets))

    def right_answers(self, values: pd.DataFrame) -> pd.DataFrame:
        return binary.right_answers(self.question, values[self.question.feature]).to_frame()

    def constant(self, train: pd.DataFrame, tracks: pd.Index) -> pd.DataFrame:
        name = self.question.name
        return pd.DataFrame({name: binary.majority(train[name])}, index=tracks)

    def evaluate(
        self, predicted: pd.DataFrame, constant: pd.DataFrame, right: pd.DataFrame, *, tracks: pd.DataFrame
    ) -> pd.DataFrame:
        name, about = self.question.name, _about(tracks)
        score = binary.evaluate(predicted[name], right[name], **about)
        return _beside(score, binary.evaluate(constant[name], right[name], **about, draws=0))

    def near_constant(self, predicted: pd.DataFrame, right: pd.DataFrame) -> tuple[str, ...]:
        name = self.question.name
        return (name,) if binary.answers_alike(predicted[name], right[name]) else ()


def task_of(entry: "ModelEntry", targets: Iterable[str] | None = None) -> Task:
    """What a model is asked for if it is to learn from values of these features, by default its own.

    Raises
    ------
    UnknownName
        If a name is no target.
    ConfigError
        If the model answers a question about another feature.
    """
    features = entry.default_targets if targets is None else resolve_targets(targets)
    if entry.question is None:
        return Values(features)
    question = QUESTIONS[entry.question]
    if features != (question.feature,):
        raise ConfigError(
            f"The model {entry.name!r} answers whether a song is {question.name}, that is whether its"
            f" {question.feature} is above {question.threshold:g}: its target must be {question.feature}, got"
            f" {', '.join(features)}."
        )
    return YesNo(question)


def answers_in_order(entry: "ModelEntry", names: Iterable[str]) -> tuple[str, ...]:
    """The names of a model's answers in the order in which it gives them.

    Raises
    ------
    UnknownName
        If it cannot answer one of them.
    """
    if entry.question is None:
        return resolve_targets(names)
    for name in names:
        if name != entry.question:
            raise UnknownName("answer", name, (entry.question,))
    return (entry.question,)


def _about(tracks: pd.DataFrame) -> dict[str, Any]:
    """What is known of the tracks, by the names under which evaluations take it."""
    names = {"artist": "artists", "genre": "genres", "decade": "decades"}
    return {name: tracks[column] for column, name in names.items() if column in tracks}


def _beside(score: pd.DataFrame, constant: pd.DataFrame) -> pd.DataFrame:
    keys = ["genre", "decade", "feature", "metric"]
    return score.merge(constant[[*keys, "value"]].rename(columns={"value": "mean_value"}), on=keys)
