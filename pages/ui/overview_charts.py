"""What a workspace holds and how close its runs come, as charts. Knows no Streamlit: colours come in as a palette."""

import altair as alt
import pandas as pd

from pages.ui.palette import REPORT_SHAPE, RUN_SHAPES, Palette
from songfeat.labels import ALL_TARGETS

MOST_SOURCES = 5
"""A chart of sources shows the largest; the table beneath it shows all."""

_NAMES = alt.Axis(labelFlush=False, labelBound=False, labelLimit=200)
_BANDS = alt.Scale(paddingInner=0.2, paddingOuter=0)
_ROW_PX = 20
_UPRIGHT = "M-0.25,-1L0.25,-1L0.25,1L-0.25,1Z"
"""A tick, as Vega draws shapes of one's own."""


def coverage(table: pd.DataFrame, palette: Palette) -> alt.Chart:
    """How much of the largest sources is there: all tracks, and those that have what else is needed.

    `table` has the column source, then one a count, headed by what it counts, that of all tracks first.
    """
    stages = list(table.columns[1:])
    largest = table.head(MOST_SOURCES)
    long = largest.melt("source", stages, var_name="stage", value_name="count")
    long["says"] = long["count"].map("{:,}".format) + " " + long["stage"]
    room = alt.Scale(domain=[0, 1.7 * max(1, int(long["count"].max()))])
    base = alt.Chart(long).encode(
        y=alt.Y("source:N", title=None, sort=list(largest["source"]), axis=_NAMES, scale=_BANDS),
        yOffset=alt.YOffset("stage:N", sort=stages),
        x=alt.X("count:Q", title=None, axis=None, scale=room),
        tooltip=["source", "says"],
    )
    shade = alt.condition(f"datum.stage == '{stages[0]}'", alt.value(palette.muted), alt.value(palette.accent))
    bars = base.mark_bar(height={"band": 0.7}, opacity=0.75, cornerRadiusEnd=2).encode(color=shade)
    # Vega-Lite puts text at the upper edge of an offset band.
    text = base.mark_text(align="left", baseline="middle", dx=6, dy=_ROW_PX / 2 - 1, fontSize=12, color=palette.ink)
    return (bars + text.encode(text="says:N")).properties(height=alt.Step(_ROW_PX))


def genres(table: pd.DataFrame, palette: Palette) -> alt.Chart:
    """Tracks by genre group: a bar each, in one colour, as position tells the genres apart."""
    says = table.assign(says=table["tracks"].map("{:,}".format) + " · " + table["clips"].map("{:,} with a clip".format))
    base = alt.Chart(says).encode(
        y=alt.Y("genre_group:N", title=None, sort=list(table["genre_group"]), axis=_NAMES),
        x=alt.X("tracks:Q", axis=None, scale=alt.Scale(domain=[0, 1.6 * max(1, int(table["tracks"].max()))])),
        tooltip=["genre_group", "tracks", "clips"],
    )
    bars = base.mark_bar(color=palette.muted, opacity=0.75, cornerRadiusEnd=2)
    text = base.mark_text(align="left", baseline="middle", dx=6, fontSize=12, color=palette.ink).encode(text="says:N")
    return (bars + text).properties(height=alt.Step(_ROW_PX))


def best_runs(best: pd.DataFrame, palette: Palette) -> alt.LayerChart:
    """Per target the best run's mean absolute error with its interval, the mean predictor's and the report's beside it.

    `best` has the columns of :func:`store.runs.best_by_target`, of one source, and report.
    """
    looks = {
        "value": ("best run", RUN_SHAPES[0], palette.accent),
        "mean_value": ("always the mean", _UPRIGHT, palette.muted),
        "report": ("the report", REPORT_SHAPE, palette.ink),
    }
    names, shapes, colours = zip(*looks.values(), strict=True)
    marks = best.melt(["feature", "model", "n"], list(looks), var_name="whose", value_name="error").dropna(
        subset="error"
    )
    marks["whose"] = marks["whose"].map({column: name for column, (name, _, _) in looks.items()})
    y = alt.Y("feature:N", title=None, sort=list(ALL_TARGETS), axis=_NAMES)
    axis = alt.Axis(tickCount=6, format=".2f", labelFlush=False)
    x = alt.X("error:Q", title="mean absolute error (MAE), smaller is better", scale=alt.Scale(zero=True), axis=axis)
    legend = alt.Legend(orient="top", title=None, symbolSize=90)
    points = alt.Chart(marks).mark_point(filled=True, opacity=1, size=90)
    points = points.encode(
        x=x,
        y=y,
        shape=alt.Shape("whose:N", scale=alt.Scale(domain=names, range=shapes), legend=legend),
        color=alt.Color("whose:N", scale=alt.Scale(domain=names, range=colours), legend=legend),
        tooltip=["feature", "whose", alt.Tooltip("error", format=".3f"), "model", "n"],
    )
    rule = alt.Chart(best).mark_rule(strokeWidth=4, opacity=0.45, color=palette.accent)
    return alt.layer(rule.encode(x="low:Q", x2="high:Q", y=y), points).properties(height=alt.Step(30))
