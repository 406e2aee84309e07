"""One song: what the sources say of it and what the runs predict, side by side."""

import streamlit as st

from pages.ui import cached, charts, frame, pickers, places, song_neighbours, tables, words
from pages.ui.player import player

palette = frame.colours()
title_place = st.container()
all_runs = tables.predicting_values(cached.all_runs())
labels = words.run_labels(all_runs)
search_place, list_place, runs_place = st.columns([2, 3, 3])
track_id = pickers.song(search_place, list_place, page="song")
run_ids = pickers.runs(runs_place, all_runs, labels, page="song", default=tables.first_runs(all_runs, 2))
if track_id is None:
    with title_place:
        frame.heading("Song", "Search for a title or an artist; see what sources say of a song and what runs predict.")
    st.info("No song is found." if cached.counts()["tracks"] else "There are no songs yet.")
    st.page_link(places.COLLECT, label="Collect songs", icon=":material/library_add:")
    st.stop()

song = cached.song(track_id)
track, clips = song["track"], song["clips"]
with title_place:
    frame.heading(words.literal(track.get("title", track_id)), words.literal(words.song_line(track)))
values = tables.song_values(song, run_ids, labels)
left, right = st.columns([7, 3], gap="large")
with left:
    st.subheader("Predicted and reference", anchor=False)
    if values.empty:
        st.caption("No source gives reference values for this song, and no run has predicted it.")
    else:
        st.altair_chart(charts.song_values(values, palette))
        st.caption("Diamond: a reference value. Other shapes: what a run predicts. 0 is least, 1 most.")
with right, st.container(border=True):
    st.markdown("**Listen**")
    player(clips)
    if len(clips):
        st.page_link(places.MFCC, label="See its sound", icon=":material/graphic_eq:", query_params={"track": track_id})
    st.caption(words.musical(tables.musical_values(song)))
if len(values):
    st.dataframe(
        tables.by_target(values), hide_index=True, column_config=frame.three_decimals(values["whose"]), placeholder="–"
    )
    st.markdown("**Whose values these are**")
    st.markdown(tables.whose(song, run_ids, labels))
if len(song["reference"]):
    song_neighbours.among_others(track_id, list(song["reference"]["source"].unique()), track.get("genre_group"))
