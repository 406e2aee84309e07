"""Files that came through the browser: kept in the workspace, named after what they hold."""

import hashlib
from pathlib import Path, PurePosixPath

from songfeat.audio import AUDIO_SUFFIXES
from songfeat.errors import AudioError, TableError
from songfeat.files import whole_file
from store.workspace import Workspace, read_json, write_json

TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".json", ".jsonl", ".ndjson", ".gz")


def save_table(workspace: Workspace, name: str, content: bytes) -> Path:
    """Keep an uploaded table; the same content is kept once.

    Parameters
    ----------
    workspace : Workspace
    name : str
        As the browser gives it. Only its suffix becomes part of the path.
    content : bytes

    Raises
    ------
    TableError
        If the suffix is not one of :data:`TABLE_SUFFIXES`, or the file is empty.
    """
    plain = PurePosixPath(name.replace("\\", "/")).name
    suffix = PurePosixPath(plain).suffix.lower()
    if suffix not in TABLE_SUFFIXES:
        raise TableError(f"{plain!r} ends in {suffix!r}; expected one of {', '.join(TABLE_SUFFIXES)}.")
    if not content:
        raise TableError(f"{plain!r} is empty.")
    folder = workspace.folder / "uploads"
    path = folder / f"{hashlib.sha256(content).hexdigest()}{suffix}"
    if not path.exists():
        with whole_file(path) as temporary:
            temporary.write_bytes(content)
    write_json(path.with_suffix(".name"), {"name": plain})
    return path


def save_audio(workspace: Workspace, name: str, content: bytes) -> Path:
    """Keep an uploaded audio file under its own name in a folder named after its content, ready to be scanned.

    Raises
    ------
    AudioError
        If the suffix is not one of :data:`songfeat.audio.AUDIO_SUFFIXES`, or the file is empty.
    """
    plain = PurePosixPath(name.replace("\\", "/")).name
    if PurePosixPath(plain).suffix.lower() not in AUDIO_SUFFIXES:
        raise AudioError(f"{plain!r} is no audio file; expected one of {', '.join(AUDIO_SUFFIXES)}.")
    if not content:
        raise AudioError(f"{plain!r} is empty.")
    path = workspace.audio / "added" / hashlib.sha256(content).hexdigest()[:16] / plain
    with whole_file(path) as temporary:
        temporary.write_bytes(content)
    return path


def shown_name(path: str | Path) -> str:
    """How to call a file in front of people: what an upload was called, else its own name."""
    path = Path(path)
    beside = path.with_suffix(".name")
    return str(read_json(beside)["name"]) if path.parent.name == "uploads" and beside.exists() else path.name
