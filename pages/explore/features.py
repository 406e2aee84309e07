"""What features are like: how they are spread, how they go together, and where songs lie among them."""

import streamlit as st

from pages.ui import cached, feature_parts, frame, places, words

VIEWS = {
    "Distributions": feature_parts.distributions,
    "Correlations": feature_parts.correlations,
    "Songs": feature_parts.scatter,
}

frame.heading(
    "Features", "How the values of features are spread, how they go together, and where songs lie among them."
)
sources = cached.sources()
if not sources:
    st.info("No song has reference values yet. Import a table that has some, or wait for the demo library.")
    st.page_link(places.COLLECT, label="Collect songs", icon=":material/library_add:")
    st.stop()
view_place, source_place = st.columns([4, 3])
view = view_place.segmented_control(
    "View", list(VIEWS), default="Distributions", required=True, key="view", bind="query-params"
)
source = source_place.selectbox("Values of", sources, format_func=words.source, key="values_of", bind="query-params")
VIEWS[view](source)
