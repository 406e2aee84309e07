"""The library as a table: filtered, sorted, page by page; a row can be heard and leads to its song."""

import math

import streamlit as st

from pages.ui import cached, frame, places, song_list, tracks_controls, words

PAGE_ROWS = 50
LINE_PX = 90

frame.heading("Tracks", "Every song of the library, as a table. Choose a row to hear the song and to go to its page.")
if not cached.counts()["tracks"]:
    st.info("There are no songs yet.")
    st.page_link(places.COLLECT, label="Collect songs", icon=":material/library_add:")
    st.stop()

wanted, sort = tracks_controls.controls()
found = cached.track_count(wanted)
if not found:
    st.info("No song fits all of these. Leave one of them out.")
    st.stop()

# As high as a song's line, or the table would jump when one is chosen.
listen_place = st.container(border=True, height=LINE_PX, vertical_alignment="center")
said_place, pages_place = st.columns([3, 4], vertical_alignment="center")
with pages_place.container(horizontal_alignment="right"):
    number = st.pagination(max(1, math.ceil(found / PAGE_ROWS)), key="page", bind="query-params")
first = (number - 1) * PAGE_ROWS
songs = cached.track_page(wanted, sort=sort, limit=PAGE_ROWS, offset=first)
whose = f" Values: {words.literal(words.source(wanted.source))}." if wanted.source else ""
said_place.caption(f"{first + 1:,} to {first + len(songs):,} of {words.count(found, 'song')}.{whose}")
rows = song_list.table(songs, key=f"tracks {wanted} {sort} {number}")
with listen_place:
    song_list.chosen(songs, rows, hint="Choose a row by the box at its left to hear the song.")
