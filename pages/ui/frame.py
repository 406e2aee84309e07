"""What stands around every page: the jobs at work, and errors in words; and what pages look like."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import streamlit as st

from pages.ui import cached, job_panel, navigation
from pages.ui.errors import errors_in_words
from pages.ui.palette import Palette, palette_for
from store.first_start import start_demo

NO_DEMO = "SONGFEAT_NO_DEMO"
"""Set to 1, this environment variable leaves an empty workspace empty."""

_MARGINS = "[data-testid='stMainBlockContainer'] { padding: 2.25rem 2.5rem 4rem; }"
# Streamlit writes white on the accent, which cannot be read where the accent is pale.
_ON_ACCENT = "[data-testid='stBaseButton-primary'], [data-tag] * {{ color: {0}; }}"
# Streamlit's grey beside charts is too pale to be read by everybody; Plotly writes it into each text.
_BESIDE_CHARTS = """
.vega-embed :is([class*='role-axis'], [class*='role-legend']) text,
.js-plotly-plot :is(.xaxislayer-above, .yaxislayer-above, .infolayer) text
{{ fill: {0} !important; fill-opacity: 0.75 !important; }}"""


@contextmanager
def around_page() -> Iterator[None]:
    """Show what every page has; what goes wrong inside is said in a sentence."""
    shown = colours()
    rules = [_MARGINS, _ON_ACCENT.format(shown.background), _BESIDE_CHARTS.format(shown.ink)]
    st.html(f"<style>{' '.join(rules)}</style>")
    st.logo(navigation.LOGO, size="large")
    with errors_in_words():
        # Asked of the cache, as this is asked for every page and again at each click.
        if os.environ.get(NO_DEMO) != "1" and not cached.counts()["tracks"]:
            start_demo(cached.catalogue())
        if not cached.workspace().writable:
            st.info(
                f"The workspace {cached.workspace().folder} is read-only: it can be looked at, not changed.",
                icon=":material/lock:",
            )
        job_panel.compact()
        yield


def colours() -> Palette:
    """The colours of the theme that the browser shows."""
    return palette_for(st.context.theme.type)


def heading(title: str, caption: str) -> None:
    """A page's title and the line that says what one sees."""
    st.title(title, anchor=False)
    st.caption(caption)


def thousands(columns: Iterable[str]) -> dict[str, object]:
    """How tables show large numbers."""
    return {name: st.column_config.NumberColumn(format="localized") for name in columns}


def three_decimals(columns: Iterable[str]) -> dict[str, object]:
    """How tables show values of features."""
    return {name: st.column_config.NumberColumn(format="%.3f") for name in columns}
