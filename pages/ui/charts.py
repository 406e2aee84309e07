"""From DataFrames to charts of small marks, with Altair. Knows no Streamlit: colours come in as a palette.

Values of features run from 0 to 1 on every axis.
"""

from collections.abc import Mapping

import altair as alt
import pandas as pd

from pages.ui.palette import Palette
from songfeat.labels import ALL_TARGETS

MOST_SOURCES = 5
"""A chart of sources shows the largest; the table beneath it shows all."""

_UNIT = alt.Scale(domain=[0, 1], nice=False)
_NAMES = alt.Axis(labelFlush=False, labelBound=False, labelLimit=200)
_ROW_PX = 20
_SMALL_PX = (120, 80)


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


def errors_by_epoch(table: pd.DataFrame, mean: Mapping[str, float], palette: Palette) -> alt.FacetChart:
    """Validation error by epoch, a picture each target, with what the mean predictor scores as a dashed line.

    `table` has the columns epoch, feature, value; `mean` gives the mean predictor's error by target, as far as known.
    """
    names = [name for name in ALL_TARGETS if name in set(table["feature"])]
    shown = table.assign(mean=table["feature"].map(dict(mean)).astype(float))
    x = alt.X("epoch:Q", title=None, axis=alt.Axis(tickMinStep=1, tickCount=4, format="d", labelFlush=False))
    colour = alt.Color("feature:N", scale=alt.Scale(domain=names, range=[palette.targets[name] for name in names]))
    base = alt.Chart(shown)
    axis = alt.Axis(tickCount=3, format=".3f")
    line = base.mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=14)).encode(
        x=x,
        y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=False), axis=axis),
        color=colour.legend(None),
        tooltip=["epoch", "feature", *(alt.Tooltip(name, format=".3f") for name in ("value", "mean"))],
    )
    rule = base.mark_rule(color=palette.ink, strokeDash=[5, 3], opacity=0.7).encode(y="mean(mean):Q")
    head = alt.Header(title=None, labelFontWeight="bold", labelColor=palette.ink, labelPadding=4)
    picture = alt.layer(line, rule).properties(width=_SMALL_PX[0], height=_SMALL_PX[1])
    facets = picture.facet(facet=alt.Facet("feature:N", sort=names, header=head), columns=3, spacing=14)
    return facets.resolve_scale(y="independent")
