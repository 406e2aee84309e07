"""Several processes that train one model together, as ``torchrun`` starts them.

Each process holds the same data and takes its share of the rows of each step.
Gradients are summed over the processes, so that a step is the one that a
single process would take on the whole batch, but for rounding and for dropout.
Where there is one process, nothing here does anything.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import Tensor, distributed, nn

from songfeat.errors import ConfigError, SongfeatError

# The others wait while the first one waits for its turn; one that has died is noticed without this.
_PATIENCE = timedelta(days=7)


class ProcessLost(SongfeatError):  # noqa: N818 - it names what is wrong
    """One of the processes that train together has ended before the training did."""


@contextmanager
def group() -> Iterator[None]:
    """Join the processes that ``torchrun`` has started, and leave them at the end; one process joins nothing.

    Raises
    ------
    ConfigError
        If the environment promises several processes, but does not say how to find them.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    where = device()
    if where.type == "cuda":
        torch.cuda.set_device(where)
    try:
        distributed.init_process_group("nccl" if where.type == "cuda" else "gloo", timeout=_PATIENCE)
    except ValueError as error:
        raise ConfigError(
            f"WORLD_SIZE is {os.environ['WORLD_SIZE']}, but the processes cannot find each other: {error}. "
            "Start them with torchrun, or unset WORLD_SIZE."
        ) from error
    try:
        yield
        # Nobody leaves while another may still speak to it: a connection that is torn down under way ends a process.
        total(torch.zeros(1))
    finally:
        distributed.destroy_process_group()


def _joined() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def rank() -> int:
    """The number of this process, from 0."""
    return distributed.get_rank() if _joined() else 0


def world_size() -> int:
    """How many processes train together."""
    return distributed.get_world_size() if _joined() else 1


def device() -> torch.device:
    """Where this process computes: on the GPU of its number on this machine if there are GPUs, else on the CPU."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))


@contextmanager
def _in_touch() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise ProcessLost(
            f"Another process of this training has ended, so that this one cannot go on: {error}"
        ) from error


def share(text: str) -> str:
    """What the first process gives here, in every process."""
    if world_size() == 1:
        return text
    content = torch.frombuffer(bytearray(text.encode()) or bytearray(1), dtype=torch.uint8)
    size = torch.tensor([len(text.encode())], device=device())
    with _in_touch():
        distributed.broadcast(size, 0)
        room = content.to(device()) if rank() == 0 else content.new_empty(max(1, int(size)), device=device())
        distributed.broadcast(room, 0)
    return bytes(room.cpu().numpy()[: int(size)]).decode()


def total(values: Tensor) -> Tensor:
    """The sum over the processes, the same bit for bit in each."""
    if world_size() == 1:
        return values
    summed = values.detach().to(device(), copy=True)
    with _in_touch():
        distributed.all_reduce(summed)
    return summed.to(values.device)


def share_of(rows: Tensor) -> tuple[Tensor, int]:
    """Which rows of a step are this process's, and their weight.

    Where there are fewer rows than processes, those left over take the first
    row with the weight 0, so that all compute the same and wait for no one.
    """
    if world_size() == 1:
        return rows, 1
    own = rows.tensor_split(world_size())[rank()]
    return (own, 1) if len(own) else (rows[:1], 0)


def sum_gradients(model: nn.Module, loss: Tensor) -> float:
    """Replace each gradient by its sum over the processes; gives the sum of their losses."""
    if world_size() == 1:
        return loss.item()
    gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
    # One message of all: the time goes into the number of messages, not into their length.
    summed = total(torch.cat([loss.detach().reshape(1), *(gradient.flatten() for gradient in gradients)]))
    parts = summed[1:].split([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))
    return summed[0].item()


@contextmanager
def together() -> Iterator[None]:
    """What one process alone does while the others wait; if it fails, all stop.

    Raises
    ------
    ProcessLost
        In those that did not fail themselves.
    """
    if world_size() == 1:
        yield
        return
    try:
        yield
    except BaseException:
        total(torch.ones(1))
        raise
    if total(torch.zeros(1)).item():
        raise ProcessLost("Another process of this training was stopped, so that this one stops too.")
