"""How often answers of yes or no are right, each score with its interval.

Answers are probabilities of yes, in [0, 1], and stand by track id, as do the
right ones: 1 for yes, 0 for no, NaN where not known. They are joined as
:mod:`songfeat.metrics` joins values, intervals are by the same draws of
artists (see :mod:`songfeat.bootstrap`), and the scores have the same columns.
"""

import numpy as np
import pandas as pd

from songfeat.bootstrap import check_settings, draw_artists, interval
from songfeat.errors import DataError
from songfeat.labels import AVERAGE, Question
from songfeat.metrics import COLUMNS, groups
from songfeat.splits import artist_groups

METRICS = {
    "accuracy": "How many of the answers are right; beside it, how many would be if it were always the commoner one.",
    "auc": "How often a song that is gets a higher answer than one that is not: 1 always, 0.5 by chance (area under"
    " the ROC curve, where ties count half).",
}
"""The scores of answers of yes or no, with what each says; more is better."""

_YES = 0.5
"""A probability above it says yes."""

_HARDLY = 0.05
"""As for values: a deviation below that part of the right answers' is hardly one."""

_CHUNK = 2**22
"""Weights of tracks that are held at a time."""


def right_answers(question: Question, values: pd.Series) -> pd.Series:
    """What the values of the question's feature answer: 1 for yes, 0 for no, NaN where not known."""
    return (values > question.threshold).astype(float).where(values.notna()).rename(question.name)


def evaluate(
    predicted: pd.Series,
    reference: pd.Series,
    *,
    artists: pd.Series,
    genres: pd.Series | None = None,
    decades: pd.Series | None = None,
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> pd.DataFrame:
    """The accuracy and the AUC of answers, over all tracks, by genre and by decade.

    Parameters
    ----------
    predicted, reference : pandas.Series
        Probabilities of yes and right answers, by track id.
    artists, genres, decades, draws, seed, level
        As in :func:`songfeat.metrics.evaluate`.

    Returns
    -------
    pandas.DataFrame
        As :func:`songfeat.metrics.evaluate` gives it: under the name of
        `predicted`, and again as the average over the one question that there is.
        The AUC is NaN where all right answers are the same.

    Raises
    ------
    ConfigError
        If `draws` or `level` is out of range.
    DataError
        If probabilities do not lie in [0, 1] or right answers are neither 0 nor 1.
    """
    check_settings(draws, level)
    known = _join(predicted, reference)
    artist, names = pd.factorize(artist_groups(artists.reindex(known.index)))
    rows = []
    for (genre, decade), inside in groups(known.index, genres, decades).items():
        p, yes = known["predicted"].to_numpy()[inside], known["reference"].to_numpy()[inside]
        who = artist[inside]
        value = _scores(p, yes, np.ones((1, len(p))))[0]
        drawn = _resampled(p, yes, who, len(names), draws, seed)
        low, high = interval(drawn[np.newaxis], level, ~np.isnan(value)[np.newaxis] & (len(set(who)) > 1))
        rows += [
            {"genre": genre, "decade": decade, "feature": feature, "metric": metric, "n": len(p)}
            | {"value": value[at], "low": low[0, at], "high": high[0, at]}
            for feature in (str(predicted.name), AVERAGE)
            for at, metric in enumerate(METRICS)
        ]
    return pd.DataFrame(rows)[list(COLUMNS)]


def majority(train: pd.Series) -> float:
    """The commoner of the right answers of a training part, 1 or 0; 0 where both are as common."""
    return float(train.mean() > _YES)


def answers_alike(predicted: pd.Series, reference: pd.Series) -> bool:
    """Whether the answers hardly tell one song from another, though the right ones do.

    That is where all of them are yes or all are no, or where the probabilities
    have a standard deviation below 5 % of the right answers': however often
    such answers are right, they say nothing.
    """
    known = _join(predicted, reference)
    if known["reference"].nunique() < 2:
        return False
    p = known["predicted"]
    return (p > _YES).nunique() < 2 or bool(p.std(ddof=0) < _HARDLY * known["reference"].std(ddof=0))


def _join(predicted: pd.Series, reference: pd.Series) -> pd.DataFrame:
    """Columns predicted and reference, in one order of tracks; only tracks of which both are known."""
    both = {"predicted": predicted, "reference": reference}
    for what, series in both.items():
        if not series.index.is_unique:
            twice = series.index[series.index.duplicated()][0]
            raise DataError(f"Each track may stand only once among the {what} answers, but {twice!r} stands again.")
    known = pd.DataFrame(both).dropna().sort_index().astype(float)
    if not known["predicted"].between(0, 1).all():
        raise DataError("Answers to a question of yes or no must be probabilities, from 0 to 1; some are not.")
    if not known["reference"].isin([0, 1]).all():
        raise DataError("The right answers to a question of yes or no must be 0 or 1; some are not.")
    return known


def _resampled(p: np.ndarray, yes: np.ndarray, artist: np.ndarray, n_artists: int, draws: int, seed: int) -> np.ndarray:
    """The scores in each draw of artists, ``(draws, len(METRICS))``."""
    some = max(1, _CHUNK // max(1, len(p)))
    drawn = [
        _scores(p, yes, counts[start : start + some][:, artist])
        for counts in draw_artists(n_artists, draws, seed)
        for start in range(0, len(counts), some)
    ]
    return np.concatenate([np.empty((0, len(METRICS))), *drawn])


def _scores(p: np.ndarray, yes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Accuracy and AUC where each track counts as often as its weight says: ``(n_draws, n)`` to ``(n_draws, 2)``."""
    right = (p > _YES) == (yes == 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        accuracy = weights @ right / weights.sum(axis=1)
        return np.stack([accuracy, _auc(p, yes, weights)], axis=1)


def _auc(p: np.ndarray, yes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The share of pairs of a yes and a no in which the yes has the higher answer; a tie is half a pair."""
    if not len(p):
        return np.full(len(weights), np.nan)
    order = np.argsort(p, kind="stable")
    ascending = p[order]
    starts = np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1]))
    is_yes = yes[order] == 1
    weights = weights[:, order]
    of_yes = np.add.reduceat(weights * is_yes, starts, axis=1)
    of_no = np.add.reduceat(weights * ~is_yes, starts, axis=1)
    no_below = np.cumsum(of_no, axis=1) - of_no / 2
    return (of_yes * no_below).sum(axis=1) / of_yes.sum(axis=1) / of_no.sum(axis=1)
