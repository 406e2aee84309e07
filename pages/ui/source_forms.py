"""The part of the page Collect that asks sources on the web, or the Free Music Archive's files."""

from typing import Any

import streamlit as st

from pages.ui import cached, tables, words
from store import capabilities, jobs
from store.sources.registry import Option, Source, collected

_ASK_NOTE = "Asks each once for what it may give; nothing is collected."


def ask_source() -> None:
    """Choose a source, see what it gives, needs and allows, and collect from it."""
    sources = {source.name: source for source in collected()}
    chosen = st.selectbox("Source", list(sources), format_func=lambda name: sources[name].title, key="source")
    source = sources[chosen]
    _described(source)
    columns = st.columns(2)
    options = {}
    for place, option in enumerate(source.options):
        with columns[place % 2]:
            options[option.name] = _choose(option, f"{source.name}-{option.name}")
    given = {name: value for name, value in options.items() if value not in (None, "", [])}
    if st.button("Collect", type="primary", disabled=not cached.workspace().writable):
        params = {"source": source.name, "options": given}
        jobs.launch(cached.workspace(), "collect", params, title=f"Collect from {source.title}")
        st.rerun()
    _capabilities()


def _described(source: Source) -> None:
    st.caption(f"Gives {words.listed(source.gives)}. Needs {words.literal(source.needs)}.")
    links = " · ".join(f"[{words.address(link)}]({link})" for link in source.links)
    st.info(f"**What you may do with it.** {source.rights} {links}", icon=":material/gavel:")


def _choose(option: Option, key: str) -> Any:
    """What a person chooses for an option; nothing stands for its default."""
    label = words.sentence(option.help.split("; default")[0])
    if option.kind == "number":
        return st.number_input(label, min_value=1, value=option.default, key=key, placeholder="all")
    if option.kind == "flag":
        return st.checkbox(label, value=bool(option.default), key=key)
    if option.kind == "path":
        return st.text_input(label, key=key, placeholder="/music/fma").strip()
    typed = st.text_input(label, value=", ".join(option.default or ()), key=key, help="Put commas between several.")
    return [word.strip() for word in typed.split(",") if word.strip()]


def _capabilities() -> None:
    """What works with the present credentials, as found when it was last asked."""
    st.subheader("What each source can do here", anchor=False)
    if st.button("Ask the sources", help=_ASK_NOTE, disabled=not cached.workspace().writable):
        with st.spinner("Asking …"):
            capabilities.ask(cached.workspace())
    found = capabilities.known(cached.workspace())
    if found is None:
        st.caption("They have not been asked yet.")
        return
    st.caption(f"As of {found['asked_at'][:16].replace('T', ' ')} UTC, with the credentials that were set then.")
    st.dataframe(tables.capabilities(found["sources"]), hide_index=True, alt="What each source can do here")
