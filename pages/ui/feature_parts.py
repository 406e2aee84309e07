"""The three views of the page on features."""

import pandas as pd
import streamlit as st

from pages.ui import browsing_tables, cached, feature_charts, frame, heatmaps, song_list, words
from songfeat.labels import ALL_TARGETS, FEATURES
from store.scatter import AXES, MOST_POINTS, Cloud, View

_PLAIN = {"displayModeBar": False}
_BY = {"genre": "genre_group", "source": "source"}


def distributions(source: str) -> None:
    """How one feature is spread over genres, or over those who say what it is."""
    feature_place, by_place = st.columns([3, 4])
    feature = feature_place.selectbox(
        "Feature",
        browsing_tables.axes_by_use(tuple(FEATURES)),
        key="feature",
        bind="query-params",
        help=" ".join(f"**{name}**: {FEATURES[name].meaning}." for name in ALL_TARGETS),
    )
    by = by_place.segmented_control("By", list(_BY), default="genre", required=True, key="by", bind="query-params")
    asked = {"by": _BY[by], "source": source if by == "genre" else None}
    summary = cached.spread(feature, **asked)
    if summary.empty:
        st.info(f"{words.source(source)} gives no {browsing_tables.axis(feature)} for any song.")
        return
    about = FEATURES[feature]
    st.caption(
        f"{feature.replace('_', ' ').capitalize()}: {about.meaning}. The fuller the colour, the more of a {by}'s songs"
        " have that value; the line is the middle half of them, the dot their median."
        f" In brackets the number of songs; fewer than {heatmaps.SMALL} say little."
    )
    chart = feature_charts.spread(cached.shares(feature, **asked), summary, feature, frame.colours())
    st.altair_chart(chart, alt=f"How {feature} is spread by {by}; the table beneath says the same")
    numbers = browsing_tables.spread(summary, by)
    st.dataframe(
        numbers,
        hide_index=True,
        column_config={
            **frame.three_decimals(["quarter below", "median", "quarter above"]),
            **frame.thousands(["n"]),
            "mean": st.column_config.TextColumn(help="With its 95 % interval, songs taken as independent."),
        },
        alt=f"{feature} by {by}",
    )


def correlations(source: str) -> None:
    """How each two features go together."""
    st.caption(
        "Pearson's r: 1 where two features rise together, "
        f"{words.MINUS}1 where one falls as the other rises, 0 where there is no straight line."
        " Keys lie on a circle, so that their r says little."
    )
    table = cached.correlations(source)
    if table["r"].isna().all():
        st.info(f"{words.source(source)} gives too few values to compare.")
        return
    st.plotly_chart(
        feature_charts.correlations(table, frame.colours()),
        key="correlations",
        config=_PLAIN,
        alt="Pearson's r of each two features; the table beneath says the same",
    )
    with st.expander("As a table, with 95 % intervals"):
        st.caption("Intervals by Fisher's z, with songs taken as independent; the closest pairs first.")
        numbers = browsing_tables.correlations(table)
        st.dataframe(numbers, hide_index=True, column_config=frame.thousands(["n"]), alt="Correlations")


def scatter(source: str) -> None:
    """Any value over any other, and the songs that one draws a line around."""
    view = _view(source)
    shown = cached.cloud(view)
    if not shown.songs:
        st.info("No song has all of these values. Choose others, or another source.")
        return
    st.caption(_how_to_read(shown))
    key = f"cloud-{hash(view)}"
    event = st.plotly_chart(
        feature_charts.cloud(shown, view, frame.colours()),
        key=key,
        on_select="rerun",
        selection_mode=("lasso", "box", "points"),
        config={"displaylogo": False, "modeBarButtonsToRemove": ["autoScale2d", "toImage"]},
        alt=f"{view.y} over {view.x}; the table beneath lists the songs that are chosen",
    )
    picked = sorted({point["point_index"] for point in event["selection"]["points"]})
    if not picked:
        st.caption("Draw a line around some of them, or click one, to list the songs, hear them or keep them as CSV.")
        return
    _list(shown, view, picked)


def _view(source: str) -> View:
    axes = browsing_tables.axes_by_use(AXES)
    places = st.columns([2, 2, 2, 2, 3])
    chosen: dict[str, str | None] = {}
    for place, (name, index) in zip(places, {"x": 0, "y": 1, "colour": None, "size": None}.items(), strict=False):
        chosen[name] = place.selectbox(
            {"x": "Across", "y": "Up"}.get(name, name.capitalize()),
            axes,
            index=index,
            format_func=browsing_tables.axis,
            key=name,
            bind="query-params",
            placeholder="one for all",
        )
    groups = sorted(set(cached.tracks_by_genre()["genre_group"]) - {"not known"})
    genres = places[-1].multiselect("Genre", groups, key="genre_groups", bind="query-params", placeholder="all")
    return View(
        source=source,
        x=chosen["x"] or axes[0],
        y=chosen["y"] or axes[1],
        size=chosen["size"],
        colour=chosen["colour"],
        genres=tuple(genres),
    )


def _how_to_read(shown: Cloud) -> str:
    if shown.by_square:
        return (
            f"{words.count(shown.songs, 'song')}, more than {MOST_POINTS:,}: each dot stands for those in a square of"
            " the picture, and its area for how many they are; a colour is their mean."
        )
    return f"Each dot is a song: {words.count(shown.songs, 'song')} in all."


def _list(shown: Cloud, view: View, picked: list[int]) -> None:
    marks = shown.marks.iloc[picked]
    number = int(marks["songs"].sum()) if shown.by_square else len(marks)
    key = f"picked-{hash((view, *picked))}"
    song_list.behind_marks(number, lambda limit: _songs(shown, view, marks, limit), key=key)


def _songs(shown: Cloud, view: View, marks: pd.DataFrame, limit: int | None) -> pd.DataFrame:
    if shown.by_square:
        return cached.songs_in_squares(view, list(marks["square"]), limit=limit)
    return cached.scatter_songs(view, list(marks["track_id"]), limit=limit)
