"""Filters and order of the library's table; the address holds them all."""

import streamlit as st

from pages.ui import browsing_tables, cached, words
from songfeat.labels import ALL_TARGETS
from songfeat.splits import PARTS
from store.browsing import DESCENDING, SORT_KEYS, Filter

_CLIP, _PREDICTIONS = "a clip", "predictions"
_RUN = "tracks-run"


def controls() -> tuple[Filter, tuple[str, ...]]:
    """Two rows of controls; gives the filter and the keys to sort by."""
    words_place, genre_place, year_place, source_place = st.columns(4)
    query = words_place.text_input(
        "Title or artist", key="words", bind="query-params", placeholder="words", on_change=_to_first_page
    )
    groups = sorted(set(cached.tracks_by_genre()["genre_group"]) - {"not known"})
    genres = genre_place.multiselect(
        "Genre", groups, key="genre_groups", bind="query-params", placeholder="all", on_change=_to_first_page
    )
    with year_place:
        years = _years()
    source = source_place.selectbox(
        "Values of",
        cached.sources(),
        index=None,
        format_func=words.source,
        key="values_of",
        bind="query-params",
        placeholder="any source",
        help="Only songs with reference values of this source, which then stand in the table and can be sorted by.",
        on_change=_to_first_page,
    )
    having_place, run_place, part_place, sort_place = st.columns([2, 2, 3, 4])
    having = having_place.pills(
        "Only with",
        [_CLIP, _PREDICTIONS],
        selection_mode="multi",
        key="having",
        bind="query-params",
        on_change=_to_first_page,
    )
    with run_place:
        run = _run()
    part = part_place.segmented_control(
        "Part of its split",
        PARTS,
        key="split_part",
        bind="query-params",
        disabled=run is None,
        help="Of the run's split: the songs that it was trained on, that told it when to stop, or that it never saw.",
        on_change=_to_first_page,
    )
    keys = [*SORT_KEYS, *(ALL_TARGETS if source else ())]
    sort = sort_place.multiselect(
        "Sort by",
        [sign + key for key in keys for sign in ("", DESCENDING)],
        format_func=browsing_tables.sort_key,
        key="sort",
        bind="query-params",
        placeholder="title",
        help="The first counts most; ↑ begins with the smallest, ↓ with the largest.",
        on_change=_to_first_page,
    )
    wanted = Filter(
        query=query,
        genres=tuple(genres),
        source=source,
        years=years,
        with_clip=_CLIP in having,
        with_predictions=_PREDICTIONS in having,
        run=run,
        part=part if run else None,
    )
    return wanted, tuple(sort)


def _to_first_page() -> None:
    st.session_state["page"] = 1


def _years() -> tuple[int, int] | None:
    """The years that are wanted; None where all are, so that songs of an unknown year stay in."""
    span = cached.years()
    if span is None or span[0] == span[1]:
        known = str(span[0]) if span else "not known"
        st.text_input("Years", known, disabled=True, help="There are no years to choose from.")
        return None
    chosen: tuple[int, int] = st.slider(
        "Years", *span, span, key="years", bind="query-params", on_change=_to_first_page
    )
    return None if chosen == span else chosen


def _run() -> str | None:
    """A run, whose id stands in the address: its label changes as other runs come."""
    runs = cached.all_runs()
    labels = words.run_labels(runs)
    if _RUN not in st.session_state:
        named = st.query_params.get("run")
        st.session_state[_RUN] = named if named in labels else None
    run: str | None = st.selectbox(
        "Seen by the run",
        list(labels),
        index=None,
        format_func=labels.__getitem__,
        key=_RUN,
        placeholder="any",
        on_change=_to_first_page,
    )
    if run:
        st.query_params["run"] = run
    else:
        st.query_params.pop("run", None)
    return run
