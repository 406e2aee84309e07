"""The view of the MFCC page where one chooses how arrays are computed, and sees and hears what that keeps."""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui import cached, frame, heatmaps, song_list, words
from songfeat.specs import REPORT_SPEC, MfccSpec
from store import rebuilding

N_MFCC = (4, 8, 13, 20, 40, 64, 128, 256)
N_MELS = (20, 40, 64, 128, 256)
N_FFT = (512, 1024, 2048, 4096, 8192)
HOP_LENGTH = (512, 1024, 2048, 4096, 8192)

_HELP = {
    "n_mfcc": "How many coefficients are kept: the fewer, the smoother the spectrum.",
    "n_mels": "How many bands the spectrum is gathered into before, narrow ones low, wide ones high.",
    "n_fft": "Samples a window: longer ones tell frequencies better apart, and moments worse.",
    "hop_length": "Samples from one window to the next: with more than n_fft, what lies between is never heard.",
}
_OPTIONS = {"n_mfcc": N_MFCC, "n_mels": N_MELS, "n_fft": N_FFT, "hop_length": HOP_LENGTH}


def playground(song: dict[str, Any], place: DeltaGenerator) -> None:
    """Controls of the transform, what they keep of a song, and how that sounds."""
    place.caption("Begins with the report's settings. Nothing that is stored changes.")
    spec = _spec()
    if spec is None:
        return
    clip = song["clips"].iloc[0]
    found = cached.attempt(clip["path"], clip["sha256"], spec)
    st.markdown(words.kept_line(found, spec))
    left, right = st.columns([7, 3], gap="large")
    with left:
        st.plotly_chart(
            heatmaps.kept(found, frame.colours()),
            key="kept",
            config={"displayModeBar": False},
            alt="A mel spectrogram, and the same from its MFCCs; the line above says how far they are apart",
        )
    with right, st.container(border=True):
        _hear(song, clip, spec)


def _spec() -> MfccSpec | None:
    chosen = {
        name: place.select_slider(
            name, options, value=getattr(REPORT_SPEC, name), key=name, bind="query-params", help=_HELP[name]
        )
        for place, (name, options) in zip(st.columns(len(_OPTIONS), gap="medium"), _OPTIONS.items(), strict=True)
    }
    if chosen["n_mfcc"] > chosen["n_mels"]:
        st.warning(
            f"{chosen['n_mfcc']} coefficients cannot come from {chosen['n_mels']} mel bands: there are at most as many"
            " as bands."
        )
        return None
    return rebuilding.settings(**chosen)


def _hear(song: dict[str, Any], clip: Any, spec: MfccSpec) -> None:
    """The clip, and beside it the sound that is rebuilt from its MFCCs alone, once somebody asks for it."""
    st.markdown("**Hear what a model hears**")
    st.caption(
        "Rebuilt from the coefficients alone. Their phases were never kept and are made up (Griffin and Lim, 1984), and"
        " between frames the spectrum goes straight from one to the next."
    )
    wanted = st.toggle("Rebuild the sound", key="rebuild", bind="query-params")
    if not wanted:
        song_list.line(song["track"], narrow=True)
        return
    with st.spinner("Rebuilding the sound, some seconds …", show_time=True):
        original, rebuilt = cached.sounds(clip["path"], clip["sha256"], spec)
    st.markdown("Original, mono")
    st.audio(original, sample_rate=spec.sample_rate)
    st.markdown(f"From {words.count(spec.n_mfcc, 'coefficient')} a frame")
    st.audio(rebuilt, sample_rate=spec.sample_rate)
