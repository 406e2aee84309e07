"""Controls that several pages share. What they hold stands in the address, so that a link opens the same view."""

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui import cached, words
from songfeat.scores import METRICS
from songfeat.splits import PARTS

MOST_RUNS = 3

_PART_HELP = (
    "Test: songs that were kept from training; where the split is by artist, so were all songs of their artists."
)


def song(
    search_place: DeltaGenerator,
    list_place: DeltaGenerator,
    *,
    page: str,
    with_clip: bool = False,
    query: str = "q",
    parameter: str = "track",
    without: str | None = None,
) -> str | None:
    """A search box and the list of what it finds; gives the id of the song that is picked.

    The address says ``?q=…&track=…``, or what `query` and `parameter` name in their place. The song `without` is not
    offered.
    """
    key = f"{page}-{parameter}"
    wanted = search_place.text_input(
        "Search",
        key=query,
        bind="query-params",
        placeholder="title or artist",
        on_change=_forget,
        args=(key, parameter),
    )
    found = _with_wanted(cached.pick_list(wanted, with_clip=with_clip), key, parameter, with_clip=with_clip)
    found = found[found["track_id"] != without]
    if found.empty:
        list_place.selectbox("Song", [], placeholder="nothing found", disabled=True)
        return None
    names = words.song_options(found)
    if st.session_state.get(key) not in names:
        st.session_state[key] = next(iter(names))
    picked = list_place.selectbox(
        f"Song ({len(names)} found)" if wanted else "Song",
        list(names),
        format_func=names.__getitem__,
        key=key,
        persist_state="session",
    )
    say(key, parameter, [picked])
    return picked


def _forget(key: str, parameter: str) -> None:
    """After a new search, the first song found is meant, not the one picked before."""
    st.session_state.pop(key, None)
    st.query_params.pop(parameter, None)


def _with_wanted(found: pd.DataFrame, key: str, parameter: str, *, with_clip: bool) -> pd.DataFrame:
    """The list with the song that is picked or that the address names, also if the search does not find it."""
    linked = st.query_params.get_all(parameter)
    wanted = linked[0] if linked and linked != st.session_state.get(_said(key)) else st.session_state.get(key)
    if not wanted or wanted in set(found["track_id"]):
        st.session_state[key] = wanted
        return found
    row = cached.song_row(wanted)
    if row.empty or (with_clip and not row["has_clip"].iloc[0]):
        st.warning(f"There is no song {words.literal(wanted)} {'with a clip ' if with_clip else ''}here.")
        st.session_state.pop(key, None)
        return found
    st.session_state[key] = wanted
    return pd.concat([row, found], ignore_index=True)


def one_of(
    place: DeltaGenerator,
    label: str,
    names: Sequence[str],
    *,
    parameter: str,
    shown: Callable[[str], str] = str,
    default: str | None = None,
    side_by_side: bool = False,
    help: str | None = None,
) -> str:
    """One of several names, which the address says as it is, however it is `shown`; the first unless told otherwise.

    In a list, or `side_by_side`.
    """
    key = _key(parameter)
    first = default or names[0]
    st.session_state[key] = (held(key, parameter, names, [first]) or [first])[0]
    options = {"format_func": shown, "key": key, "persist_state": "session", "help": help}
    if side_by_side:
        picked = place.segmented_control(label, names, required=True, **options)
    else:
        picked = place.selectbox(label, names, **options)
    say(key, parameter, [picked])
    return picked


def pick(parameter: str, name: str) -> None:
    """Let a control of :func:`one_of` hold this name when it is drawn next, as after a click in a picture."""
    st.session_state[_key(parameter)] = name


def _key(parameter: str) -> str:
    return f"pick-{parameter}"


def runs(
    place: DeltaGenerator,
    table: pd.DataFrame,
    labels: dict[str, str],
    *,
    page: str,
    default: list[str],
    most: int = MOST_RUNS,
) -> list[str]:
    """Choose up to `most` runs; the address says ``?run=…&run=…``."""
    key = f"{page}-runs"
    known = list(table["run_id"])
    st.session_state[key] = held(key, "run", known, default)[:most]
    chosen = place.multiselect(
        f"Runs (up to {most})",
        known,
        format_func=labels.__getitem__,
        key=key,
        persist_state="session",
        max_selections=most,
        wrap=True,
    )
    say(key, "run", chosen)
    return chosen


def source(place: DeltaGenerator, sources: list[str], *, page: str) -> str:
    """Choose whose reference values; the address says ``?source=…``."""
    key = f"{page}-source"
    st.session_state[key] = (held(key, "source", sources, sources) or sources)[0]
    chosen: str = place.selectbox("Whose values", sources, format_func=words.source, key=key, persist_state="session")
    say(key, "source", [chosen])
    return chosen


def metric(*names: str) -> str:
    """Choose one of these metrics, the first unless another is chosen; the address says ``?metric=…``."""
    return one_of(
        st, "Metric", names, parameter="metric", shown=lambda name: METRICS[name].label, side_by_side=True,
        help="\n\n".join(f"**{METRICS[name].label}**: {METRICS[name].meaning}" for name in names),
    )  # fmt: skip


def part(place: DeltaGenerator) -> str:
    """Choose the part of a split; the address says ``?part=…``."""
    return one_of(place, "Part", PARTS[::-1], parameter="part", side_by_side=True, help=_PART_HELP)


def held(key: str, parameter: str, names: Sequence[str], default: list[str]) -> list[str]:
    """What a control shows: what the address says where one came by a link, else what it held, else the default."""
    said = [name for name in st.query_params.get_all(parameter) if name in names]
    if said and said != st.session_state.get(_said(key)):
        return said
    if key not in st.session_state:
        return default
    before = st.session_state[key]
    before = [before] if isinstance(before, str) else before or []
    still = [name for name in before if name in names]
    return still if still or not before else default


def say(key: str, parameter: str, chosen: list[str]) -> None:
    """Let the address say what is chosen, and remember that it was not a link that said it."""
    st.query_params[parameter] = chosen
    st.session_state[_said(key)] = chosen


def _said(key: str) -> str:
    return f"{key}-said"
