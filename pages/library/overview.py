"""What the workspace holds, how close the best models come, and what to do next."""

import streamlit as st

from pages.ui import cached, charts, frame, job_panel, tables, words
from pages.ui.next_step import next_step
from store import jobs

frame.heading("Overview", "What this workspace holds, how close the best models come, and what to do next.")
counts = cached.counts()
palette = frame.colours()

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

best = cached.best_by_target("mae", lower_is_better=True)
left, right = st.columns([6, 5], gap="medium")
with left:
    st.subheader("Best run of each target", anchor=False)
    if best.empty:
        st.caption("Once a run is finished: how far its guesses are off, on songs that it never saw.")
    else:
        names = list(best["source"].unique())
        source = st.selectbox("Measured against", names, format_func=words.source) if len(names) > 1 else names[0]
        best = best[best["source"] == source]
        st.caption(
            "Dot: the error, with its 95 % interval, of the run that gains most over always answering the mean (tick),"
            f" on songs that it never saw. Reference values: {words.source(source)}.",
            help=words.metric_help(),
        )
        st.altair_chart(charts.best_runs(best, palette))
        st.dataframe(tables.best_runs(best), hide_index=True, column_config=frame.thousands(["n"]))
with right:
    st.subheader("Coverage by source", anchor=False)
    coverage = cached.coverage_by_source()
    if coverage.empty:
        st.caption("No song has reference values yet.")
    else:
        st.caption("Whose reference values there are, and for how many of those songs there is what else is needed.")
        named = tables.coverage(coverage)
        st.altair_chart(charts.coverage(named, palette))
        st.dataframe(named, hide_index=True, column_config=frame.thousands(named.columns[1:]))
    st.subheader("Songs by genre", anchor=False)
    st.altair_chart(charts.genres(cached.tracks_by_genre(), palette))
