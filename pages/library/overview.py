"""What the workspace holds, how close the best models come, and what to do next."""

import streamlit as st

from pages.ui import cached, frame, job_panel, overview_parts, words
from pages.ui.next_step import next_step
from store import jobs

frame.heading("Overview", "What this workspace holds, how close the best models come, and what to do next.")
counts = cached.counts()

with st.container(horizontal=True, vertical_alignment="center"):
    st.markdown(words.contents(counts, len(cached.sources())), width="stretch")
    at_work = bool(jobs.live(cached.workspace()))
    step = next_step(counts, clips_waiting=cached.clips_waiting("report"), at_work=at_work)
    if step:
        st.markdown(step.reason, width="content")
        if st.button(step.verb, type="primary", icon=":material/arrow_forward:", icon_position="right"):
            st.switch_page(step.page, query_params=step.address)
job_panel.at_work()

if not counts["tracks"]:
    if at_work:
        st.caption("Every page fills as songs come in. The demo library holds songs that Songfeat synthesises itself.")
    st.stop()

overview_parts.best_runs()
left, right = st.columns([6, 5], gap="large")
with left:
    overview_parts.coverage()
with right:
    overview_parts.genres()
