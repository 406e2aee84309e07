"""The report that Songfeat reproduces, replayed on the songs that are here: which of its claims hold."""

import streamlit as st

from pages.ui import cached, frame, job_panel, pickers, places, replaying, words

frame.heading(
    "The report, replayed",
    "Every system of the course report that Songfeat reproduces, trained on your songs; its own corrected figures"
    " stand beneath ours.",
)
sources = cached.sources()
if not sources:
    st.info("There are no reference values to learn from yet.")
    st.page_link(places.COLLECT, label="Collect songs", icon=":material/library_add:")
    st.stop()
source_place, seed_place = st.columns([3, 1])
source = pickers.source(source_place, sources, page="report")
seed = seed_place.number_input(
    "Seed", min_value=0, value=0, help="Of the splits and of first weights.", key="seed", bind="query-params"
)
with st.spinner("Comparing runs song by song …"):
    found = cached.replay(source=source, seed=int(seed))
job_panel.panel(kind="report", limit=1, none=None)
if found.missing:
    replaying.offer(found)
if not found.tables:
    st.stop()
replaying.claims(found)
metric = pickers.metric("mae", "mse", "pearson")
replaying.experiments(found, metric)
replaying.tables_of(found, metric)
st.caption(
    f"Learned from {words.literal(words.source(found.source))}; test songs only, split by artist where nothing else is"
    " said. The report measured on 21,325 songs split at random: its figures are a landmark, not a rival."
)
