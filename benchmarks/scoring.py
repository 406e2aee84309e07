"""Scores with intervals of a million predictions, against NumPy's means of the same errors in one pass."""

import numpy as np
import pandas as pd

from benchmarks.timing import compare
from songfeat import metrics
from songfeat.labels import TARGETS

PREDICTIONS = 1_000_000
DRAWS = 1_000
_TRACKS_AN_ARTIST = 7


def run() -> dict[str, object]:
    n = PREDICTIONS // len(TARGETS)
    random = np.random.default_rng(0)
    index = pd.Index(np.char.add("bench:", np.arange(n).astype(str)), name="track_id")
    reference = pd.DataFrame(random.uniform(0, 1, (n, len(TARGETS))), index=index, columns=list(TARGETS))
    predicted = (reference + random.normal(0, 0.1, reference.shape)).clip(0, 1)
    artists = pd.Series(np.char.add("artist ", (np.arange(n) // _TRACKS_AN_ARTIST).astype(str)), index=index)
    return compare(
        lambda: metrics.evaluate(predicted, reference, artists=artists, draws=DRAWS),
        lambda: np.abs(predicted.to_numpy() - reference.to_numpy()).mean(axis=0),
        rounds=3,
        what=f"scores of {PREDICTIONS:,} predictions with {DRAWS:,} draws by artist, against their mean errors alone",
    )
