"""Predictions of a trained LSTM for clips whose MFCCs are there, against one forward pass over them all."""

import numpy as np
import pandas as pd
import torch

from benchmarks.timing import compare
from songfeat.examples import Examples
from songfeat.labels import TARGETS
from songfeat.predictor import Predictor
from songfeat.specs import REPORT_SPEC
from songfeat.training import train_model

CLIPS = 1_000
ROUNDS = 7
KIND = REPORT_SPEC.kind
_TO_TRAIN = 50


def run() -> dict[str, object]:
    examples = _examples(CLIPS)
    torch.set_num_threads(1)
    few = examples.select(np.arange(CLIPS) < _TO_TRAIN)
    parts = pd.Series(["train", "val"] * (_TO_TRAIN // 2), index=few.tracks.index)
    trained = train_model("lstm_multitask", few, parts, targets=TARGETS, spec=REPORT_SPEC, settings={"epochs": 1})
    predictor, stacked = Predictor(trained), torch.from_numpy(examples.arrays[KIND])
    return compare(
        lambda: predictor.predict(examples),
        lambda: _forward(trained.model, stacked),
        rounds=ROUNDS,
        what=f"answers of lstm_multitask for {CLIPS:,} clips by track and target, against one bare forward pass",
    )


def _examples(count: int) -> Examples:
    random = np.random.default_rng(0)
    index = pd.Index([f"bench:{number}" for number in range(count)], name="track_id")
    return Examples(
        tracks=pd.DataFrame({"artist": "", "genre": ""}, index=index),
        targets=pd.DataFrame(random.uniform(0, 1, (count, len(TARGETS))), index=index, columns=list(TARGETS)),
        arrays={KIND: random.normal(0, 1, (count, *REPORT_SPEC.shape)).astype(np.float32)},
    )


@torch.inference_mode()
def _forward(network: torch.nn.Module, stacked: torch.Tensor) -> torch.Tensor:
    answers: torch.Tensor = network.eval()({KIND: stacked})
    return answers
