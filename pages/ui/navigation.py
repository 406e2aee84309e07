"""Which pages there are. Light, so that a fresh server names them before it imports what pages need."""

from pathlib import Path

import streamlit as st

from pages.ui import places

# A Material symbol would be fetched from another host.
ICON = str(Path(__file__).with_name("icon.svg"))
LOGO = str(Path(__file__).with_name("logo.svg"))

SECTIONS = {
    "Library": (
        (places.OVERVIEW, "Overview", "dashboard"),
        (places.TRACKS, "Tracks", "table_rows"),
        (places.COLLECT, "Collect", "library_add"),
        (places.SOURCES, "Sources", "balance"),
        (places.QUALITY, "Data quality", "rule"),
    ),
    "Explore": (
        (places.MFCC, "MFCC", "graphic_eq"),
        (places.FEATURES, "Features", "scatter_plot"),
    ),
    "Models": (
        (places.TRAIN, "Train", "model_training"),
        (places.RUNS, "Runs", "leaderboard"),
        (places.COMPARE, "Compare", "compare_arrows"),
        (places.GENRES, "Genres", "grid_on"),
        (places.REPORT, "Report", "article"),
    ),
    "Songs": (
        (places.SONG, "Song", "music_note"),
        (places.TRY, "Try a file", "hearing"),
    ),
}
"""Each section's pages: the script, the name, the symbol."""


def sections() -> dict[str, list[st.Page]]:
    """The pages by section, the first one at the address without a path."""
    return {
        section: [
            st.Page(script, title=title, icon=f":material/{symbol}:", default=script == places.OVERVIEW)
            for script, title, symbol in pages
        ]
        for section, pages in SECTIONS.items()
    }


def addresses() -> dict[str, str]:
    """The path in the address of each page, and its name."""
    return {
        "" if script == places.OVERVIEW else Path(script).stem: title
        for pages in SECTIONS.values()
        for script, title, _ in pages
    }


def run(page: st.Page) -> None:
    """Run a page inside what stands around every page."""
    from pages.ui.frame import around_page

    with around_page():
        page.run()
