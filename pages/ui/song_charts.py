"""From one song's or file's values to charts: whose each is, and how sure. Knows no Streamlit; colours are a palette.

`values` has the columns feature, whose, value, low, high and kind
(``"reference"`` or ``"run"``), in the order in which they are to be shown;
low and high are NaN where there is no interval.
"""

import html
from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pages.ui import words
from pages.ui.palette import REFERENCE_SHAPE, RUN_SHAPES, Palette
from songfeat.labels import ALL_TARGETS, FEATURES

_UNIT = alt.Scale(domain=[0, 1], nice=False)
_ROW_PX, _ALONE_PX = 14, 34
_APART_DEGREES = 4
_SHADE = 0.4
_DASHES = ("solid", "dash", "dot")


@dataclass(frozen=True)
class _Mark:
    """How one that gives values is told from the others: by colour, fill, shape and line."""

    colour: str
    filled: bool
    shape: str
    dash: str


def song_values(values: pd.DataFrame, palette: Palette) -> alt.LayerChart:
    """Values by target, each with its interval where it has one, told apart by shape, colour and line.

    The first source of reference values is a full diamond, others are hollow ones.
    """
    said, marks = _said(values), _marks(values, palette)
    order = list(marks)
    colours = [mark.colour for mark in marks.values()]
    fills = [mark.colour if mark.filled else palette.background for mark in marks.values()]
    shapes = [mark.shape for mark in marks.values()]
    legend = alt.Legend(orient="top", title=None, labelLimit=360, symbolSize=110, symbolOpacity=1, columns=2)
    alone = len(order) == 1
    base = alt.Chart(said).encode(
        y=alt.Y("feature:N", title=None, sort=list(ALL_TARGETS), axis=alt.Axis(grid=True, labelLimit=200)),
        yOffset=alt.YOffset("whose:N", sort=order),
        stroke=alt.Stroke("whose:N", scale=alt.Scale(domain=order, range=colours), legend=legend),
        tooltip=["feature", "whose", alt.Tooltip("says:N", title="value"), alt.Tooltip("meaning:N", title="means")],
    )
    x = alt.X("value:Q", title=None, scale=_UNIT, axis=alt.Axis(format=".1f", tickMinStep=0.1))
    rule = base.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=5, opacity=_SHADE)
    points = base.mark_point(opacity=1, size=100, strokeWidth=1.5).encode(
        x=x,
        fill=alt.Fill("whose:N", scale=alt.Scale(domain=order, range=fills), legend=legend),
        shape=alt.Shape("whose:N", scale=alt.Scale(domain=order, range=shapes), legend=legend),
    )
    ends = rule.encode(x=alt.X("low:Q", scale=_UNIT), x2="high:Q")
    return alt.layer(ends, points).properties(height=alt.Step(_ALONE_PX if alone else _ROW_PX))


def radar(values: pd.DataFrame, palette: Palette) -> go.Figure:
    """Values on a spoke each target, from 0 in the middle to 1, joined to an outline each; intervals along the spokes.

    Outlines are turned a little against one another, so that none hides another's intervals.
    """
    said, marks = _said(values), _marks(values, palette)
    targets = [name for name in ALL_TARGETS if name in set(said["feature"])]
    spokes = {name: 360 * place / len(targets) for place, name in enumerate(targets)}
    figure = go.Figure()
    for place, (whose, mark) in enumerate(marks.items()):
        own = said[said["whose"] == whose].set_index("feature").reindex(targets)
        turn = _APART_DEGREES * (place - (len(marks) - 1) / 2)
        angles = np.array([spokes[name] for name in targets]) + turn
        figure.add_traces([_interval_lines(own, angles, mark, whose), _outline(own, angles, mark, whose)])
    axis = {"gridcolor": palette.border, "linecolor": palette.border}
    between = 90 - 180 / len(targets)  # the first two spokes
    radial = {"range": [0, 1], "tickvals": [0.25, 0.5, 0.75, 1], "angle": between, "tickangle": between}
    figure.update_layout(
        height=460,
        margin={"l": 40, "r": 40, "t": 30, "b": 30},
        legend={"orientation": "h", "y": 1.12, "yanchor": "bottom", "x": 0},
        polar={
            "bgcolor": "rgba(0,0,0,0)",
            "radialaxis": {**axis, **radial},
            "angularaxis": {
                **axis,
                "tickvals": list(spokes.values()),
                "ticktext": targets,
                "direction": "clockwise",
                "rotation": 90,
            },
        },
    )
    return figure


def _outline(own: pd.DataFrame, angles: np.ndarray, mark: _Mark, whose: str) -> go.Scatterpolar:
    told = own[["says", "meaning"]].assign(feature=own.index).to_numpy()
    closed = [*range(len(own)), 0]
    return go.Scatterpolar(
        r=own["value"].clip(0, 1).to_numpy()[closed],
        theta=angles[closed],
        customdata=told[closed],
        name=html.escape(whose),
        legendgroup=html.escape(whose),
        mode="lines+markers",
        line={"color": mark.colour, "width": 2, "dash": mark.dash},
        marker={"symbol": mark.shape + ("" if mark.filled else "-open"), "size": 9, "color": mark.colour},
        hovertemplate=f"<b>%{{customdata[2]}}</b> %{{customdata[0]}}<br>{html.escape(whose)}"
        "<br>%{customdata[1]}<extra></extra>",
    )


def _interval_lines(own: pd.DataFrame, angles: np.ndarray, mark: _Mark, whose: str) -> go.Scatterpolar:
    gap = np.full(len(own), np.nan)
    return go.Scatterpolar(
        r=np.column_stack([own["low"], own["high"], gap]).ravel(),
        theta=np.column_stack([angles, angles, angles]).ravel(),
        legendgroup=html.escape(whose),
        showlegend=False,
        mode="lines",
        line={"color": mark.colour, "width": 6},
        opacity=_SHADE,
        hoverinfo="skip",
    )


def _said(values: pd.DataFrame) -> pd.DataFrame:
    """With what is said of each on hover: the value with its interval, and what the target means."""
    return values.assign(
        says=[words.estimate(row.value, row.low, row.high) for row in values.itertuples()],
        meaning=[FEATURES[name].meaning for name in values["feature"]],
    )


def _marks(values: pd.DataFrame, palette: Palette) -> dict[str, _Mark]:
    """The mark of each that gives values, by its kind and its place among those of its kind."""
    named = values.drop_duplicates("whose")
    places = named.groupby("kind").cumcount()
    return {
        whose: _Mark(palette.runs[place], True, RUN_SHAPES[place], "solid")
        if kind == "run"
        else _Mark(palette.ink, not place, REFERENCE_SHAPE, _DASHES[place % len(_DASHES)])
        for whose, kind, place in zip(named["whose"], named["kind"], places, strict=True)
    }
