"""A training epoch of the LSTM, against a bare PyTorch loop over the same batches."""

import torch
from torch import nn

from benchmarks.timing import compare
from songfeat import registry
from songfeat.batches import Batch
from songfeat.labels import TARGETS
from songfeat.specs import REPORT_SPEC
from songfeat.training_loop import fit

CLIPS = 4_000
BATCH_SIZE = 32
THREADS = 1


def run() -> dict[str, object]:
    train, val = _clips(CLIPS), _clips(BATCH_SIZE)
    entry = registry.get("lstm_multitask")
    settings: dict[str, object] = {
        "epochs": 1, "batch_size": BATCH_SIZE, "min_steps": 1, "threads": THREADS,
    }  # fmt: skip
    config, train_config = entry.configure(settings)
    assert train_config is not None

    def build() -> nn.Module:
        return entry.build(config, {"mfcc": REPORT_SPEC.shape}, len(TARGETS))

    torch.set_num_threads(THREADS)
    fit(build(), val, val, train_config)  # loads what PyTorch loads when it is first used
    return compare(
        lambda: fit(build(), train, val, train_config),
        lambda: _bare(build(), train),
        rounds=5,
        what=f"an epoch of lstm_multitask on {CLIPS:,} clips, against a bare loop over the same batches",
    )


def _clips(count: int) -> Batch:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(count, *REPORT_SPEC.shape, generator=generator)
    return Batch(inputs={"mfcc": inputs}, targets=torch.rand(count, len(TARGETS), generator=generator), names=TARGETS)


def _bare(model: nn.Module, train: Batch) -> None:
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    for rows in torch.randperm(len(train)).split(BATCH_SIZE):
        optimizer.zero_grad()
        answers = model({"mfcc": train.inputs["mfcc"][rows]})
        nn.functional.smooth_l1_loss(answers, train.targets[rows]).backward()
        optimizer.step()
