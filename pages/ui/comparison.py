"""The parts of the page that compares runs."""

import pandas as pd
import streamlit as st

from pages.ui import cached, charts, frame, heatmaps, pickers, tables, words
from songfeat.errors import SongfeatError
from songfeat.labels import FEATURES, QUESTIONS
from songfeat.metrics import ALL
from songfeat.scores import METRICS


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


def paired(chosen: list[str], part: str, labels: dict[str, str]) -> None:
    """The first two runs on the songs that both predicted: the difference of their scores with its interval."""
    st.subheader("Difference of the first two runs", anchor=False)
    first, second = chosen[:2]
    try:
        found = cached.comparison(first, second, split=part, genre=ALL)
    except SongfeatError as error:
        st.info(str(error))
        return
    for note in found.notes:
        st.warning(note)
    metric = pickers.metric(*METRICS)
    chosen_metric = METRICS[metric]
    table = tables.difference(found.table[found.table["metric"] == metric], labels[first], labels[second])
    st.caption(
        f"{chosen_metric.label} of {labels[first]} less that of {labels[second]}, on the same {found.tracks:,} songs:"
        f" {'left' if chosen_metric.lower_is_better else 'right'} of the line the first is better. Where the bar"
        " crosses the line, these songs cannot tell them apart."
    )
    st.altair_chart(charts.differences(table, frame.colours(), title=f"difference in {chosen_metric.label}"))
    st.dataframe(tables.differences(table, labels[first], labels[second]), hide_index=True)


def trust(shown: pd.DataFrame, labels: dict[str, str], part: str, targets: list[str]) -> None:
    """Whether predictions can be taken at their word: calibration and residuals, a row of pictures each run."""
    if not st.toggle("Calibration and residuals", key="trust", bind="query-params"):
        return
    st.caption(
        "Calibration: songs in ten groups by their prediction; on the dashed line a prediction means what it says."
        " Residuals: how many songs are guessed too low (left) or too high (right)."
    )
    for place, run_id in enumerate(shown["run_id"]):
        ours = [name for name in targets if name in shown.loc[run_id, "targets"]]
        if not ours:
            continue
        st.markdown(f"**{words.literal(labels[run_id])}**")
        bins, pairs = cached.calibration(run_id, split=part), cached.pairs(run_id, split=part)
        for column, name in zip(st.columns(len(ours), gap="small"), ours, strict=True):
            with column:
                st.markdown(f"**{name}**", help=FEATURES[name].meaning)
                of_target = bins[bins["feature"] == name]
                st.altair_chart(charts.calibration(of_target, frame.colours(), place=place))
                mine = pairs[pairs["feature"] == name]
                st.altair_chart(charts.residuals(mine, frame.colours(), place=place))


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
