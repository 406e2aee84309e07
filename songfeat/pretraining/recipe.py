"""From training clips to the pretrained model, and how close it comes to artists that it has not seen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from songfeat import metrics
from songfeat.genres import genre_group
from songfeat.intervals import Intervals
from songfeat.labels import ALL_TARGETS, SHAPES
from songfeat.log_odds import from_log_odds, to_log_odds
from songfeat.pretrained.model import LIMIT, PretrainedModel, nearest_distance
from songfeat.pretraining.clips import N_PARTS, TrainingClips
from songfeat.pretraining.learners import KERNEL_WIDTH, fit_kernel, fit_networks

FOLDS = 5
_SEEDS = 6
_USUAL = 0.99
_ABOVE = {"skewed": 0.33, "two-sided": 0.5}  # what is rap or talk; what is rather so than not
_LOW_TRUST_BELOW = 0.5  # of the lower end of Pearson's interval

Notice = Callable[[int, int, str], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """A model with what was measured on artists left out of its training.

    Attributes
    ----------
    model : PretrainedModel
    scores : pandas.DataFrame
        As :func:`songfeat.metrics.evaluate` gives them, with ``median_value``, what always answering
        the training part's median would score.
    coverage : dict of str to float
        By target, the share of values inside their interval.
    auc : dict of str to dict
        For targets that are mostly near 0: ``above``, a value; ``auc``, how
        often a song above it is predicted higher than one that is not; and
        ``songs``, how many are above it.
    """

    model: PretrainedModel
    scores: pd.DataFrame
    coverage: dict[str, float]
    auc: dict[str, dict[str, float]]


def train(clips: TrainingClips, about: dict[str, Any], notice: Notice) -> Trained:
    """Cross-validate by artist, calibrate the intervals on what that gave, and train on all clips.

    Parameters
    ----------
    clips : TrainingClips
    about : dict
        What the model's description should say beside its scores: version, descriptors' digest, provenance.
    notice : callable
        Gets done, total and a note at each step.
    """
    left_out, constant = np.full((2, *clips.targets.shape), np.nan)
    fold_of = folds(clips)
    for fold in range(FOLDS):
        notice(fold, FOLDS + 1, "cross-validating by artist")
        learn, ask = fold_of != fold, fold_of == fold
        fitted = _fit(clips.part(learn))
        asked = clips.part(ask)
        left_out[ask] = fitted.log_odds(fitted.scaled(asked.descriptors[:, 0]))
        constant[ask] = np.median(clips.targets[learn & clips.labelled], axis=0)
    notice(FOLDS, FOLDS + 1, "training on all clips")
    known = clips.labelled
    intervals = Intervals.fit(left_out[known], to_log_odds(clips.targets[known]))
    inside = _coverage(left_out[known], to_log_odds(clips.targets[known]), fold_of[known])
    coverage = dict(zip(ALL_TARGETS, inside, strict=True))
    scores = _scores(clips, from_log_odds(left_out), constant)
    auc = _auc(clips.targets[known], left_out[known])
    fitted = _fit(clips)
    meaning = {**fitted.meaning, **about, **_summary(scores, coverage), "auc": auc}
    notice(FOLDS + 1, FOLDS + 1, "training on all clips")
    model = PretrainedModel({**fitted.tensors, **intervals.tensors()}, meaning)
    return Trained(model=model, scores=scores, coverage=coverage, auc=auc)


def folds(clips: TrainingClips) -> np.ndarray:
    """The fold of each clip, all clips of an artist in the same: artists in a shuffled order take turns."""
    artists = np.unique(clips.about["artist"].astype(str))
    np.random.default_rng(0).shuffle(artists)
    place = {artist: number % FOLDS for number, artist in enumerate(artists)}
    return clips.about["artist"].map(place).to_numpy()


def _fit(clips: TrainingClips) -> PretrainedModel:
    flat = clips.descriptors.reshape(-1, clips.descriptors.shape[2])
    mean, deviation = flat.mean(axis=0), flat.std(axis=0) + 1e-6
    scaled = np.clip((flat - mean) / deviation, -LIMIT, LIMIT)
    log_odds = np.repeat(to_log_odds(clips.targets), N_PARTS, axis=0)
    weights = np.repeat(clips.about["weight"].to_numpy(dtype=float), N_PARTS)
    tensors = {"mean": mean, "deviation": deviation, **fit_kernel(scaled, log_odds, weights)}
    tensors.update(fit_networks(scaled, log_odds, weights, seeds=_SEEDS))
    meaning = {
        "targets": list(ALL_TARGETS),
        "gamma": KERNEL_WIDTH / len(mean),
        "unusual_from": _usual_distance(clips, mean, deviation),
    }
    return PretrainedModel(
        {name: values.astype(np.float32) if values.dtype == np.float16 else values for name, values in tensors.items()},
        meaning,
    )


def _usual_distance(clips: TrainingClips, mean: np.ndarray, deviation: np.ndarray) -> float:
    """How far whole clips are from the nearest part of another artist's clip, in 99 of 100 cases."""
    scaled = np.clip((clips.descriptors - mean) / deviation, -LIMIT, LIMIT)
    artists = clips.about["artist"].to_numpy()
    distances = [
        nearest_distance(scaled[[place], 0], scaled[artists != artist].reshape(-1, scaled.shape[2]))[0]
        for place, artist in enumerate(artists)
    ]
    return float(np.quantile(distances, _USUAL))


def _coverage(log_odds: np.ndarray, wanted: np.ndarray, fold_of: np.ndarray) -> np.ndarray:
    """The share of values inside their interval, where the intervals come from the other folds."""
    inside = np.zeros(wanted.shape, dtype=bool)
    for fold in range(FOLDS):
        others, own = fold_of != fold, fold_of == fold
        low, high = Intervals.fit(log_odds[others], wanted[others]).around(log_odds[own])
        inside[own] = (wanted[own] >= low) & (wanted[own] <= high)
    share: np.ndarray = inside.mean(axis=0)
    return share


def _auc(values: np.ndarray, predicted: np.ndarray) -> dict[str, dict[str, float]]:
    from sklearn.metrics import roc_auc_score

    found: dict[str, dict[str, float]] = {}
    for place, name in enumerate(ALL_TARGETS):
        threshold = _ABOVE.get(SHAPES[name])
        above = values[:, place] > (threshold or 1)
        if threshold is not None and 0 < above.sum() < len(above):
            area = float(roc_auc_score(above, predicted[:, place]))
            found[name] = {"above": threshold, "auc": round(area, 4), "songs": int(above.sum())}
    return found


def _scores(clips: TrainingClips, predicted: np.ndarray, constant: np.ndarray) -> pd.DataFrame:
    known = clips.labelled
    about = clips.about[known].reset_index(drop=True)
    about.index = about.index.map(str)
    reference = about[list(ALL_TARGETS)].astype(float)
    frames = [pd.DataFrame(values[known], index=about.index, columns=list(ALL_TARGETS))
              for values in (predicted, constant)]  # fmt: skip
    genres = about["genre"].map(genre_group).fillna("")
    scored, usual = (
        metrics.evaluate(frame, reference, artists=about["artist"], genres=genres, draws=draws)
        for frame, draws in zip(frames, (1000, 0), strict=True)
    )
    return scored.assign(median_value=usual["value"])


def _summary(scores: pd.DataFrame, coverage: dict[str, float]) -> dict[str, Any]:
    everything = scores[(scores["genre"] == metrics.ALL) & (scores["decade"] == metrics.ALL)]
    surely = everything[everything["metric"] == "pearson"].set_index("feature")["low"]
    low_trust = [name for name in ALL_TARGETS if not surely[name] >= _LOW_TRUST_BELOW]
    kept = everything[everything["metric"].isin(["mae", "rmse", "pearson"]) & everything["feature"].isin(ALL_TARGETS)]
    return {
        "low_trust": low_trust,
        "coverage": {name: round(share, 3) for name, share in coverage.items()},
        "scores": [
            {key: round(value, 4) if isinstance(value, float) else value for key, value in score.items()}
            for score in kept[["feature", "metric", "value", "low", "high", "median_value", "n"]].to_dict("records")
        ],
    }
