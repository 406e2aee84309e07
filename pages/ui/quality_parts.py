"""The parts of the page on data quality."""

import streamlit as st

from pages.ui import cached, frame, pickers, quality_chart, tables, words
from store import exclusions as store_exclusions
from store import jobs
from store.quality import CHECKS

_SHOWN = 1000


def checks() -> None:
    """Each check with how many songs it finds; of the chosen one the songs, and a way to exclude them."""
    summary = cached.quality_summary()
    counts = dict(zip(summary["check"], summary["songs"], strict=True))
    chosen = pickers.one_of(
        st.container(),
        "What looks odd",
        sorted(CHECKS, key=lambda name: counts[name] == 0),
        parameter="check",
        shown=lambda name: f"{CHECKS[name].title}: {words.count(counts[name], 'song')}",
    )
    check = CHECKS[chosen]
    st.caption(check.meaning)
    if chosen == "odd_level":
        _measure()
    if not counts[chosen]:
        st.success("Nothing of the kind.", icon=":material/check:")
        return
    songs = cached.quality_songs(chosen, limit=_SHOWN)
    if counts[chosen] > _SHOWN:
        st.caption(f"The first {_SHOWN:,} of {counts[chosen]:,} are shown; excluding all concerns all of them.")
    picked = st.dataframe(
        tables.odd_songs(songs),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"songs-{chosen}",
        alt=check.title,
    )
    _exclude(chosen, check.title, [str(songs["track_id"].iloc[row]) for row in picked.selection.rows])


def _exclude(check: str, title: str, picked: list[str]) -> None:
    """Exclude the picked songs, or all of the check if none is picked."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        reason = st.text_input("Reason: kept with the exclusion", title, key=f"reason-{check}")
        verb = f"Exclude {words.count(len(picked), 'song')}" if picked else "Exclude all of these"
        if st.button(verb, type="primary", disabled=not cached.workspace().writable):
            ours = cached.catalogue()
            found = picked or list(cached.quality_songs(check, limit=None)["track_id"])
            store_exclusions.exclude_songs(ours, found, reason)
            st.rerun()


def _measure() -> None:
    waiting = cached.clips_to_measure()
    if waiting and st.button(
        f"Measure {words.count(waiting, 'clip')}", disabled=not cached.workspace().writable, icon=":material/hearing:"
    ):
        jobs.launch(cached.workspace(), "levels", {}, title="Measure levels")
        st.rerun()


def coverage() -> None:
    """How many songs there are of each genre and decade."""
    st.subheader("Genres and decades", anchor=False)
    st.caption("How many songs there are of each: the fuller the colour, the more.")
    counted = cached.genres_by_decade()
    st.altair_chart(
        quality_chart.coverage(counted, frame.colours()),
        alt="Songs by genre and decade; the table beneath says the same",
    )
    with st.expander("As a table"):
        st.dataframe(tables.genres_by_decade(counted), alt="Songs by genre and decade")


def exclusions() -> None:
    """What is kept from training, by song or by source, and how to take it back."""
    st.subheader("Excluded from training", anchor=False)
    _exclude_source()
    listed = cached.exclusions_listed()
    if listed.empty:
        st.caption("No song and no source is excluded.")
        return
    picked = st.dataframe(
        tables.exclusions(listed),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key="exclusions",
        alt="Excluded from training",
    )
    names = [str(listed["name"].iloc[row]) for row in picked.selection.rows]
    if st.button("Take back the chosen", disabled=not names or not cached.workspace().writable):
        store_exclusions.take_back(cached.catalogue(), names)
        st.rerun()


def _exclude_source() -> None:
    with st.expander("Exclude a source"):
        known = cached.sources()
        if not known:
            st.caption("No source gives values yet.")
            return
        source = st.selectbox("Source", known, format_func=words.source)
        reason = st.text_input("Reason", "Its terms bar training models on it")
        if st.button("Exclude this source", disabled=not cached.workspace().writable):
            store_exclusions.exclude_source(cached.catalogue(), source, reason)
            st.rerun()
