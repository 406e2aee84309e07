"""Any audio file: what a model says of it, how sure that is, and which songs are like it."""

import streamlit as st

from pages.ui import frame, song_tables, song_views, trying, trying_neighbours, words

frame.heading(
    "Try a file", "Features of any audio file or recording, from a model of your choice; nothing leaves this machine."
)
way_place, asked_place = st.columns([4, 3], gap="large")
chosen = trying.choose(way_place)
asked = trying.ask(asked_place)
if chosen is None:
    st.info("Choose an audio file, record one, or type where one lies. At least 6 seconds of sound.")
    trying.whole_library()
    st.stop()
answer = trying.answer(chosen, asked)
values = song_tables.predicted_values(answer.values, answer.intervals, asked.label)
left, right = st.columns([7, 3], gap="large")
with left:
    song_views.values(values, heading="Predicted")
with right, st.container(border=True):
    st.markdown(f"**{words.literal(chosen.name)}**")
    st.audio(chosen.path)
    st.caption(f"{answer.heard} · {words.literal(asked.label)}")
    trying.keep(chosen)
for warning in answer.warnings:
    st.warning(warning, icon=":material/help:")
table = song_tables.of_file(values, answer.spread)
st.dataframe(
    table,
    hide_index=True,
    column_config=frame.three_decimals(table.columns[1:]),
    placeholder="–",
    alt="Predicted values by target",
)
st.caption(answer.certainty)
trying_neighbours.nearest(answer, asked)
