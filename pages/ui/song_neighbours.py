"""The parts of a song's page that place it among others."""

import pandas as pd
import streamlit as st

from pages.ui import cached, feature_charts, frame, heatmaps, places, words


def among_others(track_id: str, sources: list[str], genre: str | None) -> None:
    """Where a song stands in its genre, and which songs are nearest, as one source sees them."""
    source = sources[0]
    if len(sources) > 1:
        source = st.segmented_control(
            "By the values of", sources, default=source, required=True, format_func=words.source, key="among"
        )
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("In its genre", anchor=False)
        _standing(cached.standing(track_id, source), source, genre)
    with right:
        st.subheader("Most similar songs", anchor=False)
        _similar(cached.similar(track_id, source), source)


def _standing(table: pd.DataFrame, source: str, genre: str | None) -> None:
    if table.empty:
        st.caption("Its genre is not known, or no value of it.")
        return
    n = int(table["n"].max())
    few = f", too few to say much (under {heatmaps.SMALL})" if n < heatmaps.SMALL else ""
    whose = words.literal(words.source(source))
    st.caption(
        f"How many of {words.count(n, 'song')} of {genre}{few} have less of it, as {whose} gives the values; the line"
        " is the middle."
    )
    st.altair_chart(feature_charts.standing(table, frame.colours()))


def _similar(songs: pd.DataFrame, source: str) -> None:
    if songs.empty:
        st.caption("There are no other songs to compare its values with.")
        return
    st.caption(
        f"By all targets together, as {words.literal(words.source(source))} gives them; the smaller the number, the"
        " nearer.",
        help="The Euclidean distance over the targets, each in standard deviations over the source's songs.",
    )
    for song in songs.to_dict("records"):
        name_place, distance_place = st.columns([5, 1], vertical_alignment="center")
        name = " – ".join(str(part) for part in (song["title"], song["artist"]) if pd.notna(part))
        name_place.page_link(
            places.SONG,
            label=words.literal(name or song["track_id"]),
            icon=":material/music_note:",
            query_params={"track": song["track_id"]},
        )
        distance_place.caption(words.value(song["distance"], 2))
