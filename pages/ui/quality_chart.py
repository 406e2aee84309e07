"""Coverage by genre and decade, as a chart. Knows no Streamlit: colours come in as a palette."""

import altair as alt
import pandas as pd

from pages.ui.palette import Palette


def coverage(table: pd.DataFrame, palette: Palette) -> alt.LayerChart:
    """Songs by genre group and decade: the darker, the more; `table` has genre_group, decade and tracks."""
    says = table.assign(says=table["tracks"].map("{:,}".format))
    order = [*sorted(set(table["decade"]) - {"not known"}), "not known"]
    base = alt.Chart(says).encode(
        x=alt.X("decade:O", title=None, sort=order, axis=alt.Axis(labelAngle=0, orient="top", labelOverlap=True)),
        y=alt.Y("genre_group:N", title=None, axis=alt.Axis(labelLimit=200)),
        tooltip=["genre_group", "decade", alt.Tooltip("tracks", format=",")],
    )
    cells = base.mark_rect().encode(
        color=alt.Color(
            "tracks:Q", legend=None, scale=alt.Scale(type="symlog", range=[palette.magnitude[0], palette.magnitude[1]])
        )
    )
    text = base.mark_text(fontSize=10, color=palette.ink).encode(text="says:N")
    return (cells + text).properties(height=alt.Step(22))
