"""The parts of the page that compares runs."""

from collections.abc import Iterator, Mapping

import pandas as pd
import streamlit as st

from pages.ui import cached, comparison_charts, frame, pickers, song_list, tables, words
from songfeat.errors import SongfeatError
from songfeat.labels import FEATURES, QUESTIONS
from songfeat.metrics import ALL
from songfeat.scores import METRICS
from store.predicted import MOST_POINTS, Agreement
from store.slices import Slice

Slices = Mapping[str, Slice]
"""By run id, in the order of the runs, what is looked at of each."""

_SELECTABLE = {"displaylogo": False, "modeBarButtonsToRemove": ["autoScale2d", "toImage"]}


def pictures(run: pd.Series, label: str, part: Slice, targets: list[str], place: int) -> None:
    """One run's predictions over reference values, a picture each target, and what they score beneath."""
    _heading(run, label)
    ours = [name for name in targets if name in run["targets"]]
    shown = cached.predicted_over_reference(part)
    if not any(name in shown.songs for name in ours):
        st.caption("There is nothing of it to show: none of these targets, or no song of this choice.")
        return
    said = words.score_lines(cached.slice_scores(part))
    for name in _columns(ours):
        marks = shown.marks[shown.marks["feature"] == name]
        chart = comparison_charts.agreement(marks, frame.colours(), place=place)
        st.altair_chart(chart, alt=f"Predicted over reference {name} of {label}, {shown.songs.get(name, 0):,} songs")
        st.caption(said.get(name, "not scored"), help=words.metric_help())
    _told(run)


def answers(run: pd.Series, label: str, part: Slice) -> None:
    """How often a run that answers a question is right."""
    _heading(run, label)
    scores = cached.slice_scores(part)
    for name in run["targets"]:
        st.markdown(words.answers_line(QUESTIONS[name], scores[scores["feature"] == name]))
    _told(run)


def _heading(run: pd.Series, label: str) -> None:
    st.markdown(f"**{words.literal(label)}**")
    if text := words.hardly_varying(run):
        st.warning(text)


def _told(run: pd.Series) -> None:
    """What the run was, and what it left out."""
    excluded = cached.exclusions_of_runs()
    said = words.left_out(excluded[excluded["run_id"] == run["run_id"]])
    st.caption(f"{words.run_line(run)}. {said}")


def _columns(targets: list[str]) -> Iterator[str]:
    """A column each target, beneath its name."""
    for column, name in zip(st.columns(len(targets), gap="small"), targets, strict=True):
        with column:
            st.markdown(f"**{name}**", help=FEATURES[name].meaning)
            yield name


def songs(slices: Slices, labels: Mapping[str, str], targets: list[str]) -> None:
    """One target large, to draw around dots; beneath it the songs that one drew around."""
    st.subheader("The songs behind the dots", anchor=False)
    target = pickers.one_of(
        st, "Draw around", targets, parameter="songs_of", side_by_side=True,
        help="\n\n".join(f"**{name}**: {FEATURES[name].meaning}." for name in targets),
    )  # fmt: skip
    shown = {run_id: cached.predicted_over_reference(part) for run_id, part in slices.items()}
    shown = {run_id: one for run_id, one in shown.items() if target in one.songs}
    if not shown:
        st.caption(f"No song of this choice has a value of {target}.")
        return
    st.caption(_how_to_read(list(shown.values()), target))
    marks = {run_id: one.marks[one.marks["feature"] == target] for run_id, one in shown.items()}
    event = st.plotly_chart(
        comparison_charts.songs(
            [(labels[run_id], list(slices).index(run_id), table) for run_id, table in marks.items()], frame.colours()
        ),
        key=f"songs-{hash((target, *slices.values()))}",
        on_select="rerun",
        selection_mode=("lasso", "box", "points"),
        config=_SELECTABLE,
        alt=f"Predicted over reference {target}; the table beneath lists the songs that are chosen",
    )
    points = event["selection"]["points"]
    if not points:
        st.caption("Draw a line around some of them, or click one, to list the songs, hear them or keep them as CSV.")
    for curve, run_id in enumerate(shown):
        picked = sorted({point["point_index"] for point in points if point["curve_number"] == curve})
        if picked:
            others = {other: f"predicted by {labels[other]}" for other in shown if other != run_id}
            st.caption(f"Chosen in the picture of {labels[run_id]}, the most wrong first.")
            _list(slices[run_id], target, marks[run_id].iloc[picked], others)


def _how_to_read(shown: list[Agreement], target: str) -> str:
    most = max(one.songs[target] for one in shown)
    if shown[0].by_square:
        return (
            f"{words.count(most, 'song')}, more than {MOST_POINTS:,}: each dot stands for those in a square of the"
            " picture, and its area for how many they are."
        )
    return f"Each dot is a song: {words.count(most, 'song')}. The nearer to the dashed line, the closer."


def _list(part: Slice, target: str, marks: pd.DataFrame, others: dict[str, str]) -> None:
    by_square = "square" in marks
    asked = {"squares": list(marks["square"])} if by_square else {"track_ids": list(marks["track_id"])}

    def read(limit: int | None) -> pd.DataFrame:
        found = cached.predicted_songs(part, target, **asked, beside=list(others), limit=limit)
        return found.rename(columns=others)

    number = int(marks["songs"].sum()) if by_square else len(marks)
    also = ["reference", "predicted", "error", *others.values()]
    song_list.behind_marks(number, read, key=f"picked-{hash((part, target, *marks.index))}", also=also)


def paired(first: str, second: str, part: Slice, labels: Mapping[str, str]) -> None:
    """Two runs on the songs that both predicted: the difference of their scores with its interval."""
    st.subheader("Difference of the first two runs", anchor=False)
    try:
        found = cached.comparison(first, second, split=part.split, genre=part.genre or ALL, source=part.source)
    except SongfeatError as error:
        st.info(words.literal(str(error)))
        return
    for note in found.notes:
        st.warning(words.literal(note))
    metric = pickers.metric(*METRICS)
    chosen_metric = METRICS[metric]
    table = tables.difference(found.table[found.table["metric"] == metric], labels[first], labels[second])
    st.caption(
        f"{chosen_metric.label} of {words.literal(labels[first])} less that of {words.literal(labels[second])}, on the"
        f" same {found.tracks:,} songs: {'left' if chosen_metric.lower_is_better else 'right'} of the line the first is"
        " better. Where the bar crosses the line, these songs cannot tell them apart."
    )
    title = f"difference in {chosen_metric.label}"
    st.altair_chart(comparison_charts.differences(table, frame.colours(), title=title), alt=f"The {title} by target")
    st.dataframe(
        tables.differences(table, labels[first], labels[second]),
        hide_index=True,
        column_config=frame.thousands(["n"]),
        alt=title,
    )


def trust(shown: pd.DataFrame, slices: Slices, labels: Mapping[str, str], targets: list[str]) -> None:
    """Whether predictions can be taken at their word: calibration and residuals, a row of pictures each run."""
    if not st.toggle("Calibration and residuals", key="trust", bind="query-params"):
        return
    st.caption(
        "Calibration: songs in ten groups by their prediction; on the dashed line a prediction means what it says."
        " Residuals: how many songs are guessed too low (left) or too high (right)."
    )
    for place, (run_id, part) in enumerate(slices.items()):
        ours = [name for name in targets if run_id in shown.index and name in shown.loc[run_id, "targets"]]
        if not ours:
            continue
        st.markdown(f"**{words.literal(labels[run_id])}**")
        bins, away = cached.calibration(part), cached.residuals(part)
        for name in _columns(ours):
            of_target = bins[bins["feature"] == name]
            chart = comparison_charts.calibration(of_target, frame.colours(), place=place)
            st.altair_chart(chart, alt=f"Mean reference over mean predicted {name} of {labels[run_id]}")
            mine = away[away["feature"] == name]
            chart = comparison_charts.residuals(mine, frame.colours(), place=place)
            st.altair_chart(chart, alt=f"How many songs' {name} {labels[run_id]} guesses too low or too high")
        with st.expander("As a table"):
            st.dataframe(
                tables.calibration(bins, ours), hide_index=True, column_config=frame.thousands(["n"]), alt="Calibration"
            )


def all_scores(slices: Slices, labels: Mapping[str, str]) -> None:
    """Every metric of every run, with intervals, as a table."""
    st.subheader("All scores", anchor=False)
    st.caption("With 95 % intervals, from drawing artists again and again.", help=words.metric_help())
    found = [cached.slice_scores(part).assign(run_id=run_id, genre=ALL) for run_id, part in slices.items()]
    table = tables.scores(pd.concat(found, ignore_index=True), labels)
    st.dataframe(table, hide_index=True, column_config=frame.thousands(["n"]), alt="All scores")
