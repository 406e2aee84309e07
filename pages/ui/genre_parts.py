"""The parts of the page that shows errors by genre."""

import pandas as pd
import streamlit as st

from pages.ui import cached, frame, heatmaps, pickers, places, tables, words
from pages.ui.player import player
from songfeat.errors import SongfeatError
from songfeat.labels import FEATURES
from songfeat.metrics import ALL
from songfeat.scores import Metric

_WORST = 8
_HEATMAP = "genres"


def heatmap(scores: pd.DataFrame, label: str, *, metric: Metric, order: str, chosen: tuple[str, str]) -> None:
    """One metric in each genre group, ordered by the number of songs or by one target; a click chooses a cell."""
    st.caption(
        f"{metric.label} of {words.literal(label)} with half the width of its 95 % interval; in brackets the number of"
        f" songs, of which fewer than {heatmaps.SMALL} say little. Click a cell to see the songs behind it.",
        help=metric.meaning,
    )
    by = None if order == "songs" else order
    st.plotly_chart(
        heatmaps.genre_scores(scores, frame.colours(), metric=metric, by=by, chosen=chosen),
        key=_HEATMAP,
        on_select=choose_clicked,
        selection_mode="points",
        config={"displayModeBar": False},
        alt=f"{metric.label} by genre and target; the table beneath says the same",
    )
    with st.expander("As a table"):
        st.dataframe(tables.by_genre(scores), hide_index=True, column_config=frame.thousands(["n"]), alt=metric.label)


def choose_clicked() -> None:
    """Let the controls of :func:`choose_cell` hold the cell that was clicked."""
    for point in st.session_state[_HEATMAP]["selection"]["points"]:
        genre, target, _ = point["customdata"]
        pickers.pick("genre", genre)
        pickers.pick("target", target)


def differences(chosen: list[str], labels: dict[str, str], targets: list[str], metric: Metric) -> None:
    """Where one run is better than another."""
    first, second = chosen
    st.subheader("Where one beats the other", anchor=False)
    try:
        found = cached.comparison(first, second)
    except SongfeatError as error:
        st.info(words.literal(str(error)))
        return
    table = found.table
    table = table[(table["metric"] == metric.name) & (table["genre"] != ALL) & table["feature"].isin(targets)]
    table = table.dropna(subset="difference")
    if table.empty:
        st.caption("The genres of the songs that both were tested on are not known.")
        return
    side = "below" if metric.lower_is_better else "above"
    st.caption(
        f"{metric.label} of {words.literal(labels[first])} less that of {words.literal(labels[second])} on the same"
        f" songs: {side} 0 the first is closer. A dot marks differences whose 95 % interval leaves out 0."
    )
    st.plotly_chart(
        heatmaps.genre_differences(table, frame.colours()),
        key="differences",
        config={"displayModeBar": False},
        alt="The difference by genre and target; the table beneath says the same",
    )
    with st.expander("As a table"):
        named = tables.difference(table, labels[first], labels[second])
        st.dataframe(tables.differences_by_genre(named), hide_index=True, alt="Differences by genre and target")


def choose_cell(errors: pd.DataFrame, targets: list[str]) -> tuple[str, str]:
    """The genre and the target whose songs are shown; the address says ``?genre=…&target=…``."""
    st.subheader("Behind a number", anchor=False)
    genre_place, target_place = st.columns(2)
    sizes = errors.groupby("genre")["n"].max().sort_values(ascending=False)
    genre = pickers.one_of(
        genre_place,
        "Genre",
        list(sizes.index),
        parameter="genre",
        shown=lambda name: f"{name} ({words.count(int(sizes[name]), 'song')})",
    )
    meanings = "\n\n".join(f"**{name}**: {FEATURES[name].meaning}." for name in targets)
    return genre, pickers.one_of(target_place, "Target", targets, parameter="target", help=meanings)


def behind(run_id: str, genre: str, target: str) -> None:
    """What is behind a number: raw genres, and the songs that the run is most wrong about."""
    raw = cached.raw_genres(run_id, genre=genre, feature=target)
    if len(raw) > 1:
        with st.expander(f"{words.count(len(raw), 'genre')} as people spell them"):
            st.dataframe(
                raw.rename(columns={"mae": "MAE"}),
                hide_index=True,
                column_config=frame.three_decimals(["MAE", "bias"]),
                alt=f"Errors by genre inside {genre}",
            )
    st.caption(f"The songs in {genre} whose {target} it is most wrong about.")
    for row in cached.worst_songs(run_id, genre=genre, feature=target, limit=_WORST).itertuples():
        title, numbers, sound = st.columns([4, 3, 3], vertical_alignment="center")
        name = f"{row.title or 'untitled'}, {row.artist or 'unknown'}"
        title.page_link(places.SONG, label=words.literal(name), query_params={"track": row.track_id})
        numbers.markdown(
            f"predicted **{words.value(row.predicted, 2)}**, reference **{words.value(row.reference, 2)}**"
            f" ({words.signed(row.error, 2)})"
        )
        with sound:
            player(pd.DataFrame({"path": [row.path]} if pd.notna(row.path) else {"path": []}))
