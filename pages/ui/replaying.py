"""The parts of the page that replays the report."""

import streamlit as st

from pages.ui import cached, tables, words
from songfeat.scores import METRICS
from store import jobs
from store.report import FAILS, HOLDS, Replay

_LOOK = {HOLDS: (":material/check_circle:", "green"), FAILS: (":material/cancel:", "red")}
_OPEN = (":material/help:", "grey")


def offer(found: Replay) -> None:
    """Say what is not trained yet, with a button that trains it."""
    st.info(
        f"{words.count(len(found.missing), 'system')} of the report {'is' if len(found.missing) == 1 else 'are'} not"
        " trained on this source yet."
    )
    with st.expander("Which these are"):
        st.markdown("\n".join(f"- {words.literal(title)}" for title in found.missing))
    if st.button("Train what is missing", type="primary", disabled=not cached.workspace().writable):
        params = {"source": found.source, "seed": found.seed}
        jobs.launch(cached.workspace(), "report", params, title="Replay the report")
        st.rerun()


def claims(found: Replay) -> None:
    """Each of the report's claims, whether it holds here, and the numbers behind that."""
    st.subheader("Which of its claims hold", anchor=False)
    st.caption("Judged by the mean absolute error on the same test songs, with 95 % confidence.")
    for one in found.verdicts:
        icon, colour = _LOOK.get(one.verdict, _OPEN)
        with st.expander(f"{icon} {one.sentence} :{colour}[**{one.verdict}**]"):
            for sentence in one.evidence:
                st.markdown(f"- {words.literal(sentence)}")


def experiments(found: Replay, metric: str) -> None:
    """The experiments that its conclusions hang on."""
    if found.experiments.empty:
        return
    st.subheader("What its conclusions hang on", anchor=False)
    st.caption(
        f"{METRICS[metric].label}, averaged over the targets. Differences are on the same songs, with intervals;"
        " random and artist splits have other test songs, so that only their scores stand side by side."
    )
    for question, evidence, verdict in tables.experiments(found.experiments, metric):
        st.markdown(f"**{question}** {words.literal(verdict)}.  \n{words.literal(evidence)}")


def tables_of(found: Replay, metric: str) -> None:
    """Its tables, our figures with 95 % intervals above its own."""
    for title, table in found.tables.items():
        st.subheader(title, anchor=False)
        st.dataframe(tables.replayed(table, metric), hide_index=True, height="content", alt=title)
