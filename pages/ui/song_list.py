"""Lists of songs: rows to choose from, and what one can do with those chosen: listen, and go to the song."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import browsing_tables, cached, frame, places, words
from pages.ui.player import player

MOST_PLAYERS = 5


def table(songs: pd.DataFrame, *, key: str, several: bool = False) -> list[int]:
    """Songs as a table that is as :func:`pages.ui.browsing_tables.songs` makes it; gives the rows that are chosen.

    `key` must say which songs these are, or a row stays chosen when another song takes its place.
    """
    shown = browsing_tables.songs(songs)
    event = st.dataframe(
        shown,
        key=key,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row" if several else "single-row",
        column_config={
            **frame.three_decimals(browsing_tables.values_of_features(shown)),
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
