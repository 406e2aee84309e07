"""Songs as audio models hear them: looked at, beside each other, taken apart and put together again, on a map."""

import streamlit as st

from pages.ui import cached, frame, pickers, places, playground, sound_map_parts, sound_parts

OF_ONE_SONG = {
    "Song": sound_parts.one_song,
    "Side by side": sound_parts.side_by_side,
    "Playground": playground.playground,
}
MAP = "Map"

frame.heading(
    "MFCC",
    "A song as an audio model hears it: how its timbre changes over time, in mel-frequency cepstral coefficients.",
)
view = st.segmented_control(
    "View",
    [*OF_ONE_SONG, MAP],
    default="Song",
    required=True,
    key="view",
    bind="query-params",
    label_visibility="collapsed",
)
if view == MAP:
    sound_map_parts.show()
    st.stop()
search_place, list_place, more_place = st.columns([2, 3, 3])
track_id = pickers.song(search_place, list_place, page="mfcc", with_clip=True)
if track_id is None:
    st.info("No song with a clip is here. Scan a folder of audio files, or wait for the demo library.")
    st.page_link(places.COLLECT, label="Collect songs", icon=":material/library_add:")
    st.stop()
OF_ONE_SONG[view](cached.song(track_id), more_place)
