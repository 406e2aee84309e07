"""How trainings go, as charts. Knows no Streamlit: colours come in as a palette."""

from collections.abc import Mapping

import altair as alt
import pandas as pd

from pages.ui.palette import Palette
from songfeat.labels import ALL_TARGETS

_SMALL_PX = (120, 80)


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
