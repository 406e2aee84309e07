"""Long work as it stands, kept up to date while something is under way and left alone afterwards."""

from collections.abc import Callable

import streamlit as st

from pages.ui import cached, words
from pages.ui.errors import errors_in_words
from store import jobs
from store.jobs import Job

POLL_S = 1.5


def compact() -> None:
    """In the sidebar the jobs at work, one bar each; nothing if there are none."""
    if jobs.live(cached.workspace()):
        with st.sidebar:
            _polled(_bars, kind=None, key="compact")


def panel(*, kind: str | None = None, limit: int = 5, none: str | None = "None yet.") -> None:
    """Jobs, newest first, with progress, result and what can be done about them; `kind` leaves out others.

    `none` is said where there are none.
    """

    def draw(found: list[Job]) -> None:
        for job in found[:limit]:
            _card(job)
        if not found and none:
            st.caption(none)

    _polled(draw, kind=kind, key=f"panel-{kind}")


def at_work() -> None:
    """The jobs at work, and the last one if it came to a bad end; the page follows what they bring in."""

    def draw(found: list[Job]) -> None:
        for job in [job for job in found if job.live] or [job for job in found[:1] if job.state != "done"]:
            _card(job)

    _polled(draw, kind=None, key="at-work", follow_catalogue=True)


def follow(draw: Callable[[list[Job]], None], *, kind: str, key: str) -> None:
    """Draw something else about the jobs of a kind, again and again while one is at work."""
    _polled(draw, kind=kind, key=key)


def _polled(draw: Callable[[list[Job]], None], *, kind: str | None, key: str, follow_catalogue: bool = False) -> None:
    """A fragment that redraws while jobs are live; when one starts or ends, the whole page is drawn anew.

    With `follow_catalogue` also when the catalogue changed.
    """
    live, version = _live(jobs.jobs(cached.workspace(), kind=kind)), cached.catalogue().version()

    @st.fragment(run_every=POLL_S if live else None, key=key)
    def redraw() -> None:
        with errors_in_words():
            found = jobs.jobs(cached.workspace(), kind=kind)
            if _live(found) != live or (follow_catalogue and cached.catalogue().version() != version):
                st.rerun()
            draw(found)

    redraw()


def _live(found: list[Job]) -> set[str]:
    return {job.job_id for job in found if job.live}


def _bars(found: list[Job]) -> None:
    for job in (job for job in found if job.live):
        share, text = words.job_step(job)
        st.progress(share, f"**{words.literal(job.title)}** · {text}")


def _card(job: Job) -> None:
    name, colour = words.STATES[job.state]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{words.literal(job.title)}**", width="stretch")
            st.badge(name, color=colour)
            _button(job)
        if job.live:
            st.progress(*words.job_step(job))
        elif text := words.job_result(job):
            st.caption(words.literal(text))


def _button(job: Job) -> None:
    workspace = cached.workspace()
    if not workspace.writable:
        return
    if job.live and (job.folder / "cancel").exists():
        st.caption("stopping …", width="content")
    elif job.live and st.button("Cancel", key=f"cancel-{job.job_id}", icon=":material/stop_circle:"):
        jobs.cancel(workspace, job.job_id)
        st.rerun()
    elif job.state in jobs.RESUMABLE and st.button("Resume", key=f"resume-{job.job_id}", icon=":material/resume:"):
        jobs.start(workspace, job.job_id)
        st.rerun()
