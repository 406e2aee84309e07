"""A song to listen to."""

import mimetypes
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.ui import words


def player(clips: pd.DataFrame) -> None:
    """The first clip of a song, if its file is still there; `clips` has the columns of the catalogue."""
    if clips.empty:
        st.caption("There is no clip of this song.")
        return
    path = Path(clips["path"].iloc[0])
    if not path.is_file():
        st.caption(f"Its file {words.literal(str(path))} is gone.")
        return
    kind, _ = mimetypes.guess_type(path)
    st.audio(path, format=kind or "audio/wav")
