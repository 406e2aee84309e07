"""The parts of the page that opens first."""

import streamlit as st

from pages.ui import cached, frame, overview_charts, tables, words


def best_runs() -> None:
    """Of each target the run that comes closest, beside the mean predictor and the report."""
    st.subheader("Best run of each target", anchor=False)
    best = cached.best_by_target("mae", lower_is_better=True)
    if best.empty:
        st.caption("Once a run is finished: how far its guesses are off, on songs that it never saw.")
        return
    names = list(best["source"].unique())
    source = names[0]
    if len(names) > 1:
        source = st.selectbox("Measured against", names, format_func=words.source, key="against", bind="query-params")
    best = tables.beside_the_report(best[best["source"] == source])
    st.caption(
        f"How far guesses are off, with 95 % intervals, on songs that the run never saw; reference values:"
        f" {words.source(source)}. The run is the one that gains most over always answering the mean. The report"
        " measured on songs of its own, so that its best figures are a landmark, not a rival.",
        help=words.metric_help(),
    )
    picture, numbers = st.columns([5, 7], gap="medium", vertical_alignment="center")
    picture.altair_chart(
        overview_charts.best_runs(best, frame.colours()), alt="Errors of the best runs; the table says the same"
    )
    numbers.dataframe(
        tables.best_runs(best), hide_index=True, column_config=frame.thousands(["n"]), alt="Best run of each target"
    )


def coverage() -> None:
    """Whose reference values there are, and for how many of those songs what else is needed."""
    st.subheader("Coverage by source", anchor=False)
    known = cached.coverage_by_source()
    if known.empty:
        st.caption("No song has reference values yet.")
        return
    st.caption("Whose reference values there are, and for how many of those songs there is what else is needed.")
    named = tables.coverage(known)
    st.altair_chart(
        overview_charts.coverage(named, frame.colours()), alt="Coverage by source; the table beneath says the same"
    )
    st.dataframe(named, hide_index=True, column_config=frame.thousands(named.columns[1:]), alt="Coverage by source")


def genres() -> None:
    """How many songs and clips there are of each genre."""
    st.subheader("Songs by genre", anchor=False)
    counted = cached.tracks_by_genre()
    said = ", ".join(f"{row.genre_group} {row.tracks:,}" for row in counted.itertuples())
    st.altair_chart(overview_charts.genres(counted, frame.colours()), alt=f"Songs by genre: {said}")
