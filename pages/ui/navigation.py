"""Which pages there are. Light, so that a fresh server names them before it imports what pages need."""

from pathlib import Path

import streamlit as st

from pages.ui import places

# A Material symbol would be fetched from another host.
ICON = str(Path(__file__).with_name("icon.svg"))


def sections() -> dict[str, list[st.Page]]:
    """The pages by section."""
    return {
        "Library": [
            st.Page(places.OVERVIEW, title="Overview", icon=":material/dashboard:", default=True),
            st.Page(places.TRACKS, title="Tracks", icon=":material/table_rows:"),
            st.Page(places.COLLECT, title="Collect", icon=":material/library_add:"),
            st.Page(places.SOURCES, title="Sources", icon=":material/balance:"),
            st.Page(places.QUALITY, title="Data quality", icon=":material/rule:"),
        ],
        "Explore": [
            st.Page(places.MFCC, title="MFCC", icon=":material/graphic_eq:"),
            st.Page(places.FEATURES, title="Features", icon=":material/scatter_plot:"),
        ],
        "Models": [
            st.Page(places.TRAIN, title="Train", icon=":material/model_training:"),
            st.Page(places.RUNS, title="Runs", icon=":material/leaderboard:"),
            st.Page(places.COMPARE, title="Compare", icon=":material/compare_arrows:"),
            st.Page(places.GENRES, title="Genres", icon=":material/grid_on:"),
            st.Page(places.REPORT, title="Report", icon=":material/article:"),
        ],
        "Songs": [
            st.Page(places.SONG, title="Song", icon=":material/music_note:"),
            st.Page(places.TRY, title="Try a file", icon=":material/hearing:"),
        ],
    }


def run(page: st.Page) -> None:
    """Run a page inside what stands around every page."""
    from pages.ui.frame import around_page

    with around_page():
        page.run()
