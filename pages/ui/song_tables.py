"""From what is known and predicted of one song or file to tables that people read. Knows no Streamlit."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pages.ui import answer_words, words
from songfeat.labels import ALL_TARGETS
from store.run_intervals import RunIntervals

REFERENCE, RUN = "reference", "run"


def song_values(
    song: Mapping[str, Any], run_ids: list[str], labels: Mapping[str, str], intervals: Mapping[str, RunIntervals]
) -> pd.DataFrame:
    """One song's reference values and the predictions of some runs, with whose each is.

    Columns feature, whose, value, low, high, kind; references first, then runs
    in the order of `run_ids`. Reference values have no interval, and
    predictions none where too few songs tell how far they are off.
    """
    reference = song["reference"]
    known = pd.DataFrame(
        {
            "feature": reference["feature"],
            "whose": "Reference (" + reference["source"].map(words.source) + ")",
            "value": reference["value"],
            "low": np.nan,
            "high": np.nan,
            "kind": REFERENCE,
        }
    )
    guesses = song["predictions"]
    guessed = [
        predicted_values(own, intervals[run_id].around(own), labels[run_id])
        for run_id in run_ids
        for own in [guesses[guesses["run_id"] == run_id].set_index("feature")["value"].to_dict()]
    ]
    both = pd.concat([known, *guessed], ignore_index=True)
    return both[both["feature"].isin(ALL_TARGETS)].reset_index(drop=True)


def predicted_values(values: Mapping[str, float], ends: Mapping[str, tuple[float, float]], whose: str) -> pd.DataFrame:
    """Predictions by target with the ends of their intervals, in the form of :func:`song_values`."""
    rows = [(name, whose, value, *ends.get(name, (np.nan, np.nan)), RUN) for name, value in values.items()]
    return pd.DataFrame(rows, columns=["feature", "whose", "value", "low", "high", "kind"])


def by_target(values: pd.DataFrame) -> pd.DataFrame:
    """The values of a song as a table: one row a target, one column for each that says something."""
    says = [
        row.value if row.kind == REFERENCE else words.estimate(row.value, row.low, row.high)
        for row in values.itertuples()
    ]
    shown = values.assign(says=pd.Series(says, dtype=object))
    wide = shown.pivot_table(index="feature", columns="whose", values="says", aggfunc="first")
    wide = wide.reindex(index=[name for name in ALL_TARGETS if name in wide.index], columns=values["whose"].unique())
    return wide.infer_objects().rename_axis(index="target", columns=None).reset_index()


def of_file(values: pd.DataFrame, spread: Mapping[str, float]) -> pd.DataFrame:
    """What is predicted for a file: one row a target, with the spread over its windows where it was heard in several.

    `values` is in the form of :func:`song_values`, all of one that predicts.
    """
    table = values[["feature", "value", "low", "high"]].rename(columns={"feature": "target"})
    return table.assign(spread=table["target"].map(spread)) if spread else table


def whose(
    song: Mapping[str, Any], run_ids: list[str], labels: Mapping[str, str], intervals: Mapping[str, RunIntervals]
) -> str:
    """Where each value of a song comes from and of when it is, as lines of Markdown."""
    sources = song["reference"].drop_duplicates("source")
    given = [
        f"- **Reference ({words.literal(words.source(row.source))})**: recorded {row.fetched_at:%Y-%m-%d}"
        for row in sources.itertuples()
    ]
    by_run = song["predictions"].drop_duplicates("run_id").set_index("run_id")
    made = [
        f"- **{words.literal(labels[run_id])}**: predicted by the run `{run_id}` of"
        f" {by_run.finished_at[run_id]:%Y-%m-%d}; {words.SEEN[by_run.split[run_id]]}."
        f" {answer_words.interval_line(intervals[run_id])}"
        for run_id in run_ids
        if run_id in by_run.index
    ]
    return "\n".join([*given, *made])


def musical_values(song: Mapping[str, Any]) -> dict[str, float]:
    """Tempo, key and the like, as the source says that gives most of them."""
    reference = song["reference"]
    if reference.empty:
        return {}
    fullest = reference["source"].value_counts().index[0]
    return dict(reference[reference["source"] == fullest].set_index("feature")["value"])
