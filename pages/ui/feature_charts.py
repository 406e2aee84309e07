"""From DataFrames to charts of features: spread, correlation, scatter. Knows no Streamlit; colours are a palette."""

import altair as alt
import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pages.ui import browsing_tables
from pages.ui.heatmaps import SMALL
from pages.ui.palette import REFERENCE_SHAPE, Palette
from songfeat.labels import FEATURES
from store.distributions import CORRELATED
from store.scatter import Cloud, View

_ROW_PX = 26
_MARGINS = {"l": 10, "r": 10, "t": 10, "b": 10}
_LARGEST_PX, _SQUARE_PX = 22, 15


def spread(shares: pd.DataFrame, summary: pd.DataFrame, feature: str, palette: Palette) -> alt.LayerChart:
    """A strip each group: the fuller its colour, the more of the group's songs; the median and the middle half on it.

    `shares` and `summary` are those of :mod:`store.distributions`.
    """
    names = {row.group: browsing_tables.group(row.group, row.n, SMALL) for row in summary.itertuples()}
    order = list(names.values())
    axis = alt.Axis(labelFlush=False, labelBound=False, labelLimit=240, grid=False, ticks=False, domain=False)
    y = alt.Y("name:N", sort=order, title=None, axis=axis, scale=alt.Scale(paddingInner=0.18, paddingOuter=0.05))
    unit = alt.Scale(domain=[0, 1], nice=False) if _runs_to_1(feature) else alt.Scale(zero=False, nice=False)
    colour = palette.targets.get(feature, palette.accent)
    # The root lets one see the tail of a feature that has most of its songs in one bin.
    depth = alt.Scale(type="sqrt", range=[0.05, 1], domainMin=0)
    said = [
        alt.Tooltip("name:N", title="group"),
        alt.Tooltip("low:Q", title="from", format=".3f"),
        alt.Tooltip("high:Q", title="to", format=".3f"),
        alt.Tooltip("share:Q", title="of its songs", format=".1%"),
        alt.Tooltip("songs:Q", title="songs", format=","),
    ]
    strips = alt.Chart(shares.assign(name=shares["group"].map(names))).mark_rect(color=colour)
    strips = strips.encode(
        x=alt.X("low:Q", scale=unit, title=browsing_tables.axis(feature), axis=alt.Axis(grid=False, tickCount=6)),
        x2="high:Q",
        y=y,
        opacity=alt.Opacity("share:Q", scale=depth, legend=None),
        tooltip=said,
    )
    middles = summary.assign(name=summary["group"].map(names))
    told = [
        alt.Tooltip(column, title=column.replace("_", " "), format=".3f")
        for column in ("quarter", "median", "three_quarters")
    ]
    base = alt.Chart(middles).encode(y=y, tooltip=["name", *told])
    half = base.mark_rule(color=palette.ink, strokeWidth=2, opacity=0.75).encode(x="quarter:Q", x2="three_quarters:Q")
    median = base.mark_point(filled=True, shape="circle", size=70, opacity=1, color=palette.ink).encode(x="median:Q")
    return (strips + half + median).properties(height=alt.Step(_ROW_PX))


def correlations(table: pd.DataFrame, palette: Palette) -> go.Figure:
    """Pearson's r of each two features, below the diagonal; `table` as :func:`store.distributions.correlations`."""
    wide = table.pivot(index="second", columns="first", values="r")
    across, down = list(CORRELATED[:-1]), list(CORRELATED[:0:-1])  # Plotly draws the last row at the top
    values = wide.reindex(index=down, columns=across).to_numpy(dtype=float)
    text = np.where(np.isnan(values), "", np.char.mod("%.2f", np.round(values, 2) + 0.0))  # no minus before a 0
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=[name.replace("_", " ") for name in across],
            y=[name.replace("_", " ") for name in down],
            text=np.char.replace(text, "-", "\N{MINUS SIGN}"),
            texttemplate="%{text}",
            hovertemplate="%{y} and %{x}: r = %{z:.2f}<extra></extra>",
            hoverongaps=False,
            colorscale=list(palette.difference),
            zmin=-1,
            zmax=1,
            xgap=2,
            ygap=2,
            colorbar={"title": "r", "thickness": 12},
        )
    )
    figure.update_layout(height=80 + 36 * len(down), margin=_MARGINS)
    figure.update_xaxes(side="bottom", showgrid=False)
    figure.update_yaxes(showgrid=False)
    return figure


def cloud(shown: Cloud, view: View, palette: Palette) -> go.Figure:
    """One value over another: a dot a song, or a dot a square whose area says how many songs it stands for."""
    marks = shown.marks
    trace = go.Scatter(
        x=marks["x"],
        y=marks["y"],
        mode="markers",
        marker=_marker(shown, view, palette),
        customdata=_told(marks),
        hovertemplate=_hover(shown, view),
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 0.12}},
    )
    figure = go.Figure(trace)
    figure.update_layout(height=440, margin=_MARGINS, dragmode="lasso", showlegend=False)
    figure.update_xaxes(title_text=browsing_tables.axis(view.x), **_range(view.x))
    figure.update_yaxes(title_text=browsing_tables.axis(view.y), **_range(view.y))
    return figure


def _marker(shown: Cloud, view: View, palette: Palette) -> dict[str, object]:
    marks = shown.marks
    marker: dict[str, object] = {"color": palette.accent, "opacity": 0.6, "size": 8, "line": {"width": 0}}
    if "colour" in marks:
        title = browsing_tables.axis(view.colour or "") + (", mean" if shown.by_square else "")
        marker |= {
            "color": marks["colour"],
            "colorscale": list(palette.magnitude),
            "colorbar": {"title": {"text": title, "side": "right"}, "thickness": 12},
            "opacity": 0.85,
            # The palest end would be lost on the background.
            "line": {"width": 0.5, "color": palette.muted},
        }
        if _runs_to_1(view.colour or ""):
            marker |= {"cmin": 0, "cmax": 1}
    sized, largest = ("songs", _SQUARE_PX) if shown.by_square else ("size", _LARGEST_PX)
    if sized in marks:
        marker |= {"size": _areas(marks[sized]), "sizemode": "area", "sizeref": 2 / largest**2, "sizemin": 2}
    return marker


def _areas(values: pd.Series) -> pd.Series:
    """Shares of the largest area. Where values are negative, such as loudness, the smallest one has the least area."""
    from_zero = values - min(0.0, values.min())
    return from_zero / (from_zero.max() or 1.0)


def _told(marks: pd.DataFrame) -> np.ndarray:
    names = [name for name in ("title", "artist", "songs") if name in marks]
    return marks[names].fillna("not known").to_numpy()


def _hover(shown: Cloud, view: View) -> str:
    head = "%{customdata[0]:,} songs" if shown.by_square else "<b>%{customdata[0]}</b><br>%{customdata[1]}"
    colour = f"<br>{view.colour} %{{marker.color:.3f}}" if view.colour else ""
    return f"{head}<br>{view.x} %{{x:.3f}}<br>{view.y} %{{y:.3f}}{colour}<extra></extra>"


def _range(name: str) -> dict[str, object]:
    """A little more than from 0 to 1, so that dots at the ends are whole."""
    return {"range": [-0.02, 1.02], "zeroline": False} if _runs_to_1(name) else {"zeroline": False}


def _runs_to_1(name: str) -> bool:
    return name in FEATURES and not FEATURES[name].unit and not FEATURES[name].whole


def standing(table: pd.DataFrame, palette: Palette) -> alt.LayerChart:
    """How many of its genre's songs lie below a song; `table` as :func:`store.neighbours.standing` gives it."""
    said = table.assign(says=table["below"].map("{:.0%}".format))
    scale = alt.Scale(domain=[0, 1.1], nice=False)  # room for the last one's text
    y = alt.Y("feature:N", sort=list(table["feature"]), title=None, axis=alt.Axis(labelLimit=200))
    told = ["feature", alt.Tooltip("value:Q", format=".3f"), alt.Tooltip("says:N", title="have less"), "n"]
    axis = alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1], grid=False, labelFlush=False)
    base = alt.Chart(said).encode(y=y, tooltip=told)
    x = alt.X("below:Q", scale=scale, title=None, axis=axis)
    bars = base.mark_bar(height={"band": 0.35}, color=palette.muted, opacity=0.45).encode(x=x)
    marks = base.mark_point(filled=True, shape=REFERENCE_SHAPE, size=100, color=palette.ink, opacity=1).encode(x=x)
    text = base.mark_text(align="left", dx=10, fontSize=12, color=palette.ink).encode(x=x, text="says:N")
    middle = alt.Chart(pd.DataFrame({"below": [0.5]})).mark_rule(color=palette.muted, strokeDash=[4, 4]).encode(x=x)
    return (bars + middle + marks + text).properties(height=alt.Step(_ROW_PX))
