"""From DataFrames to charts of how runs compare with reference values and with one another. Knows no Streamlit.

Values of features run from 0 to 1 on every axis, reference values across, predictions up.
"""

from collections.abc import Sequence

import altair as alt
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages.ui.palette import RUN_SHAPES, Palette
from songfeat.labels import ALL_TARGETS, AVERAGE

_UNIT = alt.Scale(domain=[0, 1], nice=False)
_NAMES = alt.Axis(labelFlush=False, labelBound=False, labelLimit=200)
_HEIGHT_PX, _SONGS_HEIGHT_PX = 190, 400
_SQUARE_PX = 15
# Room for dots at the ends.
_RANGE = [-0.02, 1.02]
_SELECTABLE = {
    "mode": "markers", "selected": {"marker": {"opacity": 1}}, "unselected": {"marker": {"opacity": 0.12}},
}  # fmt: skip


def agreement(marks: pd.DataFrame, palette: Palette, *, place: int = 0) -> alt.LayerChart:
    """Predicted over reference values of one target, with the line on which they would be equal.

    Parameters
    ----------
    marks : pandas.DataFrame
        The rows of one feature of :class:`store.predicted.Agreement`, songs or squares.
    palette : Palette
    place : int
        0 for the first run, 1 for the second: its colour and mark.
    """
    ends = pd.DataFrame({"reference": [0.0, 1.0], "predicted": [0.0, 1.0]})
    axis = alt.Axis(values=[0, 0.5, 1], format=".1f", titlePadding=4, labelFlush=False)
    x = alt.X("reference:Q", scale=_UNIT, title="reference", axis=axis)
    y = alt.Y("predicted:Q", scale=_UNIT, title="predicted", axis=axis)
    line = alt.Chart(ends).mark_line(color=palette.muted, strokeDash=[4, 4], strokeWidth=1.5).encode(x=x, y=y)
    drawn = _density(marks, palette, x, y) if "songs" in marks else _points(marks, palette, place, x, y)
    return alt.layer(drawn, line).properties(height=_HEIGHT_PX)


def _points(songs: pd.DataFrame, palette: Palette, place: int, x: alt.X, y: alt.Y) -> alt.Chart:
    marks = alt.Chart(songs[["title", "artist", "reference", "predicted"]]).mark_point(
        filled=True, shape=RUN_SHAPES[place], color=palette.runs[place], size=22, opacity=0.5
    )
    numbers = [alt.Tooltip(name, format=".3f") for name in ("reference", "predicted")]
    return marks.encode(x=x, y=y, tooltip=["title", "artist", *numbers])


def _density(squares: pd.DataFrame, palette: Palette, x: alt.X, y: alt.Y) -> alt.Chart:
    """Squares on a grid, as dark as there are songs in them."""
    # On a logarithmic scale, so that one full corner does not leave the rest blank.
    colour = alt.Color("songs:Q", scale=alt.Scale(type="log", range=list(palette.magnitude)), legend=None)
    sides = ["reference", "reference_to", "predicted", "predicted_to", "songs"]
    return (
        alt.Chart(squares[sides])
        .mark_rect()
        .encode(x=x, x2="reference_to", y=y, y2="predicted_to", color=colour, tooltip=alt.Tooltip("songs", format=","))
    )


def songs(pictures: Sequence[tuple[str, int, pd.DataFrame]], palette: Palette) -> go.Figure:
    """One target of one to three runs beside each other, to draw around songs.

    `pictures` has for each run its label, its place and the rows, these two as
    :func:`agreement` takes them. The curves of the figure are the runs, in
    their order; a point's index is that of its row.
    """
    figure = make_subplots(
        cols=len(pictures), shared_yaxes=True, subplot_titles=[label for label, *_ in pictures], horizontal_spacing=0.03
    )
    for column, (_, place, marks) in enumerate(pictures, start=1):
        trace = _squares(marks, palette, place) if "songs" in marks else _songs(marks, palette, place)
        figure.add_trace(trace, row=1, col=column)
    figure.add_shape(
        type="line", x0=0, y0=0, x1=1, y1=1, line={"color": palette.muted, "dash": "dash", "width": 1.5}, layer="below",
        row="all", col="all",
    )  # fmt: skip
    figure.update_layout(
        height=_SONGS_HEIGHT_PX, margin={"l": 10, "r": 10, "t": 30, "b": 10}, dragmode="lasso", showlegend=False
    )
    figure.update_xaxes(title_text="reference", range=_RANGE, zeroline=False)
    figure.update_yaxes(range=_RANGE, zeroline=False)
    figure.update_yaxes(title_text="predicted", col=1)
    return figure


def _songs(marks: pd.DataFrame, palette: Palette, place: int) -> go.Scatter:
    """A dot a song."""
    return go.Scatter(
        x=marks["reference"],
        y=marks["predicted"],
        marker={"color": palette.runs[place], "symbol": RUN_SHAPES[place], "size": 8, "opacity": 0.6},
        customdata=marks[["title", "artist"]].fillna("not known").to_numpy(),
        hovertemplate=(
            "<b>%{customdata[0]}</b><br>%{customdata[1]}<br>reference %{x:.3f}<br>predicted %{y:.3f}<extra></extra>"
        ),
        **_SELECTABLE,
    )


def _squares(marks: pd.DataFrame, palette: Palette, place: int) -> go.Scatter:
    """A dot a square, whose area says how many songs are in it."""
    area = {"size": marks["songs"] / marks["songs"].max(), "sizemode": "area", "sizeref": 2 / _SQUARE_PX**2}
    return go.Scatter(
        x=(marks["reference"] + marks["reference_to"]) / 2,
        y=(marks["predicted"] + marks["predicted_to"]) / 2,
        marker={"color": palette.runs[place], "symbol": RUN_SHAPES[place], "opacity": 0.85, "sizemin": 2, **area},
        customdata=marks[["songs"]].to_numpy(),
        hovertemplate="%{customdata[0]:,} songs<extra></extra>",
        **_SELECTABLE,
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


def residuals(table: pd.DataFrame, palette: Palette, *, place: int = 0) -> alt.LayerChart:
    """How many songs of one target are over- or underestimated by how much. Columns low, high, songs."""
    axis = alt.Axis(values=[-1, -0.5, 0, 0.5, 1], format="+.1f", titlePadding=4, labelFlush=False)
    x = alt.X("low:Q", title="predicted − reference", scale=alt.Scale(domain=[-1, 1]), axis=axis)
    bars = alt.Chart(table.assign(none=0)).mark_rect(color=palette.runs[place], opacity=0.7)
    y = alt.Y("songs:Q", title="songs", axis=alt.Axis(tickCount=3, tickMinStep=1))
    told = [alt.Tooltip("low", format="+.2f", title="from"), alt.Tooltip("high", format="+.2f", title="to"), "songs"]
    shown = bars.encode(x=x, x2="high:Q", y=y, y2="none:Q", tooltip=told)
    zero = alt.Chart(pd.DataFrame({"low": [0.0]})).mark_rule(color=palette.muted, strokeDash=[4, 4]).encode(x=x)
    return alt.layer(shown, zero).properties(height=120)
