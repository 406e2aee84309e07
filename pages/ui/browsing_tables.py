"""From what the store gives on songs, groups and pairs of features to tables that people read. Knows no Streamlit."""

from collections.abc import Sequence

import pandas as pd

from pages.ui import words
from songfeat.labels import ALL_TARGETS, FEATURES

_NAMES = {"title": "title", "artist": "artist", "genre_group": "genre", "year": "year"}
_MORE = {
    "length": "length", "has_clip": "clip", "has_predictions": "predicted", "genre": "raw genre", "album": "album",
    "added_at": "added",
}  # fmt: skip
_SORT_NAMES = {"genre_group": "genre", "genre": "raw genre", "duration_s": "length", "added_at": "added"}


def songs(table: pd.DataFrame, *, also: Sequence[str] = ()) -> pd.DataFrame:
    """Songs under the headings that they have everywhere, with the values of features that the table has.

    `also` names other columns to show, headed as they are.
    """
    features = {name: name for name in (*also, *FEATURES) if name in table}
    named = {**_NAMES, **features, **_MORE}
    shown = table.assign(length=table["duration_s"].map(words.duration))
    if "added_at" in shown:
        shown["added_at"] = shown["added_at"].dt.strftime("%Y-%m-%d")
    ordered = shown[[name for name in named if name in shown]]
    return ordered.rename(columns=named).astype({"year": "Int64"})


def values_of_features(table: pd.DataFrame) -> list[str]:
    """The columns with values of features that have fractions."""
    return [name for name in table.columns if name in FEATURES and not FEATURES[name].whole]


def sort_key(key: str) -> str:
    """``"year ↓"`` for ``"-year"``."""
    name = key.removeprefix("-")
    return f"{_SORT_NAMES.get(name, name)} {'↓' if key.startswith('-') else '↑'}"


def axis(name: str) -> str:
    """``"tempo (BPM)"``."""
    if name == "duration_s":
        return "length (seconds)"
    unit = FEATURES[name].unit if name in FEATURES else ""
    return f"{name.replace('_', ' ')} ({unit})" if unit else name.replace("_", " ")


def group(name: str, n: int, small: int) -> str:
    """``"pop (1,204)"``, and ``"reggae (12, few)"`` where there are fewer than `small`."""
    return f"{name} ({n:,}{', few' if n < small else ''})"


def spread(summary: pd.DataFrame, by: str) -> pd.DataFrame:
    """The middle and spread of each group."""
    return pd.DataFrame(
        {
            by: summary["group"],
            "n": summary["n"],
            "mean": [words.estimate(row.mean, row.low, row.high) for row in summary.itertuples()],
            "quarter below": summary["quarter"],
            "median": summary["median"],
            "quarter above": summary["three_quarters"],
        }
    )


def correlations(table: pd.DataFrame) -> pd.DataFrame:
    """Pairs of features, those that go together most closely first."""
    strongest = table.dropna(subset="r").sort_values("r", key=lambda r: -r.abs(), kind="stable")
    return pd.DataFrame(
        {
            "feature": strongest["first"],
            "and": strongest["second"],
            "r": [words.estimate(row.r, row.low, row.high) for row in strongest.itertuples()],
            "n": strongest["n"],
        }
    )


def axes_by_use(names: tuple[str, ...]) -> list[str]:
    """Axes in the order in which they are looked for: targets first."""
    return [*ALL_TARGETS, *(name for name in names if name not in ALL_TARGETS)]
