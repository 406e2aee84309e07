"""What a training came to: predictions and scores, in the form in which a run enters the catalogue."""

from typing import Any

import pandas as pd

from songfeat.metrics import ALL
from songfeat.splits import PARTS
from store import label_sources
from store.catalogue import Catalogue
from store.progress import Progress
from store.runs import GROUPINGS, FinishedRun
from store.training_folder import Outcome, Training

OTHER = "other"
"""The part of tracks that are predicted for, but neither trained nor measured on."""


def measured(
    catalogue: Catalogue,
    described: dict[str, Any],
    training: Training,
    outcome: Outcome,
    progress: Progress,
) -> FinishedRun:
    """Score predictions part by part: against each track's own label, and against each source that knows the tracks.

    Parameters
    ----------
    catalogue : Catalogue
    described : dict
        What the run is, by the names of :data:`store.runs.RUN_COLUMNS`; the
        sizes of the parts and near-constant answers are found out here.
    training : Training
    outcome : Outcome
    progress : Progress
    """
    task, right, parts = training.task, training.right, outcome.parts
    by_source = label_sources.values_by_source(catalogue, task.features)
    groups = {part: parts.index[parts == part] for part in PARTS}
    tables, total = [], 1 + len(PARTS)
    for done, (part, tracks) in enumerate(groups.items(), start=1):
        progress.update(done, total, "measuring")
        if tracks.empty:
            continue
        about = training.examples.tracks.loc[tracks]
        of_part = outcome.predicted.loc[tracks], outcome.constant.loc[tracks]
        tables.append(task.evaluate(*of_part, right.loc[tracks], tracks=about).assign(split=part, label_source=ALL))
        for source, values in by_source.items():
            theirs = task.right_answers(values[values.index.isin(tracks)])
            if len(theirs):
                score = task.evaluate(*of_part, theirs, tracks=about[["artist"]])
                tables.append(score.assign(split=part, label_source=source))
    test = groups["test"]
    return FinishedRun(
        run={
            **described,
            **{f"n_{part}": len(tracks) for part, tracks in groups.items()},
            "near_constant": list(task.near_constant(outcome.predicted.loc[test], right.loc[test])),
        },
        scores=pd.concat(tables, ignore_index=True),
        predictions=outcome.predicted.assign(split=parts.reindex(outcome.predicted.index).fillna(OTHER)).reset_index(),
    )


def headline(scores: pd.DataFrame) -> pd.DataFrame:
    """The scores over the whole test part."""
    return scores[(scores["split"] == "test") & (scores[list(GROUPINGS)] == ALL).all(axis=1)]
