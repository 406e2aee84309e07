"""The loop that trains networks; it knows nothing of files, databases or pages."""

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from songfeat.batches import Batch, answer
from songfeat.errors import ConfigError
from songfeat.training_config import TrainConfig
from songfeat.training_state import EpochRecord, TrainingState

_LOSSES: dict[str, Callable[..., Tensor]] = {"mse": functional.mse_loss, "smooth_l1": functional.smooth_l1_loss}


class Loss:
    """The mean loss over known values, in units of each target's deviation over the training part if so configured."""

    def __init__(self, config: TrainConfig, targets: Tensor) -> None:
        self.function = _LOSSES[config.loss]
        known = targets.double()
        deviation = (known - known.nanmean(dim=0)).square().nanmean(dim=0).sqrt().float()
        self.unit = deviation.where(deviation > 0, 1.0) if config.balance_targets else torch.ones_like(deviation)

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        known = ~targets.isnan()
        # An unknown value is taken to be as answered: no loss and no gradient, where NaN times 0 would be NaN.
        wanted = targets.where(known, answers.detach())
        return self.function(answers / self.unit, wanted / self.unit, reduction="sum") / known.sum()


def fit(
    model: nn.Module,
    train: Batch,
    val: Batch,
    config: TrainConfig,
    *,
    seed: int = 0,
    on_epoch: Callable[[EpochRecord], None] | None = None,
    on_state: Callable[[TrainingState], None] | None = None,
    resume: TrainingState | None = None,
) -> tuple[EpochRecord, ...]:
    """Train a network until its validation loss no longer falls, and leave it with its best weights.

    The same model, data, config and seed give the same weights, bit for bit on
    one machine, also if the training was stopped between two epochs and goes
    on from its state. The caller's random numbers are left alone.

    Parameters
    ----------
    model : torch.nn.Module
        Changed in place. Also when this function raises, it has the best weights so far.
    train, val : Batch
        The weights follow `train`; `val` says when the learning rate falls and when to stop.
    config : TrainConfig
    seed : int
        Of the order of tracks and of dropout.
    on_epoch : callable, optional
        Told of each epoch; whatever it raises ends the training.
    on_state : callable, optional
        Given the state after each epoch, before `on_epoch`.
    resume : TrainingState, optional
        Go on from there.

    Returns
    -------
    tuple of EpochRecord
        All epochs, those before `resume` included.

    Raises
    ------
    ConfigError
        If the loss is no longer a number, or `resume` is of another training.
    """
    with _threads(config.threads), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        training = _Training(model, train, val, config, seed)
        if resume is not None:
            training.restore(resume)
        try:
            while not training.is_over:
                record = training.run_epoch()
                if on_state is not None:
                    on_state(training.state())
                if on_epoch is not None:
                    on_epoch(record)
        finally:
            model.load_state_dict(training.best_weights)
            model.eval()
        return tuple(training.history)


@contextmanager
def _threads(at_most: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(min(at_most, before))
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Training:
    """A training under way."""

    def __init__(self, model: nn.Module, train: Batch, val: Batch, config: TrainConfig, seed: int) -> None:
        self.model, self.train, self.val, self.config, self.seed = model, train, val, config, seed
        self.loss = Loss(config, train.targets)
        self.optimizer = torch.optim.Adam(
            model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
        )
        self.scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
            self.optimizer, factor=config.plateau_factor, patience=config.plateau_patience
        )
        self.shuffle = torch.Generator().manual_seed(seed)
        self.history: list[EpochRecord] = []
        self.best_weights = copy.deepcopy(model.state_dict())

    @property
    def best_epoch(self) -> int:
        """The epoch of the smallest validation loss, 0 before the first."""
        return max((record.epoch for record in self.history if record.is_best), default=0)

    @property
    def is_over(self) -> bool:
        done = len(self.history)
        return done >= self.config.epochs or done - self.best_epoch >= self.config.patience

    def run_epoch(self) -> EpochRecord:
        started = time.perf_counter()
        learning_rate = self.optimizer.param_groups[0]["lr"]
        train_loss = self._learn()
        val_loss, val_mae = self._judge()
        is_best = val_loss < min((record.val_loss for record in self.history), default=math.inf)
        if is_best:
            self.best_weights = copy.deepcopy(self.model.state_dict())
        self.scheduler.step(val_loss)
        record = EpochRecord(
            epoch=len(self.history) + 1,
            train_loss=train_loss,
            val_loss=val_loss,
            val_mae=val_mae,
            learning_rate=learning_rate,
            seconds=time.perf_counter() - started,
            is_best=is_best,
        )
        self.history.append(record)
        return record

    def _learn(self) -> float:
        self.model.train()
        total = 0.0
        for batch in self._shuffled():
            self.optimizer.zero_grad()
            loss = self.loss(self.model(batch.inputs), batch.targets)
            self._check(loss)
            loss.backward()
            if self.config.grad_clip:
                nn.utils.clip_grad_norm_(self.model.parameters(), self.config.grad_clip)
            self.optimizer.step()
            total += loss.item() * len(batch)
        return total / len(self.train)

    def _shuffled(self) -> Iterator[Batch]:
        order = torch.randperm(len(self.train), generator=self.shuffle)
        batch_size = min(self.config.batch_size, math.ceil(len(order) / self.config.min_steps))
        return (self.train.select(rows) for rows in order.split(batch_size))

    def _judge(self) -> tuple[float, dict[str, float]]:
        answers = answer(self.model, self.val.inputs, self.config.batch_size)
        loss = self.loss(answers, self.val.targets)
        self._check(loss)
        errors = (answers - self.val.targets).abs().nanmean(dim=0).tolist()
        return loss.item(), {
            name: error for name, error in zip(self.val.names, errors, strict=True) if not math.isnan(error)
        }

    def _check(self, loss: Tensor) -> None:
        if not math.isfinite(loss.item()):
            rate = self.optimizer.param_groups[0]["lr"]
            raise ConfigError(
                f"The loss became {loss.item()} in epoch {len(self.history) + 1} at a learning rate of {rate:g}. "
                f"Try a learning_rate of {rate / 10:g}, or a smaller grad_clip than {self.config.grad_clip:g}."
            )

    def state(self) -> TrainingState:
        """A copy of all that the next epoch depends on."""
        optimizer = copy.deepcopy(self.optimizer.state_dict())
        return TrainingState(
            config=self.config,
            seed=self.seed,
            history=tuple(self.history),
            weights=copy.deepcopy(self.model.state_dict()),
            best_weights=self.best_weights,
            moments={
                f"{number}.{name}": tensor
                for number, moments in optimizer["state"].items()
                for name, tensor in moments.items()
            },
            parameter_groups=optimizer["param_groups"],
            scheduler=dict(self.scheduler.state_dict()),
            random={"shuffle": self.shuffle.get_state(), "torch": torch.get_rng_state()},
        )

    def restore(self, state: TrainingState) -> None:
        """Go back to a state."""
        state.check(self.config, self.seed, self.model.state_dict())
        self.model.load_state_dict(state.weights)
        moments: dict[int, dict[str, Tensor]] = {}
        for key, tensor in state.moments.items():
            number, name = key.split(".")
            moments.setdefault(int(number), {})[name] = tensor.clone()
        self.optimizer.load_state_dict({"state": moments, "param_groups": state.parameter_groups})
        self.scheduler.load_state_dict(copy.deepcopy(state.scheduler))
        self.shuffle.set_state(state.random["shuffle"])
        torch.set_rng_state(state.random["torch"])
        self.history = list(state.history)
        self.best_weights = copy.deepcopy(state.best_weights)
