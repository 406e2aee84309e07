"""Look at a song's sound as models hear it: waveform and MFCCs on one time axis."""

import streamlit as st

from pages.ui import cached, frame, heatmaps, pickers, places, words
from pages.ui.player import player
from songfeat.specs import get_spec

frame.heading(
    "MFCC",
    "A song as an audio model hears it: its waveform, and beneath it how its timbre changes, in mel-frequency cepstral"
    " coefficients.",
)
controls = st.columns([2, 3, 3])
track_id = pickers.song(controls[0], controls[1], page="mfcc", with_clip=True)
spec_name = "report"
colouring = controls[2].segmented_control(
    "Colour by",
    ["each one's own mean", "value"],
    default="each one's own mean",
    required=True,
    help="Coefficient 0 is the level and far larger than the others: by value, it outshines them.",
)
if track_id is None:
    st.info("No song with a clip is here. Scan a folder of audio files, or wait for the demo library.")
    st.page_link(places.COLLECT, label="Collect songs", icon=":material/library_add:")
    st.stop()

song = cached.song(track_id)
clip = song["clips"].iloc[0]
spec = get_spec(spec_name)
with st.container(horizontal=True, vertical_alignment="center"):
    st.markdown(
        f"**{words.literal(song['track'].get('title', track_id))}**  \n{words.literal(words.song_line(song['track']))}"
    )
    player(song["clips"])
    st.page_link(places.SONG, label="Song", icon=":material/music_note:", query_params={"track": track_id})
sound = cached.listen(clip["path"], clip["sha256"], spec_name)
st.plotly_chart(
    heatmaps.sound(sound, frame.colours(), relative=colouring != "value"), key="sound", config={"displayModeBar": False}
)
st.caption(words.spec_line(spec))
st.subheader("Each coefficient over the clip", anchor=False)
st.caption("0 is the level, 1 the balance of low and high, higher ones ever finer detail of the spectrum.")
st.dataframe(sound.table.round(2), hide_index=True)
