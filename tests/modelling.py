"""Small sets of examples for the tests of models, with something in them to learn."""

from dataclasses import replace

import numpy as np
import pandas as pd
import torch

from songfeat import registry
from songfeat.examples import Examples
from songfeat.labels import FEATURES, NUMERIC_INPUTS, TARGETS
from songfeat.registry import ModelEntry
from songfeat.specs import REPORT_SPEC, LogMelSpec, Spec
from songfeat.training import TrainedModel, train_model

# Networks this small only wait for one another where tests share the processor.
torch.set_num_threads(1)

SMALL_SPEC = replace(REPORT_SPEC, n_mfcc=6, n_frames=12)
SMALL_LOGMEL = LogMelSpec(n_mels=6, n_frames=12)
TWO = TARGETS[:2]


def random_numeric(rng: np.random.Generator, n: int) -> pd.DataFrame:
    columns = {}
    for name in NUMERIC_INPUTS:
        feature = FEATURES[name]
        values = rng.uniform(feature.low, feature.high, n)
        columns[name] = values.round() if feature.whole else values
    return pd.DataFrame(columns)


def random_metadata(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """With gaps; of the genres one is rare."""
    genres = rng.choice(["pop", "deep house", "bebop", None], n, p=[0.5, 0.3, 0.1, 0.1])
    columns = {
        "liveness": rng.uniform(0, 1, n),
        "duration_s": rng.uniform(60, 400, n),
        "popularity": np.where(rng.random(n) < 0.3, np.nan, rng.integers(0, 100, n)),
        "year": np.where(rng.random(n) < 0.7, np.nan, rng.integers(1960, 2020, n)),
        "genre_group": [None if genre is None else "pop" for genre in genres],
        "genre": genres,
    }
    return pd.DataFrame(columns)


def make_examples(n: int = 60, *, seed: int = 0, targets: tuple[str, ...] = TARGETS) -> Examples:
    """Tracks with numeric inputs, MFCCs and spectrograms, from each of which every target can be told.

    The arrays of both kinds are the same.
    """
    rng = np.random.default_rng(seed)
    index = pd.Index([f"demo:{number}" for number in range(n)], name="track_id")
    wanted = rng.uniform(0.05, 0.95, (n, len(targets)))
    numeric = random_numeric(rng, n).set_index(index)
    for name, column in zip(("valence", "loudness"), wanted.T, strict=False):
        low, high = FEATURES[name].low, FEATURES[name].high
        numeric[name] = low + (high - low) * column
    mfcc = rng.normal(0, 5, (n, *SMALL_SPEC.shape))
    for channel in range(min(len(targets), SMALL_SPEC.n_mfcc)):
        mfcc[:, channel] += 100 * wanted[:, channel, np.newaxis]
    return Examples(
        tracks=pd.DataFrame({"artist": [f"artist {number % 10}" for number in range(n)], "genre": ""}, index=index),
        targets=pd.DataFrame(wanted, index=index, columns=list(targets)),
        numeric=numeric,
        metadata=random_metadata(rng, n).set_index(index),
        arrays=dict.fromkeys(("mfcc", "logmel"), mfcc.astype(np.float32)),
    )


def make_parts(examples: Examples) -> pd.Series:
    """Of every five tracks in a row three to train, one to tune and one to test."""
    names = ("train", "train", "val", "train", "test")
    return pd.Series([names[number % 5] for number in range(len(examples))], index=examples.tracks.index)


def small_spec(entry: ModelEntry) -> Spec:
    """Of the arrays of :func:`make_examples` that a model sees unless told otherwise."""
    return SMALL_LOGMEL if entry.sound == "logmel" else SMALL_SPEC


def quick(entry: ModelEntry, **settings: object) -> dict[str, object]:
    """Settings under which a model is trained in no time; none for a model without gradient steps."""
    return {} if entry.train is None else {"epochs": 2, "min_steps": 2, **settings}


def train_quickly(
    entry: ModelEntry, *, seed: int = 0, targets: tuple[str, ...] | None = None, **settings: object
) -> TrainedModel:
    targets = targets or entry.default_targets
    examples = make_examples(targets=targets)
    return train_model(
        entry.name,
        examples,
        make_parts(examples),
        targets=targets,
        spec=small_spec(entry),
        settings=quick(entry, **settings),
        seed=seed,
        parents=parents_of(entry, targets),
    )


def parents_of(entry: ModelEntry, targets: tuple[str, ...] = TARGETS) -> dict[str, TrainedModel]:
    """Trained models for one to stand on, by role; none for most."""
    networks = {"mfcc": "lstm_multitask", "numeric": "numeric_mlp"}
    return {role: train_quickly(registry.get(networks[kind]), targets=targets) for role, kind in entry.parents.items()}
