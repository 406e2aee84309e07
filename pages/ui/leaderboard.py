"""The parts of the page that lists runs."""

import pandas as pd
import streamlit as st

from pages.ui import cached, frame, pickers, places, tables, words
from songfeat.metrics import ALL
from songfeat.scores import METRICS
from store import run_keeping

_NOTE_LENGTH = 500
_CHOSEN = "runs-chosen"


def table(runs: pd.DataFrame, labels: dict[str, str], *, part: str, metric: str) -> list[str]:
    """The leaderboard of one source; gives the runs that are chosen in it, two at most."""
    scores = cached.scores(list(runs["run_id"]), split=part, genre=ALL)
    board = tables.leaderboard(runs, scores, labels, cached.run_notes(), metric=metric)
    st.caption(
        f"{METRICS[metric].label} with 95 % intervals. {METRICS[metric].meaning} The last rows are the report's own"
        " figures, measured on other songs.",
        help=words.metric_help(),
    )
    ids = list(board["run_id"])
    named = pickers.held(_CHOSEN, "run", [run_id for run_id in ids if run_id], [])
    event = st.dataframe(
        board.drop(columns="run_id"),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        # Rows are chosen by their place: in another order the same runs stay chosen.
        selection_default={"selection": {"rows": [ids.index(run_id) for run_id in named]}},
        key=f"leaderboard-{hash(tuple(ids))}",
        height="content",
        column_config=frame.thousands(["n"]),
        placeholder="–",
        alt="Runs by target",
    )
    picked = [ids[row] for row in event["selection"]["rows"] if row < len(ids) and ids[row]][:2]
    st.session_state[_CHOSEN] = picked
    pickers.say(_CHOSEN, "run", picked)
    return picked


def details(chosen: list[str], labels: dict[str, str]) -> None:
    """What the chosen run was asked for, with its note, files and the way to delete it; of two what differs."""
    if not chosen:
        st.caption("Choose a run in the table, or two.")
        return
    if len(chosen) == 2:
        _two(*chosen, labels)
        return
    run_id = chosen[0]
    run = cached.all_runs().set_index("run_id", drop=False).loc[run_id]
    st.subheader(labels[run_id], anchor=False)
    st.caption(f"{words.run_line(run)}.")
    if text := words.hardly_varying(run):
        st.warning(text)
    asked, kept = st.columns([3, 2], gap="large")
    with asked:
        st.dataframe(tables.settings(run), hide_index=True, height="content", alt="What the run was asked for")
    with kept:
        _note(run_id)
        _files(run_id)
        st.page_link(places.COMPARE, label="Compare", icon=":material/compare_arrows:", query_params={"run": run_id})
        _delete(run_id, labels[run_id])


def _two(first: str, second: str, labels: dict[str, str]) -> None:
    st.subheader("What differs", anchor=False)
    found = cached.run_differences(first, second).rename(columns={"first": labels[first], "second": labels[second]})
    if found.empty:
        st.caption("Nothing: they were asked for the same, on the same data.")
    else:
        st.dataframe(found, hide_index=True, height="content", alt="What differs")
    st.page_link(
        places.COMPARE,
        label="Compare them song by song",
        icon=":material/compare_arrows:",
        query_params={"run": [first, second]},
    )


def _note(run_id: str) -> None:
    writable = cached.workspace().writable
    note = st.text_area(
        "Note", cached.run_notes().get(run_id, ""), key=f"note-{run_id}", max_chars=_NOTE_LENGTH, disabled=not writable
    )
    if writable and note.strip() != cached.run_notes().get(run_id, ""):
        run_keeping.write_note(cached.catalogue(), run_id, note)
        st.toast("Note kept.")


def _files(run_id: str) -> None:
    with st.container(horizontal=True):
        st.download_button(
            "Scores",
            lambda: tables.as_csv(cached.scores([run_id])),
            f"{run_id}-scores.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Predictions",
            lambda: tables.as_csv(cached.pairs(run_id, split=None)),
            f"{run_id}-predictions.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )


def _delete(run_id: str, label: str) -> None:
    with st.popover("Delete", icon=":material/delete:", disabled=not cached.workspace().writable):
        st.markdown(f"Delete {words.literal(label)} with its scores, predictions and model? There is no way back.")
        if st.button("Delete for good", type="primary", key=f"delete-{run_id}"):
            run_keeping.delete(cached.catalogue(), run_id)
            st.rerun()
