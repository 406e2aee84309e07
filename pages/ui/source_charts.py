"""Two sources beside each other, as charts. Knows no Streamlit: colours come in as a palette."""

import altair as alt
import pandas as pd

from pages.ui.palette import Palette
from songfeat.labels import FEATURES

_HEIGHT_PX = 320
_TOLD = ["title", "artist", "genre_group"]


def against(songs: pd.DataFrame, feature: str, names: tuple[str, str], palette: Palette) -> alt.LayerChart:
    """The one source's values over the other's; on the dashed line they are the same.

    `songs` has the columns first and second besides title, artist and genre_group.
    """
    scale = alt.Scale(domain=_span(songs, feature), nice=False)
    ends = pd.DataFrame({"at": scale.domain})
    line = alt.Chart(ends).mark_line(strokeDash=[4, 4], color=palette.muted).encode(x="at:Q", y="at:Q")
    dots = (
        alt.Chart(songs)
        .mark_circle(color=palette.accent, opacity=0.6, size=45)
        .encode(
            x=alt.X("first:Q", title=_titled(names[0], feature), scale=scale),
            y=alt.Y("second:Q", title=_titled(names[1], feature), scale=scale),
            tooltip=[*_TOLD, *(alt.Tooltip(name, format=".3f") for name in ("first", "second"))],
        )
    )
    return (line + dots).properties(height=_HEIGHT_PX)


def differences(
    songs: pd.DataFrame, feature: str, names: tuple[str, str], limits: dict[str, float], palette: Palette
) -> alt.LayerChart:
    """Bland and Altman's plot: each song's difference over its mean, with bias and limits of agreement.

    `limits` gives bias, lower_limit and upper_limit.
    """
    table = songs.assign(mean=(songs["first"] + songs["second"]) / 2, difference=songs["first"] - songs["second"])
    says = {"upper_limit": "upper limit", "bias": "bias", "lower_limit": "lower limit"}
    marks = pd.DataFrame({"at": [limits[name] for name in says], "what": list(says.values())}).dropna()
    marks["says"] = marks["what"] + marks["at"].map(" {:.3f}".format).str.replace("-", "−")
    rules = alt.Chart(marks).encode(y="at:Q")
    dash = alt.condition("datum.what == 'bias'", alt.value([1, 0]), alt.value([5, 4]))
    text = rules.mark_text(align="right", baseline="bottom", dy=-2, color=palette.ink).encode(
        x=alt.value("width"), text="says:N"
    )
    dots = (
        alt.Chart(table)
        .mark_circle(color=palette.accent, opacity=0.6, size=45)
        .encode(
            x=alt.X("mean:Q", title=_titled("mean of both", feature), scale=alt.Scale(zero=False)),
            y=alt.Y("difference:Q", title=f"{names[0]} less {names[1]}"),
            tooltip=[*_TOLD, alt.Tooltip("difference", format=".3f")],
        )
    )
    return (rules.mark_rule(color=palette.ink, opacity=0.6).encode(strokeDash=dash) + text + dots).properties(
        height=_HEIGHT_PX
    )


def _span(songs: pd.DataFrame, feature: str) -> list[float]:
    """From 0 to 1 for what is measured so, else as far as the values go."""
    limits = FEATURES[feature]
    if not limits.unit:
        return [limits.low, limits.high]
    values = songs[["first", "second"]]
    return [float(values.min().min()), float(values.max().max())]


def _titled(text: str, feature: str) -> str:
    unit = FEATURES[feature].unit
    return f"{text} ({unit})" if unit else text
