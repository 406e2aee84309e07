"""The parts of the page that compares runs."""

import pandas as pd
import streamlit as st

from pages.ui import cached, charts, frame, heatmaps, tables, words
from songfeat.labels import FEATURES, QUESTIONS
from songfeat.metrics import ALL


def pictures(run: pd.Series, label: str, part: str, targets: list[str], scores: pd.DataFrame, place: int) -> None:
    """One run's predictions over reference values, a picture each target, and what they score beneath."""
    _heading(run, label)
    ours = [name for name in targets if name in run["targets"]]
    if not ours:
        st.caption("It was not trained on any of these targets.")
        return
    pairs = cached.pairs(run["run_id"], split=part)
    said = words.score_lines(_of_all_genres(scores, run))
    for column, name in zip(st.columns(len(ours), gap="small"), ours, strict=True):
        with column:
            st.markdown(f"**{name}**", help=FEATURES[name].meaning)
            mine = pairs[pairs["feature"] == name]
            st.altair_chart(charts.agreement(mine, frame.colours(), place=place))
            st.caption(said.get(name, "not scored"))
    _told(run)


def answers(run: pd.Series, label: str, scores: pd.DataFrame) -> None:
    """How often a run that answers a question is right."""
    _heading(run, label)
    own = _of_all_genres(scores, run)
    for name in run["targets"]:
        st.markdown(words.answers_line(QUESTIONS[name], own[own["feature"] == name]))
    _told(run)


def _heading(run: pd.Series, label: str) -> None:
    st.markdown(f"**{words.literal(label)}**")
    if len(run["near_constant"]):
        st.warning(f"This run answers almost the same for every song on {', '.join(run['near_constant'])}.")


def _told(run: pd.Series) -> None:
    """What the run was, and what it left out."""
    excluded = cached.exclusions_of_runs()
    said = words.left_out(excluded[excluded["run_id"] == run["run_id"]])
    st.caption(f"{words.run_line(run)}. {said}")


def _of_all_genres(scores: pd.DataFrame, run: pd.Series) -> pd.DataFrame:
    return scores[(scores["run_id"] == run["run_id"]) & (scores["genre"] == ALL)]


def by_genre(scores: pd.DataFrame, chosen: list[str], targets: list[str], labels: dict[str, str]) -> None:
    """How far a run is off in each genre group, as a picture that is a table, and all of it as a table."""
    st.subheader("Error by genre", anchor=False)
    run_id = chosen[0]
    if len(chosen) > 1:
        run_id = st.segmented_control("Run", chosen, default=run_id, required=True, format_func=labels.__getitem__)
    genres = scores[(scores["run_id"] == run_id) & (scores["genre"] != ALL)]
    shown = genres[(genres["metric"] == "mae") & genres["feature"].isin(targets)].dropna(subset="value")
    if shown.empty:
        st.caption("The genres of these songs are not known.")
        return
    st.caption(
        f"Mean absolute error of {labels[run_id]} with half the width of its 95 % interval: the fainter a cell, the"
        f" smaller. In brackets the number of songs; fewer than {heatmaps.SMALL} say little."
    )
    st.plotly_chart(heatmaps.genre_errors(shown, frame.colours()), key="genres", config={"displayModeBar": False})
    with st.expander("As a table, with every metric"):
        st.dataframe(tables.scores(genres, labels), hide_index=True)
