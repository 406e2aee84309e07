"""From how songs sound to charts: coefficients over time, profiles, the map. Knows no Streamlit; colours come in."""

import altair as alt
import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages.ui.palette import RUN_SHAPES, Palette
from store.listening import Sound

DENSE = 5_000
"""From so many songs on, the map is drawn by the graphics card."""

_ROW_PX = 80
_MARGINS = {"l": 10, "r": 10, "t": 10, "b": 10}
_REST_OPACITY = 0.45


def trajectories(sound: Sound, chosen: list[int], palette: Palette) -> go.Figure:
    """How some coefficients go over a clip: a row each, on one time axis, each on a scale of its own."""
    figure = make_subplots(rows=len(chosen), cols=1, shared_xaxes=True, vertical_spacing=0.12 / len(chosen))
    for row, number in enumerate(chosen, start=1):
        figure.add_scatter(
            x=sound.frame_seconds,
            y=sound.coefficients[number],
            line={"color": palette.accent, "width": 1.5},
            hovertemplate=f"%{{x:.2f}} s<br>coefficient {number}: %{{y:.2f}}<extra></extra>",
            row=row,
            col=1,
        )
        figure.update_yaxes(title_text=str(number), nticks=4, zeroline=False, row=row, col=1)
    figure.update_layout(height=70 + _ROW_PX * len(chosen), margin=_MARGINS, showlegend=False)
    figure.update_xaxes(showgrid=False)
    figure.update_xaxes(title_text="time (seconds)", row=len(chosen), col=1)
    return figure


def profiles(table: pd.DataFrame, palette: Palette) -> alt.LayerChart:
    """The mean of each coefficient of two songs, or of a song and its genre, around the library's average clip.

    `table` has the columns coefficient, whose and value, and where it is of
    several songs low and high. The first stands in the accent, the second in
    the second run's colour, each with a shape of its own.
    """
    order = list(table["whose"].unique())
    colour = alt.Color(
        "whose:N",
        scale=alt.Scale(domain=order, range=list(palette.runs[: len(order)])),
        legend=alt.Legend(orient="top", title=None, labelLimit=420, symbolSize=110),
    )
    shape = alt.Shape("whose:N", scale=alt.Scale(domain=order, range=list(RUN_SHAPES[: len(order)])))
    told = ["whose", "coefficient", *(alt.Tooltip(name, format="+.2f") for name in ("value", "low", "high"))]
    shown = table.reindex(columns=["coefficient", "whose", "value", "low", "high"])
    x = alt.X("coefficient:O", title="MFCC coefficient", axis=alt.Axis(labelAngle=0, grid=True))
    base = alt.Chart(shown).encode(x=x, xOffset=alt.XOffset("whose:N", sort=order), color=colour)
    y = alt.Y("value:Q", title="deviations", axis=alt.Axis(format="+.1f"))
    bands = base.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=4, opacity=0.35)
    marks = base.mark_point(filled=True, opacity=1, size=70).encode(y=y, shape=shape, tooltip=told)
    zero = (
        alt.Chart(pd.DataFrame({"value": [0.0]})).mark_rule(color=palette.muted, strokeDash=[4, 4]).encode(y="value:Q")
    )
    return alt.layer(zero, bands.encode(y="low:Q", y2="high:Q"), marks).properties(height=300)


def sound_map(
    songs: pd.DataFrame,
    palette: Palette,
    *,
    explained: tuple[float, float] | None,
    chosen: np.ndarray | None,
    colour: tuple[str, pd.Series] | None,
) -> go.Figure:
    """Songs where they lie by how they sound: a dot each, near each other where they sound alike.

    Parameters
    ----------
    songs : pandas.DataFrame
        Columns title, artist, genre_group, x, y.
    palette : Palette
    explained : tuple of float or None
        The share of the variance along each axis.
    chosen : numpy.ndarray of bool or None
        Which songs stand out; the others are grey.
    colour : tuple of (str, pandas.Series) or None
        A feature from 0 to 1 and its values; songs without one are grey.
    """
    marker: dict[str, object] = {"size": 8, "opacity": 0.75, "color": palette.accent, "line": {"width": 0}}
    if colour is not None:
        title, values = colour
        marker |= {
            "color": values,
            "colorscale": list(palette.magnitude),
            "cmin": 0,
            "cmax": 1,
            "colorbar": {"title": {"text": title, "side": "right"}, "thickness": 12},
            # The palest end would be lost on the background.
            "line": {"width": 0.5, "color": palette.muted},
        }
    elif chosen is not None:
        marker |= {
            "color": np.where(chosen, palette.accent, palette.muted),
            "opacity": np.where(chosen, 0.9, _REST_OPACITY),
            "size": np.where(chosen, 9, 6),
        }
    dots = go.Scattergl if len(songs) > DENSE else go.Scatter
    figure = go.Figure(
        dots(
            x=songs["x"],
            y=songs["y"],
            mode="markers",
            marker=marker,
            customdata=songs[["title", "artist", "genre_group"]].fillna("not known").to_numpy(),
            hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<br>%{customdata[2]}<extra></extra>",
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 0.3}},
        )
    )
    figure.update_layout(height=480, margin=_MARGINS, dragmode="lasso", showlegend=False)
    for axis, place in ((figure.update_xaxes, 0), (figure.update_yaxes, 1)):
        name = ("first", "second")[place]
        title = f"{name} direction ({explained[place]:.0%} of the variance)" if explained else ""
        axis(title_text=title, showticklabels=bool(explained), zeroline=False)
    return figure
