"""What a model is asked for, values of features or the answer to a question; nowhere else are the two told apart."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

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

    def evaluate(
        self, predicted: pd.DataFrame, right: pd.DataFrame, train: pd.DataFrame, *, tracks: pd.DataFrame
    ) -> pd.DataFrame:
        """The scores of answers, with `mean_value`: what one answer for all tracks scores, learnt from `train`.

        `right` and `train` are the right answers for the tracks that are
        measured on and for those of the training part; `tracks` has the
        columns artist and genre.
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

    def evaluate(
        self, predicted: pd.DataFrame, right: pd.DataFrame, train: pd.DataFrame, *, tracks: pd.DataFrame
    ) -> pd.DataFrame:
        means = right.copy()
        means[:] = train.mean()
        artists, genres = tracks["artist"], tracks["genre"]
        score = metrics.evaluate(predicted, right, artists=artists, genres=genres)
        return _beside(score, metrics.evaluate(means, right, artists=artists, genres=genres, draws=0))

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
        values = examples.targets[self.question.feature]
        return replace(examples, targets=binary.right_answers(self.question, values).to_frame())

    def evaluate(
        self, predicted: pd.DataFrame, right: pd.DataFrame, train: pd.DataFrame, *, tracks: pd.DataFrame
    ) -> pd.DataFrame:
        name = self.question.name
        always = pd.Series(binary.majority(train[name]), index=right.index, name=name)
        artists, genres = tracks["artist"], tracks["genre"]
        score = binary.evaluate(predicted[name], right[name], artists=artists, genres=genres)
        return _beside(score, binary.evaluate(always, right[name], artists=artists, genres=genres, draws=0))

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


def _beside(score: pd.DataFrame, constant: pd.DataFrame) -> pd.DataFrame:
    keys = ["genre", "feature", "metric"]
    return score.merge(constant[[*keys, "value"]].rename(columns={"value": "mean_value"}), on=keys)
