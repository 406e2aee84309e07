"""A song's sound on its page: drawn only once somebody asks, as that decodes the clip."""

from pathlib import Path

import pandas as pd
import streamlit as st

from pages.ui import cached, frame, heatmaps, places, sound_parts, words
from songfeat.locations import is_url
from songfeat.specs import get_spec

_HEIGHT_PX = 440
_PLAIN = {"displayModeBar": False}
_PICTURE = "Waveform, mel spectrogram and MFCCs over time"


def mfcc(track_id: str, clips: pd.DataFrame) -> None:
    """The waveform and MFCCs of the first clip, behind a line to open."""
    if clips.empty:
        return
    clip = clips.iloc[0]
    with st.expander(
        "Its MFCC", icon=":material/graphic_eq:", key="mfcc", on_change="rerun", bind="query-params"
    ) as it:
        if not it.open:
            return
        if not (is_url(clip["path"]) or Path(clip["path"]).is_file()):
            st.caption(f"Its file {words.literal(clip['path'])} is gone.")
            return
        figure = heatmaps.sound(
            cached.listen(clip["path"], clip["sha256"], sound_parts.SPEC), frame.colours(), relative=True
        )
        st.plotly_chart(figure.update_layout(height=_HEIGHT_PX), key="its-sound", config=_PLAIN, alt=_PICTURE)
        st.caption(
            "Each coefficient's distance from its own mean over the clip, in standard deviations. "
            + words.spec_line(get_spec(sound_parts.SPEC))
        )
        st.page_link(places.MFCC, label="More of its sound", query_params={"track": track_id})
