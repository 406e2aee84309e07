"""What looks odd in the catalogue, the songs behind it, and what is kept from training."""

import streamlit as st

from pages.ui import cached, frame, job_panel, places, quality_parts

frame.heading(
    "Data quality",
    "What looks odd, with the songs behind it. An excluded song is neither trained nor measured on; each run tells what"
    " it left out.",
)
if not cached.counts()["tracks"]:
    st.info("There are no songs yet.")
    st.page_link(places.COLLECT, label="Collect songs", icon=":material/library_add:")
    st.stop()

left, right = st.columns([3, 2], gap="large")
with left:
    quality_parts.checks()
with right:
    quality_parts.exclusions()
    st.subheader("Jobs", anchor=False)
    job_panel.panel(kind="levels", limit=2)
quality_parts.coverage()
