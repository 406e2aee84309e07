"""From what the store gives to tables that people read. Knows no Streamlit."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from pages.ui import words
from songfeat import published
from songfeat.labels import ALL_TARGETS, ANSWERS, AVERAGE, QUESTIONS
from songfeat.registry import SOUND
from songfeat.scores import METRICS
from store.export import without_formulas
from store.uploads import shown_name

_ANSWERS_BY = "accuracy"
"""The metric by which answers to questions stand in a table of any other metric."""

_HARDLY_VARIES = " · hardly varies"
"""Beside a run that answers almost the same for every song on some target."""

_THEIRS = "\0"
_IN_REPORT = "\N{DOWNWARDS ARROW WITH TIP RIGHTWARDS} in the report"


def beside_the_report(best: pd.DataFrame) -> pd.DataFrame:
    """The best run of each target with the report's lowest error of it, in the column report."""
    return best.assign(report=best["feature"].map(published.lowest_mae()))


def best_runs(best: pd.DataFrame) -> pd.DataFrame:
    """The best run of each target beside the mean predictor and the report."""
    return pd.DataFrame(
        {
            "target": best["feature"],
            "best model": best["model"],
            "MAE": [words.estimate(row.value, row.low, row.high) for row in best.itertuples()],
            "the mean": best["mean_value"].map(words.value),
            "the report": best["report"].map(words.value),
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


def leaderboard(
    runs: pd.DataFrame, scores: pd.DataFrame, labels: Mapping[str, str], notes: Mapping[str, str], *, metric: str
) -> pd.DataFrame:
    """Runs by one metric, in the layout of the report's tables: a column a target.

    The mean predictor stands first, then the runs by their average, the best
    first, then those without an average, then the report's own figures.
    Column run_id is ``""`` for these.
    """
    rows = scores[
        (scores["metric"] == metric) | (scores["feature"].isin(QUESTIONS) & (scores["metric"] == _ANSWERS_BY))
    ]
    says = rows.assign(says=[words.estimate(row.value, row.low, row.high) for row in rows.itertuples()])
    wide = says.pivot(index="run_id", columns="feature", values="says").reindex(runs["run_id"])
    average = rows[(rows["feature"] == AVERAGE) & (rows["metric"] == metric)].set_index("run_id")["value"]
    about = runs.set_index("run_id")
    shown = pd.DataFrame(
        {
            "run_id": about.index,
            "run": [
                labels[run_id] + (_HARDLY_VARIES if len(flagged) else "")
                for run_id, flagged in about["near_constant"].items()
            ],
            "split": [_split(run) for run in about.itertuples()],
            "n": rows.groupby("run_id")["n"].max().reindex(about.index).to_numpy(),
            **{name: wide[name].fillna("").to_numpy() for name in (AVERAGE, *ANSWERS) if name in wide},
            "note": [notes.get(run_id, "") for run_id in about.index],
        }
    )
    sign = 1 if METRICS[metric].lower_is_better else -1
    order = pd.DataFrame(
        {"mean": (about["model"] != "mean").to_numpy(), "value": sign * average.reindex(about.index).to_numpy()}
    ).sort_values(["mean", "value"], kind="stable", na_position="last")
    board = shown.loc[order.index]
    # The average over one target is no average over five, with which it would stand in one column.
    board.loc[board["run_id"].map(about["targets"].map(len)) == 1, AVERAGE] = ""
    return pd.concat([board, _published(metric, board.columns)], ignore_index=True).astype({"n": "Int64"})


def _split(run: Any) -> str:
    return f"{run.split}, {run.folds} folds" if pd.notna(run.folds) else str(run.split)


def _published(metric: str, columns: pd.Index) -> pd.DataFrame:
    """The report's figures as rows of a leaderboard."""
    figures = {
        "multi-task regression": published.NUMERIC_MULTI_TASK,
        "multi-task 1D RNN": published.RNN_MULTI_TASK,
        "linear combiner (d)": published.COMBINER_D,
    }
    rows = [
        {"run_id": "", "run": f"The report: {name}", "split": "random", "note": "its own songs"}
        | {feature: words.value(values[metric]) for feature, values in table.items() if metric in values}
        for name, table in figures.items()
        if metric in published.METRICS
    ]
    return pd.DataFrame(rows, columns=columns, dtype=object).fillna({name: "" for name in columns if name != "n"})


def settings(run: pd.Series) -> pd.DataFrame:
    """Everything that was or could have been chosen about a run, as text. Columns setting, value."""
    config = {"spec": run["spec"] or "", **json.loads(run["config"])}
    return pd.DataFrame({"setting": list(config), "value": [str(value) for value in config.values()]})


def by_genre(errors: pd.DataFrame) -> pd.DataFrame:
    """The error of one run by genre group: one row a group, one column a target."""
    says = errors.assign(says=[words.estimate(row.value, row.low, row.high) for row in errors.itertuples()])
    wide = says.pivot(index="genre", columns="feature", values="says")
    wide = wide[[name for name in ALL_TARGETS if name in wide]].fillna("")
    wide.insert(0, "n", errors.groupby("genre")["n"].max())
    return wide.sort_values("n", ascending=False).rename_axis(columns=None).reset_index()


def as_csv(table: pd.DataFrame) -> bytes:
    """A table for a spreadsheet, which computes nothing that stands in it."""
    return without_formulas(table).to_csv(index=False).encode()


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


def differences_by_genre(table: pd.DataFrame) -> pd.DataFrame:
    """The difference of two runs: one row a genre group and target."""
    says = [words.difference(row.difference, row.low, row.high) for row in table.itertuples()]
    shown = table.assign(difference=says).rename(columns={"feature": "target", "says": "verdict"})
    return shown[["genre", "target", "difference", "n", "verdict"]]


def calibration(bins: pd.DataFrame, targets: list[str]) -> pd.DataFrame:
    """Mean predictions beside mean reference values, group by group."""
    shown = bins[bins["feature"].isin(targets)].assign(bin=bins["bin"] + 1)
    for name in ("predicted", "reference"):
        shown[name] = shown[name].map(words.value)
    return shown.rename(columns={"feature": "target", "bin": "group"})


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


def rejects(table: pd.DataFrame) -> pd.DataFrame:
    """What was turned away, by the names that people know the files by."""
    return table.assign(file=table["file"].map(shown_name)).rename(columns={"seen_at": "seen at"})


def one_feature(songs: pd.DataFrame, feature: str) -> pd.DataFrame:
    """The songs for which both sources have a feature: title, artist, genre_group, first, second."""
    named = songs.rename(columns={f"first_{feature}": "first", f"second_{feature}": "second"})
    return named[["track_id", "title", "artist", "genre_group", "first", "second"]].dropna(subset=["first", "second"])


def both_sides(songs: pd.DataFrame, feature: str, first: str, second: str) -> pd.DataFrame:
    """Songs with both values of a feature, those that differ most first."""
    shown = one_feature(songs, feature)
    shown = shown.assign(difference=shown["first"] - shown["second"]).sort_values(
        "difference", key=abs, ascending=False
    )
    named = shown.rename(columns={"genre_group": "genre", "first": first, "second": second})
    return named.drop(columns="track_id")


def agreement(scores: pd.DataFrame) -> pd.DataFrame:
    """How far two sources agree: one row a feature, one column a metric with its interval."""
    heads = {"pearson": "r", "mae": "MAE", "bias": "bias", "lower_limit": "lower limit", "upper_limit": "upper limit"}
    says = scores.assign(says=[words.estimate(row.value, row.low, row.high) for row in scores.itertuples()])
    wide = says.pivot(index=["feature", "n"], columns="metric", values="says").reset_index()
    order = list(scores["feature"].unique())
    wide = wide.sort_values("feature", key=lambda names: names.map(order.index), ignore_index=True)
    return wide[["feature", "n", *heads]].rename(columns=heads)


def odd_songs(songs: pd.DataFrame) -> pd.DataFrame:
    """The songs behind a check; those that are excluded say why."""
    heads = {
        "title": "title",
        "artist": "artist",
        "genre": "genre",
        "detail": "what",
        "excluded": "excluded because",
        "track_id": "id",
    }
    said = [name for name in heads if name not in ("detail", "excluded") or songs[name].notna().any()]
    return songs[said].rename(columns=heads)


def exclusions(listed: pd.DataFrame) -> pd.DataFrame:
    """What is kept from training, by song or by source."""
    name = (listed["title"].fillna(listed["name"]) + (" – " + listed["artist"]).fillna("")).where(
        listed["kind"] == "song", "all values of " + listed["name"]
    )
    when = listed["excluded_at"].dt.strftime("%Y-%m-%d")
    return pd.DataFrame({"what": name, "reason": listed["reason"], "since": when})


def genres_by_decade(table: pd.DataFrame) -> pd.DataFrame:
    """Songs as numbers: one row a genre group, one column a decade."""
    wide = table.pivot(index="genre_group", columns="decade", values="tracks").fillna(0).astype(int)
    return wide.rename_axis(index="genre", columns=None)


def capabilities(found: list[dict[str, Any]]) -> pd.DataFrame:
    """What each source can do, in words."""
    says = {True: "yes", False: "no", None: "not known"}
    table = pd.DataFrame(found, columns=["source", "capability", "ok", "detail"], dtype="object")
    return table.assign(ok=[says[ok] for ok in table["ok"]]).rename(columns={"capability": "what", "ok": "works"})


def predicting_values(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs that predict values of features, and not the answer to a question."""
    asked = runs["targets"].map(lambda targets: set(targets) <= set(QUESTIONS)).astype(bool)
    return runs[~asked]


def hearing(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs that predict values of features from sound alone, and so for any audio file."""
    heard = runs["inputs"].map(lambda kinds: len(kinds) == 1 and kinds[0] in SOUND).astype(bool)
    return predicting_values(runs[heard])


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
