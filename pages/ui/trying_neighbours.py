"""The known songs that are nearest to a file, on the page Try a file."""

import streamlit as st

from pages.ui import cached, song_neighbours
from pages.ui.trying import Answer, Asked
from store.run_intervals import run_of_shipped


def nearest(answer: Answer, asked: Asked) -> None:
    """The songs of the library nearest to what is said of a file: by sources' values, or by what the same run says."""
    runs = cached.all_runs()
    same = run_of_shipped(runs) if asked.run is None else asked.run["run_id"]
    ways = song_neighbours.by_values(
        cached.sources(), [same] if same else [], {same: f"{asked.label}'s own predictions"} if same else {}
    )
    if not ways:
        return
    st.subheader("The nearest songs of the library", anchor=False)
    way = song_neighbours.choose("Among songs with", ways)
    song_neighbours.nearest(cached.nearest(answer.values, ways[way], limit=song_neighbours.NEAREST), way)
