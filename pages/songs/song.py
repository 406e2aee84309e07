"""One song: what the sources say of it and what the runs predict, side by side, and which songs are like it."""

import streamlit as st

from pages.ui import cached, frame, pickers, places, song_neighbours, song_sound, song_tables, song_views, tables, words
from pages.ui.player import player

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
intervals = {run_id: cached.intervals_of_run(run_id) for run_id in run_ids}
values = song_tables.song_values(song, run_ids, labels, intervals)
left, right = st.columns([7, 3], gap="large")
with left:
    if values.empty:
        st.caption("No source gives reference values for this song, and no run has predicted it.")
    else:
        song_views.values(values, heading="Predicted and reference")
with right, st.container(border=True):
    st.markdown("**Listen**")
    player(clips)
    if len(clips):
        st.page_link(places.MFCC, label="See its sound", icon=":material/graphic_eq:", query_params={"track": track_id})
    st.caption(words.musical(song_tables.musical_values(song)))
if len(values):
    references = values.loc[values["kind"] == song_tables.REFERENCE, "whose"]
    st.dataframe(
        song_tables.by_target(values),
        hide_index=True,
        column_config=frame.three_decimals(references),
        placeholder="–",
        alt="Values by target",
    )
sources = list(song["reference"]["source"].unique())
left, right = st.columns([1, 1], gap="large")
with left:
    if len(values):
        st.subheader("Whose values these are", anchor=False)
        st.markdown(song_tables.whose(song, run_ids, labels, intervals))
with right:
    if sources:
        song_neighbours.in_its_genre(track_id, sources, track.get("genre_group"))
song_neighbours.most_similar(song, run_ids, labels)
song_sound.mfcc(track_id, clips)
