"""The models that can be trained, as cards to choose from: what each sees, what it is, and for how many songs."""

from collections.abc import Sequence

import streamlit as st

from pages.ui import cached, pickers, training_words, words
from songfeat import registry
from songfeat.registry import ModelEntry
from store.training_data import MINIMUM_TRACKS

_COLUMNS = 4
_MODEL = "pick-model"


def choose() -> ModelEntry:
    """The model that is chosen; the address says ``?model=…``."""
    entries = {entry.name: entry for entry in registry.entries()}
    name = pickers.held(_MODEL, "model", list(entries), [_first(list(entries.values())).name])[0]
    pickers.say(_MODEL, "model", [name])
    st.session_state[_MODEL] = name
    groups: dict[str, list[ModelEntry]] = {}
    for entry in sorted(entries.values(), key=lambda entry: len(entry.inputs)):
        groups.setdefault(training_words.inputs(entry.inputs), []).append(entry)
    group = pickers.one_of(
        st, "Models that see", list(groups), parameter="sees", default=training_words.inputs(entries[name].inputs),
        shown=lambda group: f"{group} ({len(groups[group])})", side_by_side=True,
    )  # fmt: skip
    for start in range(0, len(groups[group]), _COLUMNS):
        row = groups[group][start : start + _COLUMNS]
        for column, entry in zip(st.columns(_COLUMNS, gap="small"), row, strict=False):
            with column, st.container(border=True, height="stretch", gap="xsmall"):
                _card(entry, chosen=entry.name == name)
    return entries[name]


def _card(entry: ModelEntry, *, chosen: bool) -> None:
    st.button(
        entry.name,
        key=f"choose-{entry.name}",
        icon=":material/check_circle:" if chosen else ":material/radio_button_unchecked:",
        type="tertiary",
        on_click=_choose,
        args=(entry.name,),
        help=f"A {entry.family}. {_needs(entry)}",
    )
    st.caption(f"{words.sentence(entry.description)}.")
    st.caption(training_words.readiness(songs_for(entry), MINIMUM_TRACKS, hears=entry.sound is not None))


def _choose(name: str) -> None:
    st.session_state[_MODEL] = name


def _needs(entry: ModelEntry) -> str:
    spec = f", arrays of the spec {entry.default_spec} unless told otherwise" if entry.default_spec else ""
    parents = f", and {len(entry.parents)} finished runs to stand on" if entry.parents else ""
    return f"Needs {training_words.inputs(entry.inputs)}{spec}{parents}."


def songs_for(entry: ModelEntry) -> int:
    """How many songs this workspace has of the source that has most of what a model needs."""
    found = cached.tracks_by_source(entry.default_spec, entry.inputs, entry.default_targets)
    return 0 if found.empty else int(found["tracks"].iloc[0])


def _first(entries: Sequence[ModelEntry]) -> ModelEntry:
    """The first network that can be trained here, else the first there is."""
    networks = [entry for entry in entries if entry.train is not None and not entry.parents]
    return next((entry for entry in networks if songs_for(entry) >= MINIMUM_TRACKS), networks[0])
