"""The views of the MFCC page that look at one song, or at two."""

from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui import cached, frame, heatmaps, pickers, places, song_list, sound_charts, words
from songfeat.specs import get_spec
from store import sound_profiles
from store.listening import Sound

SPEC = "report"
"""Of what is shown: the report's MFCCs, which most models see."""

FIRST_SHOWN = [1, 2, 3]
_BY_VALUE = "value"
_GENRE, _SONG = "its genre", "another song"
_PLAIN = {"displayModeBar": False}
_PICTURE = "Waveform, mel spectrogram and MFCCs over time"


def one_song(song: dict[str, Any], place: DeltaGenerator) -> None:
    """A song's waveform, mel spectrogram and MFCCs on one time axis, and single coefficients over time."""
    colouring = place.segmented_control(
        "Colour by",
        ["each one's own mean", _BY_VALUE],
        default="each one's own mean",
        required=True,
        key="colour_by",
        bind="query-params",
        help="Coefficient 0 is the level and far larger than the others: by value, it outshines them.",
    )
    song_list.line(song["track"])
    sound = _listen(song)
    _picture(sound, key="sound", relative=colouring != _BY_VALUE)
    st.caption(words.spec_line(get_spec(SPEC)))
    st.subheader("Coefficients over time", anchor=False)
    st.caption("0 is the level, 1 the balance of low and high, higher ones ever finer detail of the spectrum.")
    chosen = st.multiselect(
        "Coefficients",
        list(range(len(sound.coefficients))),
        default=FIRST_SHOWN,
        key="coefficients",
        bind="query-params",
        label_visibility="collapsed",
    )
    if chosen:
        st.plotly_chart(
            sound_charts.trajectories(sound, sorted(chosen), frame.colours()),
            key="trajectories",
            config=_PLAIN,
            alt="Coefficients over time; the table beneath says where they lie",
        )
    st.dataframe(sound.table.round(2), hide_index=True, alt="Each coefficient over the clip")


def side_by_side(song: dict[str, Any], place: DeltaGenerator) -> None:
    """Two songs, or a song and the average of its genre, coefficient by coefficient."""
    other = place.segmented_control(
        "Beside", [_GENRE, _SONG], default=_GENRE, required=True, key="beside", bind="query-params"
    )
    if other == _SONG:
        search_place, list_place, _ = st.columns([2, 3, 3])
        second_id = pickers.song(
            search_place,
            list_place,
            page="mfcc",
            with_clip=True,
            query="q2",
            parameter="second",
            without=song["track"]["track_id"],
        )
        if second_id is not None:
            _two_songs(song, cached.song(second_id))
        return
    song_list.line(song["track"])
    sound = _listen(song)
    _picture(sound, key="sound", relative=True)
    genre = song["track"].get("genre_group")
    if not genre or pd.isna(genre):
        st.info("The genre of this song is not known, so that there is nothing to put it beside.")
        return
    library = _library()
    if library is None:
        return
    members = cached.genre_members(genre)
    n = int(library.index.isin(members).sum())
    if not n:
        st.info(f"No song of {words.literal(genre)} has extracted arrays yet.")
        return
    few = f" Only {n}: take it with care." if n < heatmaps.SMALL else ""
    st.caption(
        f"The mean of each coefficient, around the average of {words.count(len(library), 'clip')} here, in their"
        f" standard deviations. Lines hold two thirds or so of the songs of {words.literal(genre)} (one standard"
        f" deviation on each side).{few}"
    )
    both = [
        sound_profiles.profile(library, sound, _name(song)),
        sound_profiles.group_profile(library, members, f"{genre} ({n:,})"),
    ]
    _profiles(pd.concat(both, ignore_index=True))


def _two_songs(first: dict[str, Any], second: dict[str, Any]) -> None:
    sounds = [_listen(first), _listen(second)]
    for place, song, sound, key in zip(
        st.columns(2, gap="large"), (first, second), sounds, ("first", "second"), strict=True
    ):
        with place:
            song_list.line(song["track"], narrow=True)
            _picture(sound, key=f"sound-{key}", relative=True, narrow=True)
    library = _library()
    if library is None:
        return
    st.caption(
        f"The mean of each coefficient, around the average of {words.count(len(library), 'clip')} here, in their"
        " standard deviations: where two marks are far apart, the songs differ in that detail of the spectrum."
    )
    names = words.song_options(pd.DataFrame([first["track"], second["track"]]))
    both = [
        sound_profiles.profile(library, sound, names[song["track"]["track_id"]])
        for sound, song in zip(sounds, (first, second), strict=True)
    ]
    _profiles(pd.concat(both, ignore_index=True))


def _profiles(table: pd.DataFrame) -> None:
    st.altair_chart(sound_charts.profiles(table, frame.colours()), alt="Means of the coefficients, as in the table")
    wide = table.pivot(index="coefficient", columns="whose", values="value")[list(table["whose"].unique())]
    st.dataframe(wide.reset_index().round(2), hide_index=True, alt="The mean of each coefficient")


def _picture(sound: Sound, *, key: str, relative: bool, narrow: bool = False) -> None:
    figure = heatmaps.sound(sound, frame.colours(), relative=relative)
    if narrow:
        figure.update_traces(showscale=False, selector={"type": "heatmap"})
    st.plotly_chart(figure, key=key, config=_PLAIN, alt=_PICTURE)


def _listen(song: dict[str, Any]) -> Sound:
    clip = song["clips"].iloc[0]
    return cached.listen(clip["path"], clip["sha256"], SPEC)


def _library() -> pd.DataFrame | None:
    """How all clips sound; None, and a way to get there, where arrays are still to be computed."""
    library = cached.clip_statistics(SPEC)
    if len(library) > 1:
        return library
    st.info("To see a song among the others, their arrays must be extracted first.")
    st.page_link(
        places.COLLECT,
        label="Extract arrays",
        icon=":material/graphic_eq:",
        query_params={"way": places.EXTRACT},
    )
    return None


def _name(song: dict[str, Any]) -> str:
    track = song["track"]
    title = track.get("title")
    return str(title) if title and not pd.isna(title) else str(track["track_id"])
