"""How one song's or file's values are shown: as marks on lines, or as a radar."""

import pandas as pd
import streamlit as st

from pages.ui import frame, song_charts, words
from songfeat.intervals import LEVEL
from songfeat.labels import ALL_TARGETS

MARKS, RADAR = "Target by target", "Radar"
_PICTURE = "The values of the table beneath, from 0 to 1"
_PLAIN = {"displayModeBar": False}


def values(shown: pd.DataFrame, *, heading: str) -> None:
    """Values of one song, as :func:`pages.ui.song_tables.song_values` has them; its heading explains the targets."""
    targets = [name for name in ALL_TARGETS if name in set(shown["feature"])]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.subheader(heading, anchor=False, help=words.glossary(targets))
        view = st.segmented_control(
            "View",
            [MARKS, RADAR],
            default=MARKS,
            required=True,
            key="view",
            bind="query-params",
            label_visibility="collapsed",
        )
    if view == RADAR:
        figure = song_charts.radar(shown, frame.colours())
        st.plotly_chart(figure, key="radar", config=_PLAIN, alt=_PICTURE)
    else:
        st.altair_chart(song_charts.song_values(shown, frame.colours()), alt=_PICTURE)
    st.caption(_how_to_read(shown))


def _how_to_read(shown: pd.DataFrame) -> str:
    diamond = (shown["kind"] == "reference").any()
    marks = (
        "Diamond: a reference value. Other shapes: what a run predicts." if diamond else "Mark: the predicted value."
    )
    if shown["low"].isna().all():
        return f"{marks} 0 is least, 1 most."
    return f"{marks} Band: the interval that should hold {round(100 * LEVEL)} in 100 songs' values. 0 is least, 1 most."
