"""A song to listen to."""

import mimetypes
from pathlib import Path, PurePosixPath

import pandas as pd
import streamlit as st

from pages.ui import cached, words
from songfeat.errors import SongfeatError
from songfeat.locations import is_url


def player(clips: pd.DataFrame) -> None:
    """The first clip of a song, if its file is still there; `clips` has the columns of the catalogue."""
    if clips.empty:
        st.caption("There is no clip of this song.")
        return
    where = str(clips["path"].iloc[0])
    kind, _ = mimetypes.guess_type(PurePosixPath(where).name)
    if is_url(where):
        _from_storage(where, kind)
    elif Path(where).is_file():
        st.audio(Path(where), format=kind or "audio/wav")
    else:
        st.caption(f"Its file {words.literal(where)} is gone.")


def _from_storage(url: str, kind: str | None) -> None:
    try:
        st.audio(cached.fetched(url), format=kind or "audio/wav")
    except SongfeatError as error:
        st.caption(words.literal(str(error)))
