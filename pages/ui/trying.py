"""The controls of the page Try a file."""

import hashlib
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui import answer_words, cached, pickers, places, tables, words
from songfeat.audio import AUDIO_SUFFIXES
from songfeat.errors import AudioError
from songfeat.pretrained import shipped
from store import jobs
from store.run_intervals import of_shipped
from store.uploads import save_audio

FILE, MICROPHONE, PATH = "A file", "The microphone", "A path on this machine"
_SHIPPED = "pretrained"
_KEPT_SECONDS = 6 * 3600
_MICROPHONE_HZ = 48_000  # Streamlit's default of 16,000 cuts off all that is above 8 kHz


@dataclass(frozen=True)
class Chosen:
    """A file to hear: what it is called, where it lies, and the SHA-256 of its content."""

    name: str
    path: Path
    digest: str


@dataclass(frozen=True, eq=False)
class Asked:
    """Who is asked: a run, or the model that comes with Songfeat where there is none; and what it is called."""

    label: str
    run: pd.Series | None


@dataclass(frozen=True, eq=False)
class Answer:
    """What is said of a file: numbers by target, and in words how it was heard and how far to trust them."""

    values: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    spread: dict[str, float]
    heard: str
    certainty: str
    warnings: list[str]


def choose(way_place: DeltaGenerator) -> Chosen | None:
    """An uploaded file, a recording, or a file that lies on this machine; None as long as there is none."""
    way = way_place.segmented_control(
        "What to hear", [FILE, MICROPHONE, PATH], default=FILE, required=True, key="from", bind="query-params"
    )
    if way == PATH:
        typed = st.text_input("Where it lies on this machine", placeholder="/music/song.mp3").strip()
        return _lying_at(Path(typed).expanduser().resolve()) if typed else None
    if way == MICROPHONE:
        recording = st.audio_input("Record", sample_rate=_MICROPHONE_HZ)
        return _recorded(recording.getvalue()) if recording else None
    upload = st.file_uploader("Audio file", type=[suffix[1:] for suffix in AUDIO_SUFFIXES])
    return _uploaded(upload.name, upload.getvalue()) if upload else None


def ask(place: DeltaGenerator) -> Asked:
    """Who is asked: the model that comes with Songfeat, or a finished run whose input is sound."""
    runs = tables.hearing(cached.all_runs()).set_index("run_id", drop=False)
    names = {_SHIPPED: "the model that comes with Songfeat", **words.run_labels(runs)}
    asked = pickers.one_of(place, "Who answers", list(names), parameter="by", shown=names.__getitem__)
    return Asked(shipped().name, None) if asked == _SHIPPED else Asked(names[asked], runs.loc[asked])


def answer(chosen: Chosen, asked: Asked) -> Answer:
    """What is said of a file; what is wrong with it is said under the name that a person knows."""
    try:
        return _answer(chosen, asked)
    except AudioError as error:
        raise AudioError(str(error).replace(str(chosen.path), chosen.name)) from None


def _answer(chosen: Chosen, asked: Asked) -> Answer:
    if asked.run is None:
        ours = cached.try_file(str(chosen.path), chosen.digest)
        told = answer_words.heard(ours), answer_words.interval_line(of_shipped()), answer_words.trust(ours)
        return Answer(ours.values, ours.intervals, ours.spread, *told)
    run_id = asked.run["run_id"]
    theirs = cached.try_run(str(chosen.path), chosen.digest, run_id)
    heard = answer_words.heard_by_run(theirs.seconds_of_audio, asked.run)
    certainty = answer_words.interval_line(cached.intervals_of_run(run_id))
    return Answer(theirs.values, theirs.intervals, {}, heard, certainty, answer_words.trust_in_run(asked.run))


def keep(chosen: Chosen) -> None:
    """The button that brings a copy of a file into the library; the way to its page where it is there already."""
    track_id = cached.owner_of_clip(chosen.digest)
    if track_id is not None:
        st.page_link(
            places.SONG, label="Open it in the library", icon=":material/music_note:", query_params={"track": track_id}
        )
    elif st.button("Keep it in the library", disabled=not cached.workspace().writable):
        folder = save_audio(cached.workspace(), chosen.name, chosen.path.read_bytes()).parent
        params = {"folder": str(folder), "labels": None, "source": None, "map": {}}
        jobs.launch(cached.workspace(), "scan", params, title=f"Add {chosen.name}")
        st.rerun()


def _lying_at(path: Path) -> Chosen:
    if not path.is_file():
        raise AudioError(f"There is no file {path}.")
    with path.open("rb") as file:
        return Chosen(path.name, path, hashlib.file_digest(file, "sha256").hexdigest())


def _uploaded(name: str, content: bytes) -> Chosen:
    digest = hashlib.sha256(content).hexdigest()
    return Chosen(name, _kept(digest, Path(name).suffix.lower(), content), digest)


def _recorded(content: bytes) -> Chosen:
    """A recording, called after when it was made."""
    digest = hashlib.sha256(content).hexdigest()
    path = _kept(digest, ".wav", content)
    made = datetime.fromtimestamp(path.stat().st_mtime)
    return Chosen(f"Recording {made:%Y-%m-%d %H.%M.%S}.wav", path, digest)


def _kept(digest: str, suffix: str, content: bytes) -> Path:
    """Where the decoder and the player find what was uploaded: outside the workspace, as nobody asked to keep it."""
    folder = Path(tempfile.gettempdir()) / "songfeat-tried"
    folder.mkdir(mode=0o700, exist_ok=True)
    for old in folder.iterdir():
        if time.time() - old.stat().st_mtime > _KEPT_SECONDS:
            old.unlink(missing_ok=True)
    path = folder / f"{digest}{suffix}"
    if not path.exists():
        path.write_bytes(content)
    return path


def whole_library() -> None:
    """The button that has the model hear every song of the library, as a run to compare with others."""
    if not cached.counts()["clips"]:
        return
    st.subheader("The whole library", anchor=False)
    st.caption("Keeps what the model says of every song that has a clip as a run, for Compare and Song.")
    if st.button("Predict for the library", disabled=not cached.workspace().writable):
        jobs.launch(cached.workspace(), "predict_library", {}, title="Predict for the library")
        st.rerun()
