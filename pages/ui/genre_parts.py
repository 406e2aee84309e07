"""The parts of the page that shows errors by genre."""

import pandas as pd
import streamlit as st

from pages.ui import cached, frame, heatmaps, places, tables, words
from pages.ui.player import player
from songfeat.errors import SongfeatError
from songfeat.labels import FEATURES
from songfeat.metrics import ALL

_WORST = 8


def heatmap(errors: pd.DataFrame, label: str, order: str) -> None:
    """The error in each genre group, ordered by the number of songs or by the error on one target."""
    st.caption(
        f"Mean absolute error of {words.literal(label)} with half the width of its 95 % interval; in brackets the"
        f" number of songs, of which fewer than {heatmaps.SMALL} say little."
    )
    figure = heatmaps.genre_errors(errors, frame.colours(), by=None if order == "songs" else order)
    st.plotly_chart(figure, key="genres", config={"displayModeBar": False})
    with st.expander("As a table"):
        st.dataframe(tables.by_genre(errors), hide_index=True)


def differences(chosen: list[str], labels: dict[str, str], targets: list[str]) -> None:
    """Where one run is better than another."""
    first, second = chosen
    st.subheader("Where one beats the other", anchor=False)
    try:
        found = cached.comparison(first, second)
    except SongfeatError as error:
        st.info(str(error))
        return
    table = found.table
    table = table[(table["metric"] == "mae") & (table["genre"] != ALL) & table["feature"].isin(targets)]
    st.caption(
        f"MAE of {words.literal(labels[first])} less that of {words.literal(labels[second])} on the same songs: below 0"
        " the first is closer. A dot marks differences whose 95 % interval leaves out 0."
    )
    figure = heatmaps.genre_differences(table.dropna(subset="difference"), frame.colours())
    st.plotly_chart(figure, key="differences", config={"displayModeBar": False})


def cell(run_id: str, errors: pd.DataFrame, targets: list[str]) -> None:
    """What is behind a number: raw genres, and the songs that the run is most wrong about."""
    st.subheader("Behind a number", anchor=False)
    genre_place, target_place = st.columns(2)
    sizes = errors.groupby("genre")["n"].max().sort_values(ascending=False)
    genre = genre_place.selectbox(
        "Genre",
        list(sizes.index),
        format_func=lambda name: f"{name} ({words.count(int(sizes[name]), 'song')})",
        key="genre",
        bind="query-params",
    )
    target = target_place.selectbox(
        "Target",
        targets,
        help=" ".join(f"{name}: {FEATURES[name].meaning}." for name in targets),
        key="target",
        bind="query-params",
    )
    raw = cached.raw_genres(run_id, genre=genre, feature=target)
    if len(raw) > 1:
        with st.expander(f"{words.count(len(raw), 'genre')} as people spell them"):
            st.dataframe(
                raw.rename(columns={"mae": "MAE"}), hide_index=True, column_config=frame.three_decimals(["MAE", "bias"])
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
            player(pd.DataFrame({"path": [row.path]} if row.path else {"path": []}))
