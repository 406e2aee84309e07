"""The parts of a song's page that place it among others."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import cached, feature_charts, frame, heatmaps, places, song_list, words
from songfeat.specs import get_spec
from store.neighbours import Whose

BY_SOUND = "MFCC statistics"
NEAREST = 5


def in_its_genre(track_id: str, sources: list[str], genre: str | None) -> None:
    """Where a song stands in its genre, as one source sees it."""
    st.subheader("In its genre", anchor=False)
    source = sources[0]
    if len(sources) > 1:
        source = st.segmented_control(
            "By the values of",
            sources,
            default=source,
            required=True,
            format_func=lambda name: words.literal(words.source(name)),
            key="among",
            bind="query-params",
        )
    table = cached.standing(track_id, source)
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
    said = ", ".join(f"{row.feature} {row.below:.0%}" for row in table.itertuples())
    st.altair_chart(feature_charts.standing(table, frame.colours()), alt=f"Songs of its genre that have less: {said}")


def choose(label: str, ways: dict[str, Any]) -> str:
    """One of the ways to measure nearness, by its name; the address says ``?nearest_by=…``."""
    way: str = st.segmented_control(
        label,
        list(ways),
        default=next(iter(ways)),
        required=True,
        format_func=words.literal,
        key="nearest_by",
        bind="query-params",
    )
    return way


def most_similar(song: dict[str, Any], run_ids: list[str], labels: dict[str, str]) -> None:
    """The songs nearest to one: by a source's values, by what a run predicts, or by how their clips sound."""
    st.subheader("Most similar songs", anchor=False)
    track_id = song["track"]["track_id"]
    ways = by_values(list(song["reference"]["source"].unique()), _predicting(song, run_ids), labels)
    if len(song["clips"]):
        ways[BY_SOUND] = None
    if not ways:
        st.caption("Without values, predictions or a clip there is nothing to compare it by.")
        return
    way = choose("Nearest by", ways)
    whose = ways[way]
    if whose is not None:
        nearest(cached.similar(track_id, whose, limit=NEAREST), way)
        return
    specs = cached.specs_with_arrays("mfcc")
    songs = cached.similar_by_sound(track_id, specs[0]).head(NEAREST) if specs else pd.DataFrame()
    if songs.empty:
        st.caption("Its clip has no MFCCs yet, or no other song's clip has.")
        st.page_link(
            places.COLLECT, label="Extract arrays", icon=":material/equalizer:", query_params={"way": places.EXTRACT}
        )
        return
    st.caption(
        f"By how the clips sound: mean and deviation over time of each of {get_spec(specs[0]).shape[0]} MFCCs, whatever"
        " their order. The smaller the number, the nearer.",
        help="The Euclidean distance over all of these numbers, each in standard deviations over the songs that have"
        f" arrays ({specs[0]}).",
    )
    _lines(songs)


def by_values(sources: list[str], run_ids: list[str], labels: dict[str, str]) -> dict[str, Whose | None]:
    """The ways to compare songs by values of the targets, under the names that the chart gives them."""
    given = {f"Reference ({words.source(source)})": Whose(source=source) for source in sources}
    return {**given, **{labels[run_id]: Whose(run=run_id) for run_id in run_ids}}


def nearest(songs: pd.DataFrame, way: str) -> None:
    """The nearest songs by values of the targets, and how nearness is measured."""
    if songs.empty:
        st.caption("There are no other songs to compare its values with.")
        return
    st.caption(
        f"By all targets together: {words.literal(way)}. The smaller the number, the nearer.",
        help="The Euclidean distance over the targets, each in standard deviations over all songs that have these"
        " values.",
    )
    _lines(songs)


def _lines(songs: pd.DataFrame) -> None:
    for song in songs.to_dict("records"):
        song_list.line(song, note=f"{words.value(song['distance'], 2)} apart")


def _predicting(song: dict[str, Any], run_ids: list[str]) -> list[str]:
    return [run_id for run_id in run_ids if run_id in set(song["predictions"]["run_id"])]
