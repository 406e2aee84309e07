"""Coverage by genre and decade, as a chart. Knows no Streamlit: colours come in as a palette."""

import altair as alt
import numpy as np
import pandas as pd

from pages.ui.palette import Palette


def coverage(table: pd.DataFrame, palette: Palette) -> alt.LayerChart:
    """Songs by genre group and decade: the fuller the colour, the more; `table` has genre_group, decade and tracks."""
    # Of ink and background, whichever is dark is read on the fullest cells of either theme.
    dark = min(palette.ink, palette.background)
    full = np.log1p(table["tracks"]) > np.log1p(table["tracks"].max()) / 2
    says = table.assign(says=table["tracks"].map("{:,}".format), on=np.where(full, dark, palette.ink))
    order = [*sorted(set(table["decade"]) - {"not known"}), "not known"]
    base = alt.Chart(says).encode(
        x=alt.X("decade:O", title=None, sort=order, axis=alt.Axis(labelAngle=0, orient="top", labelOverlap=True)),
        y=alt.Y("genre_group:N", title=None, axis=alt.Axis(labelFlush=False, labelBound=False, labelLimit=200)),
        tooltip=["genre_group", "decade", alt.Tooltip("tracks", format=",")],
    )
    cells = base.mark_rect().encode(
        color=alt.Color(
            "tracks:Q", legend=None, scale=alt.Scale(type="symlog", range=[palette.magnitude[0], palette.magnitude[1]])
        )
    )
    text = base.mark_text(fontSize=12).encode(text="says:N", color=alt.Color("on:N", scale=None))
    return (cells + text).resolve_scale(color="independent").properties(height=alt.Step(24))
