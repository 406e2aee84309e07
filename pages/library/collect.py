"""Bring songs in: tables, folders of audio, and the arrays that models learn from."""

import streamlit as st

from pages.ui import cached, collect_forms, frame, job_panel, places, tables

frame.heading(
    "Collect", "Bring songs in from tables and from your own audio files, then compute what models learn from."
)
ways = {
    places.IMPORT: collect_forms.import_table,
    places.SCAN: collect_forms.scan_folder,
    places.EXTRACT: collect_forms.extract_arrays,
}
left, right = st.columns([3, 2], gap="large")
with left:
    way = st.segmented_control(
        "What to do", list(ways), default=places.IMPORT, required=True, key="way", bind="query-params"
    )
    ways[way]()
with right:
    st.subheader("Jobs", anchor=False)
    st.caption("Long work goes on when you leave this page or close the browser. What stopped can be resumed.")
    job_panel.panel()

rejected = cached.newest_rejects()
if len(rejected):
    st.subheader("Turned away", anchor=False)
    st.caption(f"Newest first, {len(rejected):,} shown. Everything else of the same files was brought in.")
    st.dataframe(tables.rejects(rejected), hide_index=True)
