"""Bring songs in: tables, folders of audio, and the arrays that models learn from."""

import streamlit as st

from pages.ui import collect_forms, frame, job_panel, places, source_forms

frame.heading(
    "Collect",
    "Bring songs in from tables, from your own audio files and from sources on the web, then compute what models learn"
    " from.",
)
ways = {
    places.IMPORT: collect_forms.import_table,
    places.SCAN: collect_forms.scan_folder,
    places.ASK: source_forms.ask_source,
    places.EXTRACT: collect_forms.extract_arrays,
}
left, right = st.columns([3, 2], gap="large")
below = st.container()
with right:
    st.subheader("Jobs", anchor=False)
    st.caption("Long work goes on when you leave this page or close the browser. What stopped can be resumed.")
    job_panel.panel()
with below:
    collect_forms.turned_away()
# Last, so that a table that cannot be read hides nothing else.
with left:
    way = st.segmented_control(
        "What to do", list(ways), default=places.IMPORT, required=True, key="way", bind="query-params"
    )
    ways[way]()
