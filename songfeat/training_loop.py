"""The loop that trains networks; it knows nothing of files, databases or pages."""

import copy
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from songfeat import distributed
from songfeat.batches import Batch, answer
from songfeat.errors import ConfigError
from songfeat.losses import Loss
from songfeat.sampling import density_weights
from songfeat.synchronised_norm import synchronised
from songfeat.training_config import TrainConfig
from songfeat.training_state import EpochRecord, TrainingState


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

    It is trained on a GPU if there is one, and is in the memory of the CPU
    again at the end. Among several processes (see
    :mod:`songfeat.distributed`), all of which must call this with the same
    data, each takes its share of every step, and all end with the same
    weights. Those are the weights of one process, but for rounding, and for
    dropout: there the first process draws what a single one would, each other
    one something of its own.

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
        If the loss is no longer a number or cannot be taken of such answers, or `resume` is of another training.
    ProcessLost
        If another process that trains with this one has stopped.
    """
    device = distributed.device()
    with _threads(config.threads), torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        training = _Training(model.to(device), train, val, config, seed)
        try:
            if resume is not None:
                training.restore(resume)
            while not training.is_over:
                record = training.run_epoch()
                with distributed.together():
                    if on_state is not None:
                        on_state(training.state())
                    if on_epoch is not None:
                        on_epoch(record)
        finally:
            model.cpu().load_state_dict(training.best_weights)
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


def _copied(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().to("cpu", copy=True) for name, tensor in weights.items()}


class _Training:
    """A training under way."""

    def __init__(self, model: nn.Module, train: Batch, val: Batch, config: TrainConfig, seed: int) -> None:
        self.model, self.train, self.val, self.config, self.seed = model, train, val, config, seed
        self.device = distributed.device()
        self.loss = Loss(config, train)
        # In NumPy, whose small steps cost a tenth of PyTorch's.
        self.known = (~train.targets.isnan()).sum(dim=1).numpy()
        self.odds = density_weights(train.targets) if config.sampling == "density" else None
        self.optimizer = torch.optim.Adam(
            model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
        )
        self.scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
            self.optimizer, factor=config.plateau_factor, patience=config.plateau_patience
        )
        self.shuffle = torch.Generator().manual_seed(seed)
        self.history: list[EpochRecord] = []
        self.best_weights = _copied(model.state_dict())

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
            self.best_weights = _copied(self.model.state_dict())
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
        self._seed_dropout()
        total = 0.0
        with synchronised(self.model) as step:
            for rows in self._order().split(self._batch_size()):
                self.optimizer.zero_grad()
                own, weight = distributed.share_of(rows)
                step.rows, step.weight = len(rows), weight
                batch = self.train.select(own).to(self.device)
                part = weight / int(self.known[rows.numpy()].sum())
                loss = self.loss.total(self.model(batch.inputs), batch.targets) * part
                loss.backward()
                mean = distributed.sum_gradients(self.model, loss)
                self._check(mean)
                if self.config.grad_clip:
                    nn.utils.clip_grad_norm_(self.model.parameters(), self.config.grad_clip)
                self.optimizer.step()
                total += mean * len(rows)
        return total / len(self.train)

    def _seed_dropout(self) -> None:
        """Bring random numbers that no state knows to where they are at the start of this epoch, however it began."""
        if distributed.rank() or self.device.type == "cuda":
            entropy = [self.seed % 2**64, len(self.history), distributed.rank()]
            torch.manual_seed(int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0]))

    def _order(self) -> Tensor:
        """The rows of an epoch in the order in which they are learnt from."""
        count = len(self.train)
        if self.odds is None:
            return torch.randperm(count, generator=self.shuffle)
        return torch.multinomial(self.odds, count, replacement=True, generator=self.shuffle)

    def _batch_size(self) -> int:
        return min(self.config.batch_size, math.ceil(len(self.train) / self.config.min_steps))

    def _judge(self) -> tuple[float, dict[str, float]]:
        own = self.val.part(distributed.rank(), distributed.world_size())
        sums = torch.zeros(1 + len(self.val.names), dtype=torch.float64)
        if len(own):
            answers = answer(self.model, own.inputs, self.config.batch_size, self.device)
            sums[0] = self.loss.total(answers, own.targets)
            sums[1:] = (answers - own.targets).abs().nansum(dim=0)
        loss, *errors = distributed.total(sums).tolist()
        counts = (~self.val.targets.isnan()).sum(dim=0).tolist()
        loss /= sum(counts)
        self._check(loss)
        return loss, {
            name: error / count for name, error, count in zip(self.val.names, errors, counts, strict=True) if count
        }

    def _check(self, loss: float) -> None:
        if not math.isfinite(loss):
            rate = self.optimizer.param_groups[0]["lr"]
            raise ConfigError(
                f"The loss became {loss} in epoch {len(self.history) + 1} at a learning rate of {rate:g}. "
                f"Try a learning_rate of {rate / 10:g}, or a smaller grad_clip than {self.config.grad_clip:g}."
            )

    def state(self) -> TrainingState:
        """A copy of all that the next epoch depends on."""
        optimizer = copy.deepcopy(self.optimizer.state_dict())
        return TrainingState(
            config=self.config,
            seed=self.seed,
            history=tuple(self.history),
            weights=_copied(self.model.state_dict()),
            best_weights=self.best_weights,
            moments={
                f"{number}.{name}": tensor.cpu()
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
