"""How a model is trained: everything that can be set, with the model's own defaults."""

from typing import Any

import streamlit as st

from pages.ui import cached, places, training_words, words
from songfeat.errors import ConfigError
from songfeat.registry import ModelEntry
from songfeat.settings import Setting, settings_of

_FOLDS_HELP = (
    "Cross-validation: the songs are cut into so many folds, each is tested on by a model that learned from the others,"
    " and every song counts as tested. It takes as many trainings."
)
_COLUMNS = 2


def seed() -> int:
    """Of the split and of the first weights."""
    chosen = st.number_input(
        "Seed", min_value=0, value=0, help="Of the split and of the first weights.", key="train-seed",
        persist_state="session",
    )  # fmt: skip
    return int(chosen)


def options(entry: ModelEntry) -> tuple[dict[str, str], int | None]:
    """The settings that differ from the model's own, and the number of folds; the page ends where they do not fit."""
    settings = settings_of(entry)
    chosen: dict[str, str] = {}
    with st.expander("Options", icon=":material/tune:", key="train-options"):
        folds = None
        if not entry.parents:
            folds = st.number_input(
                "Folds", min_value=2, max_value=20, value=None, placeholder="none", help=_FOLDS_HELP, key="train-folds",
                persist_state="session",
            )  # fmt: skip
        if settings:
            st.caption(
                "What the model and its training have by default; `songfeat train --set NAME=VALUE` sets the same."
            )
        columns = st.columns(_COLUMNS)
        for place, setting in enumerate(settings):
            value = _setting(columns[place % _COLUMNS], entry.name, setting)
            if value != setting.default:
                chosen[setting.name] = _text(value)
        try:
            entry.configure(chosen)
        except ConfigError as error:
            st.error(words.literal(str(error)), icon=":material/error:")
            st.stop()
    return chosen, folds


def parents(entry: ModelEntry) -> dict[str, Any] | None:
    """The runs that a model stands on, whose data and split it takes over; None while there are none to choose."""
    labels = words.run_labels(cached.all_runs())
    named = {}
    for role, kind in entry.parents.items():
        fitting = cached.fitting_runs((kind,))
        if not fitting:
            st.info(
                f"It stands on a finished run of a model that sees {training_words.inputs((kind,))}: train one first."
            )
            st.page_link(places.RUNS, label="See the runs", icon=":material/leaderboard:")
            return None
        named[role] = st.selectbox(
            words.sentence(role.replace("_", " ")),
            fitting,
            format_func=labels.__getitem__,
            key=f"train-{role}",
            persist_state="session",
        )
    st.caption("It takes over their songs, whose values they learned, and their split.")
    return {"settings": named}


def _setting(place: Any, model: str, setting: Setting) -> Any:
    """A control that fits what the setting is."""
    label = words.sentence(setting.name.replace("_", " "))
    asked = {"key": f"set-{model}-{setting.name}", "persist_state": "session", "help": setting.meaning or None}
    if setting.choices:
        return place.selectbox(label, setting.choices, index=setting.choices.index(setting.default), **asked)
    if isinstance(setting.default, bool):
        return place.toggle(label, setting.default, **asked)
    if isinstance(setting.default, int | float):
        number = _number(place, label, setting.default, asked)
        return setting.default if number is None else type(setting.default)(number)
    text = place.text_input(label, _text(setting.default), **asked)
    return setting.default if text == _text(setting.default) else text


def _number(place: Any, label: str, default: float, asked: dict[str, Any]) -> float | None:
    if isinstance(default, int):
        return place.number_input(label, value=default, step=1, **asked)
    return place.number_input(label, value=default, step=default / 10 or 0.01, format="%g", **asked)


def _text(value: Any) -> str:
    """A setting as the command line takes it."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
