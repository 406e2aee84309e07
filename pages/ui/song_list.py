"""Lists of songs: rows to choose from, and what one can do with those chosen: listen, and go to the song."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import browsing_tables, cached, frame, places, tables, words
from pages.ui.player import player

MOST_PLAYERS = 5
_MOST_LISTED = 1_000


def behind_marks(
    number: int, read: Callable[[int | None], pd.DataFrame], *, key: str, also: Sequence[str] = ()
) -> None:
    """The songs that one drew around in a picture: how many, their values, players and a file of all.

    `read` gives the first of them, or all where it is given None.
    """
    # At the left, as the buttons that a table shows while one points at it would cover this one at the right.
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(words.count(number, "song"), anchor=False, width="content")
        st.download_button(
            "Save as CSV",
            data=lambda: tables.as_csv(read(None)),
            file_name="songs.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
    songs = read(_MOST_LISTED)
    if number > len(songs):
        st.caption(f"The list holds the first {len(songs):,}, the file all of them.")
    rows = table(songs, key=key, several=True, also=also)
    with st.container(border=True):
        chosen(songs, rows, hint="Choose rows by the boxes at their left to hear the songs.")


def table(songs: pd.DataFrame, *, key: str, several: bool = False, also: Sequence[str] = ()) -> list[int]:
    """Songs as a table that is as :func:`pages.ui.browsing_tables.songs` makes it; gives the rows that are chosen.

    `key` must say which songs these are, or a row stays chosen when another song takes its place.
    """
    shown = browsing_tables.songs(songs, also=also)
    event = st.dataframe(
        shown,
        key=key,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row" if several else "single-row",
        column_config={
            **frame.three_decimals([*also, *browsing_tables.values_of_features(shown)]),
            "year": st.column_config.NumberColumn(format="%d", width="small"),
            "title": st.column_config.TextColumn(width="medium"),
            "artist": st.column_config.TextColumn(width=170),
            "length": st.column_config.TextColumn(width="small", alignment="right"),
        },
        placeholder="–",
        alt="Songs",
    )
    return list(event["selection"]["rows"])


def chosen(songs: pd.DataFrame, rows: list[int], *, hint: str) -> None:
    """A line with a player and a link for each of the first chosen songs; without any, how to choose one."""
    if not rows:
        st.caption(hint)
    for row in rows[:MOST_PLAYERS]:
        line(songs.iloc[row].to_dict())
    if len(rows) > MOST_PLAYERS:
        st.caption(f"The first {MOST_PLAYERS} of {len(rows)} that are chosen.")


def line(song: Mapping[str, Any], *, note: str = "", narrow: bool = False) -> None:
    """One song: who and what it is, with a `note` beside its name, its player, and the way to its page.

    `narrow` puts them beneath each other.
    """
    about, sound, link = (
        [st.container() for _ in range(3)] if narrow else st.columns([5, 4, 2], vertical_alignment="center")
    )
    name = song["title"] if pd.notna(song.get("title")) else song["track_id"]
    beside = f" · {note}" if note else ""
    about.markdown(f"**{words.literal(name)}**{beside}  \n{words.literal(words.song_line(song))}")
    with sound:
        player(cached.song(song["track_id"])["clips"])
    link.page_link(
        places.SONG, label="Open the song", icon=":material/music_note:", query_params={"track": song["track_id"]}
    )
