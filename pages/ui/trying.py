"""The controls of the page Try a file."""

import hashlib
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from pages.ui import cached
from songfeat.audio import AUDIO_SUFFIXES
from songfeat.errors import AudioError
from songfeat.pretrained.song import SongAnswer
from store import jobs
from store.uploads import save_audio

_KEPT_SECONDS = 6 * 3600


@dataclass(frozen=True)
class Chosen:
    """A file to hear: what it is called, where it lies, which content is meant; and whether it was uploaded."""

    name: str
    path: Path
    digest: str
    content: bytes | None


def choose() -> Chosen | None:
    """An uploaded file, or one that lies on this machine; None as long as there is none."""
    upload_place, path_place = st.columns(2)
    upload = upload_place.file_uploader("Audio file", type=[suffix[1:] for suffix in AUDIO_SUFFIXES])
    typed = path_place.text_input("… or where it lies on this machine", placeholder="/music/song.mp3").strip()
    if upload is not None:
        content = upload.getvalue()
        digest = hashlib.sha256(content).hexdigest()
        return Chosen(upload.name, _kept(digest, upload.name, content), digest, content)
    if not typed:
        return None
    path = Path(typed).expanduser().resolve()
    if not path.is_file():
        raise AudioError(f"There is no file {path}.")
    return Chosen(path.name, path, f"{path.stat().st_size}-{path.stat().st_mtime_ns}", None)


def answer(chosen: Chosen) -> SongAnswer:
    """What the shipped model says of a file; what is wrong with it is said under the name that a person knows."""
    try:
        return cached.try_file(str(chosen.path), chosen.digest)
    except AudioError as error:
        raise AudioError(str(error).replace(str(chosen.path), chosen.name)) from None


def add_to_library(chosen: Chosen) -> None:
    """The button that keeps an uploaded file in the workspace and brings it into the library."""
    if chosen.content is None:
        return
    if st.button("Add to the library", disabled=not cached.workspace().writable):
        folder = save_audio(cached.workspace(), chosen.name, chosen.content).parent
        params = {"folder": str(folder), "labels": None, "source": None, "map": {}}
        jobs.launch(cached.workspace(), "scan", params, title=f"Add {chosen.name}")
        st.rerun()


def _kept(digest: str, name: str, content: bytes) -> Path:
    """Where the decoder and the player find an upload: outside the workspace, as nobody asked to keep it."""
    folder = Path(tempfile.gettempdir()) / "songfeat-tried"
    folder.mkdir(mode=0o700, exist_ok=True)
    for old in folder.iterdir():
        if time.time() - old.stat().st_mtime > _KEPT_SECONDS:
            old.unlink(missing_ok=True)
    path = folder / f"{digest}{Path(name).suffix.lower()}"
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
