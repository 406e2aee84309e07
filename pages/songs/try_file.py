"""Any audio file: what the model that comes with Songfeat says of it, and how sure it is."""

import streamlit as st

from pages.ui import charts, frame, tables, trying, words

palette = frame.colours()
frame.heading(
    "Try a file", "Features of any audio file, from the model that comes with Songfeat; nothing leaves this machine."
)
chosen = trying.choose()
if chosen is None:
    st.info("Choose an audio file, or type where one lies. MP3, FLAC, Ogg, WAV, AIFF; M4A with songfeat[m4a].")
    trying.whole_library()
    st.stop()
answer = trying.answer(chosen)
left, right = st.columns([7, 3], gap="large")
with left:
    st.altair_chart(charts.intervals(tables.intervals(answer), palette))
    st.caption("Dot: the value. Line: the interval that holds 80 in 100 songs' values. 0 is least, 1 most.")
with right, st.container(border=True):
    st.markdown(f"**{words.literal(chosen.name)}**")
    st.audio(chosen.path)
    st.caption(words.heard(answer))
    trying.add_to_library(chosen)
for warning in words.trust(answer):
    st.warning(warning, icon=":material/help:")
st.dataframe(
    tables.intervals(answer), hide_index=True, column_config=frame.three_decimals(["value", "low", "high", "spread"])
)
