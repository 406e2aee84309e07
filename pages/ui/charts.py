"""From DataFrames to charts of small marks, with Altair. Knows no Streamlit: colours come in as a palette.

Values of features run from 0 to 1 on every axis.
"""

import altair as alt
import numpy as np
import pandas as pd

from pages.ui.palette import RUN_SHAPES, Palette
from songfeat.labels import ALL_TARGETS, AVERAGE

DENSE = 5_000
"""Above this many points a scatter says less than a density."""

MOST_SOURCES = 5
"""A chart of sources shows the largest; the table beneath it shows all."""

_UNIT = alt.Scale(domain=[0, 1], nice=False)
_NAMES = alt.Axis(labelFlush=False, labelBound=False, labelLimit=200)
_DENSITY_BINS = 40
_ROW_PX = 20
_RESIDUAL_BINS = 41
_DASHES = [[1, 0], [8, 3], [2, 2], [8, 3, 2, 3], [12, 4], [4, 4]]


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
        y=alt.Y("source:N", title=None, sort=list(largest["source"]), axis=_NAMES),
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


def best_runs(best: pd.DataFrame, palette: Palette) -> alt.Chart:
    """Per target the best run's mean absolute error with its interval, and the mean predictor's beside it.

    `best` has the columns of :func:`store.runs.best_by_target`, of one source.
    """
    base = alt.Chart(best).encode(y=alt.Y("feature:N", title=None, sort=list(ALL_TARGETS), axis=_NAMES))
    axis = alt.Axis(tickCount=6, format=".2f", labelFlush=False)
    x = alt.X("value:Q", title="mean absolute error (MAE), smaller is better", scale=alt.Scale(zero=True), axis=axis)
    told = ["feature", "model", *(alt.Tooltip(name, format=".3f") for name in ("value", "low", "high")), "n"]
    rule = base.mark_rule(strokeWidth=4, opacity=0.45, color=palette.accent).encode(x="low:Q", x2="high:Q")
    dot = base.mark_point(filled=True, opacity=1, size=90, color=palette.accent).encode(x=x, tooltip=told)
    mean = base.mark_tick(thickness=3, size=18, color=palette.muted, opacity=1).encode(
        x="mean_value:Q", tooltip=["feature", alt.Tooltip("mean_value", title="mean predictor", format=".3f")]
    )
    return (rule + mean + dot).properties(height=alt.Step(30))


def agreement(pairs: pd.DataFrame, palette: Palette, *, place: int = 0) -> alt.LayerChart:
    """Predicted over reference values of one target, with the line on which they would be equal.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Columns reference, predicted, title, artist.
    palette : Palette
    place : int
        0 for the first run, 1 for the second: its colour and mark.
    """
    ends = pd.DataFrame({"reference": [0.0, 1.0], "predicted": [0.0, 1.0]})
    axis = alt.Axis(values=[0, 0.5, 1], format=".1f", titlePadding=4, labelFlush=False)
    x = alt.X("reference:Q", scale=_UNIT, title="reference", axis=axis)
    y = alt.Y("predicted:Q", scale=_UNIT, title="predicted", axis=axis)
    line = alt.Chart(ends).mark_line(color=palette.muted, strokeDash=[4, 4], strokeWidth=1.5).encode(x=x, y=y)
    dense = len(pairs) > DENSE
    marks = _density(pairs, palette, x, y) if dense else _points(pairs, palette, place, x, y)
    return alt.layer(marks, line).properties(height=190)


def _points(pairs: pd.DataFrame, palette: Palette, place: int, x: alt.X, y: alt.Y) -> alt.Chart:
    marks = alt.Chart(pairs[["title", "artist", "reference", "predicted"]]).mark_point(
        filled=True, shape=RUN_SHAPES[place], color=palette.runs[place], size=22, opacity=0.5
    )
    numbers = [alt.Tooltip(name, format=".3f") for name in ("reference", "predicted")]
    return marks.encode(x=x, y=y, tooltip=["title", "artist", *numbers])


def _density(pairs: pd.DataFrame, palette: Palette, x: alt.X, y: alt.Y) -> alt.Chart:
    """Squares on a grid, as dark as there are songs in them."""
    counted, xs, ys = np.histogram2d(pairs["reference"], pairs["predicted"], bins=_DENSITY_BINS, range=[[0, 1], [0, 1]])
    column, row = np.nonzero(counted)
    squares = pd.DataFrame(
        {
            "reference": xs[column],
            "reference_to": xs[column + 1],
            "predicted": ys[row],
            "predicted_to": ys[row + 1],
            "songs": counted[column, row].astype(int),
        }
    )
    # On a logarithmic scale, so that one full corner does not leave the rest blank.
    colour = alt.Color("songs:Q", scale=alt.Scale(type="log", range=list(palette.magnitude)), legend=None)
    return (
        alt.Chart(squares)
        .mark_rect()
        .encode(x=x, x2="reference_to", y=y, y2="predicted_to", color=colour, tooltip="songs")
    )


def losses(table: pd.DataFrame, palette: Palette) -> alt.Chart:
    """Training and validation loss by epoch. Columns epoch, part, loss."""
    style = alt.Scale(domain=["train", "val"], range=[palette.muted, palette.accent])
    dash = alt.Scale(domain=["train", "val"], range=[[5, 3], [1, 0]])
    legend = alt.Legend(
        orient="right",
        title=None,
        symbolType="stroke",
        symbolSize=400,
        labelExpr="{train: 'training', val: 'validation'}[datum.value]",
    )
    lines = alt.Chart(table).mark_line(point=alt.OverlayMarkDef(size=18), strokeWidth=2)
    return lines.encode(
        x=alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickMinStep=1, format="d")),
        y=alt.Y("loss:Q", title="loss", scale=alt.Scale(zero=False)),
        color=alt.Color("part:N", scale=style, legend=legend),
        strokeDash=alt.StrokeDash("part:N", scale=dash, legend=legend),
        tooltip=["epoch", "part", alt.Tooltip("loss", format=".4f")],
    ).properties(height=180)


def errors_by_epoch(table: pd.DataFrame, palette: Palette) -> alt.Chart:
    """Validation error of each target by epoch. Columns epoch, feature, value."""
    names = [name for name in ALL_TARGETS if name in set(table["feature"])]
    colours = alt.Scale(domain=names, range=[palette.targets[name] for name in names])
    dashes = alt.Scale(domain=names, range=_DASHES[: len(names)])
    legend = alt.Legend(orient="right", title=None, symbolType="stroke", symbolSize=400)
    return (
        alt.Chart(table)
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickMinStep=1, format="d")),
            y=alt.Y("value:Q", title="validation MAE", scale=alt.Scale(zero=True)),
            color=alt.Color("feature:N", scale=colours, legend=legend),
            strokeDash=alt.StrokeDash("feature:N", scale=dashes, legend=legend),
            tooltip=["epoch", "feature", alt.Tooltip("value", format=".3f")],
        )
        .properties(height=200)
    )


def differences(table: pd.DataFrame, palette: Palette, *, title: str) -> alt.LayerChart:
    """How far two runs are apart, a row a feature: the difference with its interval, beside the line of no difference.

    `table` has the columns feature, difference, low, high, n and says.
    """
    order = [name for name in (*ALL_TARGETS, AVERAGE) if name in set(table["feature"])]
    y = alt.Y("feature:N", title=None, sort=order, axis=_NAMES)
    base = alt.Chart(table).encode(y=y)
    x = alt.X("difference:Q", title=title, axis=alt.Axis(format="+.3f", tickCount=5, labelFlush=False))
    told = ["feature", *(alt.Tooltip(name, format="+.3f") for name in ("difference", "low", "high")), "n", "says"]
    rule = base.mark_rule(strokeWidth=4, opacity=0.45, color=palette.accent).encode(x="low:Q", x2="high:Q")
    dot = base.mark_point(filled=True, opacity=1, size=90, color=palette.accent).encode(x=x, tooltip=told)
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=palette.muted, strokeDash=[4, 4]).encode(x="zero:Q")
    return alt.layer(zero, rule, dot).properties(height=alt.Step(28))


def calibration(table: pd.DataFrame, palette: Palette, *, place: int = 0) -> alt.LayerChart:
    """One target's mean reference value over the mean prediction, bin by bin, with the line of perfect calibration.

    `table` has the columns predicted, reference and n.
    """
    axis = alt.Axis(values=[0, 0.5, 1], format=".1f", titlePadding=4, labelFlush=False)
    x = alt.X("predicted:Q", scale=_UNIT, title="predicted", axis=axis)
    y = alt.Y("reference:Q", scale=_UNIT, title="mean reference", axis=axis)
    ends = pd.DataFrame({"reference": [0.0, 1.0], "predicted": [0.0, 1.0]})
    ideal = alt.Chart(ends).mark_line(color=palette.muted, strokeDash=[4, 4], strokeWidth=1.5).encode(x=x, y=y)
    told = [*(alt.Tooltip(name, format=".3f") for name in ("predicted", "reference")), "n"]
    line = alt.Chart(table).mark_line(
        color=palette.runs[place],
        strokeWidth=2,
        point=alt.OverlayMarkDef(filled=True, size=40, shape=RUN_SHAPES[place], color=palette.runs[place]),
    )
    return alt.layer(ideal, line.encode(x=x, y=y, tooltip=told)).properties(height=160)


def residuals(pairs: pd.DataFrame, palette: Palette, *, place: int = 0) -> alt.LayerChart:
    """How many songs of one target are over- or underestimated by how much. Columns predicted, reference."""
    counted, edges = np.histogram(pairs["predicted"] - pairs["reference"], bins=_RESIDUAL_BINS, range=(-1, 1))
    table = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "songs": counted})
    axis = alt.Axis(values=[-1, -0.5, 0, 0.5, 1], format="+.1f", titlePadding=4, labelFlush=False)
    x = alt.X("from:Q", title="predicted − reference", scale=alt.Scale(domain=[-1, 1]), axis=axis)
    bars = alt.Chart(table).mark_rect(color=palette.runs[place], opacity=0.7)
    y = alt.Y("songs:Q", title="songs", axis=alt.Axis(tickCount=3, tickMinStep=1))
    shown = bars.encode(x=x, x2="to:Q", y=y, y2=alt.value(120), tooltip=["songs"])
    zero = alt.Chart(pd.DataFrame({"from": [0.0]})).mark_rule(color=palette.muted, strokeDash=[4, 4]).encode(x=x)
    return alt.layer(shown, zero).properties(height=120)
