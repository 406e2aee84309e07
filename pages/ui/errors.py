"""The one place where an error becomes a sentence on the page."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from pages.ui.words import literal
from songfeat.errors import SongfeatError


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Show the sentence of an error that a person can act on, and end the page there; others pass."""
    try:
        yield
    except SongfeatError as error:
        st.error(literal(str(error)), icon=":material/error:")
        st.stop()
