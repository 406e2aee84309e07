"""Which models there are: one entry each, read by the command line, the pages, the tests and the tables alike.

Reading the entries imports no PyTorch: an entry holds names, descriptions and
configs; what it builds is imported when it is built.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from songfeat.errors import ConfigError, SpecMismatch, UnknownName
from songfeat.labels import QUESTIONS, TARGETS
from songfeat.specs import Spec
from songfeat.training_config import TrainConfig, apply_overrides

if TYPE_CHECKING:
    from torch import nn

    from songfeat.batches import Batch
    from songfeat.preparation import Preparation

NUMERIC = "numeric"

METADATA = "metadata"

KINDS = (NUMERIC, METADATA, "mfcc", "logmel", "stats")
"""The kinds of input that a model may see; all but `numeric` and `metadata` are computed from sound."""

SOUND = ("mfcc", "logmel")
"""The kinds that are computed from a clip."""

_SPECS_BY_KIND = {"mfcc": "report", "logmel": "logmel"}

Build = Callable[..., "nn.Module"]
"""From config, shape of one track's input by kind, and number of targets to a model.

A model with parents is also given ``parents``, their networks by role, and
``scalers``, how their inputs were scaled, by kind.

The model is given a dict of tensors by kind, each ``(batch, *shape)``, and
answers ``(batch, n_targets)``. All that it learns is in its ``state_dict``.
"""

Fit = Callable[["nn.Module", "Batch"], None]
"""Fits a model in place to the training part, where that takes no gradient steps."""

Initialise = Callable[["nn.Module", Any], None]
"""Gives a model that was just built, with its config, other first weights than random ones."""


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """A model that can be trained.

    Attributes
    ----------
    name, description : str
        The description is one line.
    inputs : tuple of str
        Which of `KINDS` it sees; none for one that answers the same for all.
        Of sound it takes other arrays too, see :meth:`inputs_for`.
    statistics : bool
        Whether it can learn from arrays without a time axis.
    parents : mapping of str to str
        The trained models that it stands on: by role, which is the name of a
        field of its config, the kind of input that such a model sees.
    config : type
        A frozen dataclass of what can be chosen about the model, with defaults.
    train : TrainConfig or None
        The model's own defaults for training by gradient steps; None if `fit` does it.
    fit : callable or None
        The model's own fitter; None if it is trained by gradient steps.
    build : callable
    initialise : callable or None
        Called once before a training, and never for a model that is trained already.
    question : str or None
        The one of :data:`songfeat.labels.QUESTIONS` that it answers; None if it answers with values of features.
    """

    name: str
    description: str
    inputs: tuple[str, ...]
    config: type
    train: TrainConfig | None
    fit: Fit | None
    build: Build
    statistics: bool = False
    parents: Mapping[str, str] = field(default_factory=dict)
    initialise: Initialise | None = None
    question: str | None = None

    @property
    def default_targets(self) -> tuple[str, ...]:
        """The features whose values it learns from unless told otherwise."""
        return TARGETS if self.question is None else (QUESTIONS[self.question].feature,)

    @property
    def sound(self) -> str | None:
        """The kind of array computed from sound that it sees unless told otherwise; None if it hears nothing."""
        return next((kind for kind in self.inputs if kind not in (NUMERIC, METADATA)), None)

    @property
    def default_spec(self) -> str | None:
        """The name of the spec whose arrays it sees unless told otherwise; None if it hears nothing."""
        return None if self.sound is None else _SPECS_BY_KIND[self.sound]

    def inputs_for(self, spec: Spec | None) -> tuple[str, ...]:
        """The kinds of input that it sees where arrays are those of `spec`.

        Raises
        ------
        SpecMismatch
            If it needs arrays with a time axis and these have none.
        """
        if spec is None or self.sound is None:
            return self.inputs
        if len(spec.shape) == 1 and not self.statistics:
            raise SpecMismatch(
                f"The model {self.name!r} needs arrays with a time axis; those of this spec are {spec.shape[0]} numbers"
                " a track. Models for such are ridge_stats and hgb_stats."
            )
        return tuple(spec.kind if kind == self.sound else kind for kind in self.inputs)

    def assemble(
        self, config: Any, preparation: "Preparation", n_targets: int, parents: Mapping[str, "nn.Module"]
    ) -> "nn.Module":
        """Build the model for inputs that are prepared so, on its parents if it has some."""
        pretrained = {"parents": parents, "scalers": preparation.scalers} if self.parents else {}
        return self.build(config, preparation.shapes, n_targets, **pretrained)

    @property
    def family(self) -> str:
        """``"network"`` if trained by gradient steps, else ``"baseline"``."""
        return "baseline" if self.train is None else "network"

    def configure(self, settings: Mapping[str, object]) -> tuple[Any, TrainConfig | None]:
        """The config of the model and that of its training, with `settings` in place of defaults.

        Raises
        ------
        ConfigError
            If a setting is unknown or its value does not fit.
        """
        if self.train is None:
            return apply_overrides(settings, self.config())[0], None
        config, train = apply_overrides(settings, self.config(), self.train)
        return config, train


_ENTRIES: dict[str, ModelEntry] = {}


def register(
    name: str,
    *,
    config: type,
    inputs: tuple[str, ...],
    description: str,
    train: TrainConfig | None = None,
    fit: Fit | None = None,
    statistics: bool = False,
    parents: Mapping[str, str] | None = None,
    initialise: Initialise | None = None,
    question: str | None = None,
) -> Callable[[Build], Build]:
    """Make the decorated builder known as the model `name`; see :class:`ModelEntry`.

    Raises
    ------
    ConfigError
        If the name is taken, a kind of input or the question does not exist,
        `config` and `train` share a name, or not exactly one of `train` and
        `fit` is given.
    """
    if name in _ENTRIES:
        raise ConfigError(f"There is a model {name!r} already; the names taken are {', '.join(sorted(_ENTRIES))}.")
    if unknown := set(inputs) - set(KINDS):
        raise ConfigError(f"The model {name!r} asks for {', '.join(unknown)}; inputs are {', '.join(KINDS)}.")
    if question is not None and question not in QUESTIONS:
        raise ConfigError(f"The model {name!r} answers {question!r}; questions are {', '.join(QUESTIONS)}.")
    if (train is None) == (fit is None):
        raise ConfigError(f"The model {name!r} needs either defaults for its training or a fitter of its own.")
    if shared := {one.name for one in fields(config)} & {one.name for one in fields(TrainConfig)}:
        raise ConfigError(f"The model {name!r} calls a setting {', '.join(shared)}, as its training does.")

    def add(build: Build) -> Build:
        _ENTRIES[name] = ModelEntry(
            name=name,
            description=description,
            inputs=inputs,
            config=config,
            train=train,
            fit=fit,
            build=build,
            statistics=statistics,
            parents=parents or {},
            initialise=initialise,
            question=question,
        )
        return build

    return add


def entries() -> tuple[ModelEntry, ...]:
    """Every model: the mean first, then the other ones without a network, then the networks, each by name."""
    import songfeat.models  # noqa: F401 - registers them

    return tuple(sorted(_ENTRIES.values(), key=lambda entry: (entry.family, bool(entry.inputs), entry.name)))


def get(name: str) -> ModelEntry:
    """The model of that name.

    Raises
    ------
    UnknownName
        If there is none; the message lists the choices.
    """
    known = {entry.name: entry for entry in entries()}
    if name not in known:
        raise UnknownName("model", name, known)
    return known[name]
