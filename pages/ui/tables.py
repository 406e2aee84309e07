"""From what the store gives to tables that people read. Knows no Streamlit."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pages.ui import words
from songfeat.labels import ALL_TARGETS, ANSWERS, AVERAGE, QUESTIONS
from songfeat.pretrained.song import SongAnswer
from songfeat.scores import METRICS
from store.uploads import shown_name

REFERENCE, RUN = "reference", "run"
_ANSWERS_BY = "accuracy"
"""The metric by which answers to questions stand in a table of any other metric."""

_THEIRS = "\0"
_IN_REPORT = "\N{DOWNWARDS ARROW WITH TIP RIGHTWARDS} in the report"


def best_runs(best: pd.DataFrame) -> pd.DataFrame:
    """The best run of each target beside the mean predictor."""
    return pd.DataFrame(
        {
            "target": best["feature"],
            "best model": best["model"],
            "MAE": [words.estimate(row.value, row.low, row.high) for row in best.itertuples()],
            "mean predictor": best["mean_value"].map(words.value),
            "n": best["n"],
        }
    )


def scores(table: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """Every metric of some runs: one row a run, target and group, one column a metric and its interval."""
    shown = table.assign(
        says=[words.estimate(row.value, row.low, row.high) for row in table.itertuples()],
        run=table["run_id"].map(labels),
    )
    keys = ["run", "genre", "feature", "n"]
    wide = shown.pivot(index=keys, columns="metric", values="says").reset_index()
    mean = shown[shown["metric"] == "mae"][["run", "genre", "feature", "mean_value"]]
    wide = wide.merge(mean, on=["run", "genre", "feature"], how="left", sort=False)
    wide["mean_value"] = wide["mean_value"].map(words.value)
    wide["feature"] = pd.Categorical(wide["feature"], [*ALL_TARGETS, AVERAGE], ordered=True)
    wide = wide.sort_values(["run", "genre", "feature"], ignore_index=True).astype({"feature": str})
    metrics = {name: metric.label for name, metric in METRICS.items() if name in wide}
    telling = [name for name in ("run", "genre") if wide[name].nunique() > 1]
    ordered = wide[[*telling, "feature", "n", *metrics, "mean_value"]]
    return ordered.rename(columns={"feature": "target", "mean_value": "MAE of the mean", **metrics})


def difference(table: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """A comparison with what it says in words, in the column says."""
    says = table["better"].map({"first": f"{first} is better", "second": f"{second} is better", "": "cannot be told"})
    return table.assign(says=says)


def differences(table: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """The difference of two runs: one row a target."""
    return pd.DataFrame(
        {
            "target": table["feature"],
            first: table["first"].map(words.value),
            second: table["second"].map(words.value),
            "difference": [words.difference(row.difference, row.low, row.high) for row in table.itertuples()],
            "n": table["n"],
            "verdict": table["says"],
        }
    )


def replayed(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """A table of the report: one column a target, one row a system, and beneath it one with the report's figures."""
    answered = table["feature"].isin(QUESTIONS) & (table["metric"] == _ANSWERS_BY)
    rows = table[(table["metric"] == metric) | answered]
    ours = rows.assign(says=[words.estimate(row.value, row.low, row.high) for row in rows.itertuples()])
    theirs = rows.dropna(subset="published")
    theirs = theirs.assign(system=theirs["system"] + _THEIRS, says=theirs["published"].map(words.value))
    wide = pd.concat([ours, theirs]).pivot(index="system", columns="feature", values="says")
    features = [name for name in (AVERAGE, *ANSWERS) if name in wide]
    systems = [
        name for system in dict.fromkeys(rows["system"]) for name in (system, system + _THEIRS) if name in wide.index
    ]
    shown = wide.reindex(index=systems, columns=features).fillna("").rename_axis(columns=None).reset_index()
    return shown.assign(system=shown["system"].map(lambda name: _IN_REPORT if name.endswith(_THEIRS) else name))


def experiments(table: pd.DataFrame, metric: str) -> list[tuple[str, str, str]]:
    """The experiments on one metric, averaged over the targets: question, what was found, and which is better."""
    rows = table[(table["metric"] == metric) & (table["feature"] == AVERAGE)]
    return [
        (
            row.question,
            f"{row.first}: {words.value(row.first_value)}; {row.second}: {words.value(row.second_value)}; difference"
            f" {words.difference(row.difference, row.low, row.high)}, n {row.n}.",
            {"first": f"{row.first} is better", "second": f"{row.second} is better"}.get(row.better, "cannot be told"),
        )
        for row in rows.itertuples()
    ]


def song_values(song: Mapping[str, Any], run_ids: list[str], labels: Mapping[str, str]) -> pd.DataFrame:
    """One song's reference values and the predictions of some runs, with whose each is.

    Columns feature, whose, value, kind; references first, then runs in the order of `run_ids`.
    """
    reference = song["reference"]
    known = pd.DataFrame(
        {
            "feature": reference["feature"],
            "whose": "Reference (" + reference["source"].map(words.source) + ")",
            "value": reference["value"],
            "kind": REFERENCE,
        }
    )
    guesses = song["predictions"]
    guesses = guesses[guesses["run_id"].isin(run_ids)].sort_values(
        "run_id", key=lambda ids: ids.map({run: place for place, run in enumerate(run_ids)}), kind="stable"
    )
    guessed = pd.DataFrame(
        {"feature": guesses["feature"], "whose": guesses["run_id"].map(labels), "value": guesses["value"], "kind": RUN}
    )
    both = pd.concat([known, guessed], ignore_index=True)
    return both[both["feature"].isin(ALL_TARGETS)].reset_index(drop=True)


def by_target(values: pd.DataFrame) -> pd.DataFrame:
    """The values of a song as a table: one row a target, one column for each that says something."""
    wide = values.pivot_table(index="feature", columns="whose", values="value", sort=False, dropna=False)
    return wide.reindex([name for name in ALL_TARGETS if name in wide.index]).rename_axis("target").reset_index()


def whose(song: Mapping[str, Any], run_ids: list[str], labels: Mapping[str, str]) -> str:
    """Where each value of a song comes from and of when it is, as lines of Markdown."""
    sources = song["reference"].drop_duplicates("source")
    given = [
        f"- **Reference ({words.literal(words.source(row.source))})**: recorded {row.fetched_at:%Y-%m-%d}"
        for row in sources.itertuples()
    ]
    by_run = song["predictions"].drop_duplicates("run_id").set_index("run_id")
    made = [
        f"- **{words.literal(labels[run_id])}**: predicted by the run `{run_id}` of"
        f" {by_run.finished_at[run_id]:%Y-%m-%d}; {words.SEEN[by_run.split[run_id]]}"
        for run_id in run_ids
        if run_id in by_run.index
    ]
    return "\n".join([*given, *made])


def rejects(table: pd.DataFrame) -> pd.DataFrame:
    """What was turned away, by the names that people know the files by."""
    return table.assign(file=table["file"].map(shown_name)).rename(columns={"seen_at": "seen at"})


def predicting_values(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs that predict values of features, and not the answer to a question."""
    asked = runs["targets"].map(lambda targets: set(targets) <= set(QUESTIONS)).astype(bool)
    return runs[~asked]


def first_runs(runs: pd.DataFrame, limit: int) -> list[str]:
    """The runs to begin with: the newest of each model that looks at something, else whatever there is."""
    seeing = runs[runs["inputs"].map(len) > 0]
    newest = (seeing if len(seeing) else runs).drop_duplicates("model")
    return list(newest["run_id"][:limit])


def coverage(table: pd.DataFrame) -> pd.DataFrame:
    """Coverage by source under headings that say what is counted."""
    named = table.rename(
        columns={"complete": "with all targets", "with_clip": "with a clip", "with_predictions": "predicted"}
    )
    return named.assign(source=named["source"].map(words.source))


def musical_values(song: Mapping[str, Any]) -> dict[str, float]:
    """Tempo, key and the like, as the source says that gives most of them."""
    reference = song["reference"]
    if reference.empty:
        return {}
    fullest = reference["source"].value_counts().index[0]
    return dict(reference[reference["source"] == fullest].set_index("feature")["value"])


def intervals(answer: SongAnswer) -> pd.DataFrame:
    """What the shipped model says of a file: one row a target."""
    return pd.DataFrame(
        [
            {"target": name, "value": value, "low": low, "high": high, "spread": answer.spread[name]}
            for name, value in answer.values.items()
            for low, high in [answer.intervals[name]]
        ]
    )
