"""All that a training is between two epochs: enough to go on later as if nothing had happened."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from songfeat import tensor_files
from songfeat.errors import CheckpointError, ConfigError
from songfeat.training_config import TrainConfig, config_from_dict


@dataclass(frozen=True, kw_only=True)
class EpochRecord:
    """What one epoch brought.

    Attributes
    ----------
    epoch : int
        From 1.
    train_loss, val_loss : float
        The former is the mean over the epoch's steps, while the weights change.
    val_mae : dict of str to float
        Mean absolute error by target, for targets with a known value in the validation part.
    learning_rate : float
        The one that the epoch was trained with.
    seconds : float
    is_best : bool
        Whether no epoch before had as small a validation loss.
    """

    epoch: int
    train_loss: float
    val_loss: float
    val_mae: dict[str, float]
    learning_rate: float
    seconds: float
    is_best: bool


@dataclass(frozen=True, kw_only=True)
class TrainingState:
    """A training between two epochs.

    Attributes
    ----------
    config : TrainConfig
    seed : int
    history : tuple of EpochRecord
        One for each epoch that is done.
    weights, best_weights : dict of str to Tensor
        Those after the last epoch, and those of the smallest validation loss.
    moments : dict of str to Tensor
        The optimiser's tensors, by ``"<parameter number>.<name>"``.
    parameter_groups, scheduler : list, dict
        The plain numbers of the optimiser and of the learning-rate schedule.
    random : dict of str to Tensor
        The states of the random generators, by name.
    """

    config: TrainConfig
    seed: int
    history: tuple[EpochRecord, ...]
    weights: dict[str, Tensor]
    best_weights: dict[str, Tensor]
    moments: dict[str, Tensor]
    parameter_groups: list[dict[str, Any]]
    scheduler: dict[str, Any]
    random: dict[str, Tensor]

    def save(self, path: Path) -> None:
        """Write to a file, whole or not at all."""
        tensors = {f"{part}/{name}": tensor for part in _TENSORS for name, tensor in getattr(self, part).items()}
        description = {
            "config": asdict(self.config),
            "seed": self.seed,
            "history": [asdict(record) for record in self.history],
            "parameter_groups": self.parameter_groups,
            "scheduler": self.scheduler,
        }
        tensor_files.write(path, tensors, description)

    @classmethod
    def load(cls, path: Path) -> "TrainingState":
        """What :meth:`save` wrote.

        Raises
        ------
        CheckpointError
            If the file is missing, damaged or no state of a training.
        """
        tensors, description = tensor_files.read(path)
        fields: dict[str, Any] = {**description, **{part: {} for part in _TENSORS}}
        try:
            for key, tensor in tensors.items():
                part, _, name = key.partition("/")
                fields[part][name] = tensor
            fields["config"] = config_from_dict(TrainConfig, description["config"])
            fields["history"] = tuple(EpochRecord(**record) for record in description["history"])
            return cls(**fields)
        except (KeyError, TypeError, ConfigError) as error:
            raise CheckpointError(f"{path} holds no state of a training that can be read: {error}.") from error

    def check(self, config: TrainConfig, seed: int, weights: Mapping[str, Tensor]) -> None:
        """Refuse to go on with another training than this one.

        Raises
        ------
        ConfigError
            If the settings, the seed or the model differ.
        """
        if (self.config, self.seed) != (config, seed):
            raise ConfigError(
                f"The training to go on with was started as {self.config} with seed {self.seed}; "
                f"it cannot become {config} with seed {seed}."
            )
        before, now = ({name: tuple(tensor.shape) for name, tensor in part.items()} for part in (self.weights, weights))
        if before != now:
            raise ConfigError(f"The training to go on with is of another model: its weights are {before}, not {now}.")


_TENSORS = ("weights", "best_weights", "moments", "random")
