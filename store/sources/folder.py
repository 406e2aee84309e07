"""Audio files as a person has them: found, fingerprinted, read for their tags; never moved or changed."""

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from tinytag import TinyTag, TinyTagException

from songfeat.audio import AUDIO_SUFFIXES, AudioInfo, read_info
from songfeat.errors import AudioError, MissingFile
from songfeat.files import sha256_of
from songfeat.genres import genre_group
from songfeat.locations import Fetched, Location, at_hand, filesystem, join, resolved, storage_in_words
from songfeat.text import artist_key, isrc, title_key

_ARTIST_AND_TITLE = re.compile(r"^(?:\d{1,3}[\s._-]+)?(?P<artist>.+?) - (?P<title>.+)$")


_MODIFIED = ("LastModified", "last_modified", "updated", "mtime")  # as S3, Azure and Google call it, and others


@dataclass(frozen=True, kw_only=True)
class FoundFile:
    """A file as a listing tells of it.

    Attributes
    ----------
    path : str
        On this machine, or a URL.
    name : str
        The path below the folder that was listed.
    bytes, modified_ns : int
        `modified_ns` is 0 where the storage does not tell.
    """

    path: str
    name: str
    bytes: int
    modified_ns: int


@dataclass(frozen=True, kw_only=True)
class AudioFile:
    """A file that can be played, by its content; `path` may be a URL."""

    path: str
    sha256: str
    bytes: int
    modified_ns: int
    info: AudioInfo


def audio_files(folder: Path) -> Iterator[Path]:
    """All files below `folder` whose suffix is one of audio, in order of path; hidden ones are left out."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in AUDIO_SUFFIXES and not hidden and path.is_file():
            yield path


def found_files(folder: Location) -> list[FoundFile]:
    """All audio files below a folder or a URL, as :func:`audio_files` chooses them, in order of path.

    Raises
    ------
    ConfigError
        If it is a URL that is not allowed.
    StorageError
        If object storage cannot be listed.
    """
    root = resolved(folder)
    if not isinstance(root, Path):
        return _found_on_storage(root.rstrip("/"))
    found = []
    for path in audio_files(root):
        if now := stamp(path):  # else it is gone since it was listed
            name = path.relative_to(root).as_posix()
            found.append(FoundFile(path=str(path), name=name, bytes=now[0], modified_ns=now[1]))
    return found


def _found_on_storage(url: str) -> list[FoundFile]:
    with storage_in_words(url):
        storage = filesystem(url)
        listed: dict[str, dict[str, Any]] = storage.find(url, detail=True)
        base = storage._strip_protocol(url)
    found = []
    for path, about in sorted(listed.items()):
        # Below the URL itself, or the URL is the file's own.
        name = path.removeprefix(f"{base}/") if path.startswith(f"{base}/") else path.rsplit("/", 1)[-1]
        hidden = any(part.startswith(".") for part in name.split("/"))
        if PurePosixPath(name).suffix.lower() in AUDIO_SUFFIXES and not hidden and about["type"] == "file":
            own = url if path == base else join(url, name)
            found.append(FoundFile(path=own, name=name, bytes=about["size"], modified_ns=_modified_ns(about)))
    return found


def _modified_ns(about: dict[str, Any]) -> int:
    """When an object was written, as its storage tells it: a time or, at Google's, its text."""
    told = next((about[name] for name in _MODIFIED if about.get(name)), None)
    when = datetime.fromisoformat(told) if isinstance(told, str) else told
    return round(when.timestamp() * 1e9) if isinstance(when, datetime) else 0


def examine(path: Location | Fetched, *, modified_ns: int = 0) -> AudioFile:
    """Fingerprint a file and read its header.

    Parameters
    ----------
    path : str, os.PathLike or Fetched
    modified_ns : int
        When it was written, of a file on object storage, whose content does not tell.

    Raises
    ------
    AudioError
        If it holds no sound that can be decoded, or changes meanwhile.
    StorageError
        If it lies on object storage that cannot be reached.
    """
    sound = at_hand(path)
    if isinstance(sound, Fetched):
        info, size = read_info(sound), len(sound.content)
        digest = hashlib.sha256(sound.content).hexdigest()
        return AudioFile(path=str(sound), sha256=digest, bytes=size, modified_ns=modified_ns, info=info)
    before = stamp(sound)
    info = read_info(sound)
    try:
        digest = sha256_of(sound)
    except FileNotFoundError as error:
        raise MissingFile(f"There is no file {sound} any more.") from error
    if before is None or stamp(sound) != before:
        raise AudioError(f"{sound} changed while it was read; scan again when it is whole.")
    return AudioFile(path=str(sound), sha256=digest, bytes=before[0], modified_ns=before[1], info=info)


def stamp(path: Path) -> tuple[int, int] | None:
    """Size in bytes and time of the last change, which change with a file; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def song_of(file: AudioFile, sound: Location | Fetched) -> dict[str, object]:
    """What the tags of `sound`, the file itself, else its name (``Artist - Title.mp3``) say of the song.

    Raises
    ------
    AudioError
        If the file cannot be opened any more.
    """
    tags = _tags(at_hand(sound))
    stem = PurePosixPath(file.path).stem
    named = _ARTIST_AND_TITLE.match(stem)
    title = tags.get("title") or (named["title"].strip() if named else stem)
    artist = tags.get("artist") or (named["artist"].strip() if named else "")
    genre = tags.get("genre")
    return {
        "track_id": f"local:{file.sha256}",
        "title": title,
        "artist": artist or None,
        "title_key": title_key(title),
        "artist_key": artist_key(artist),
        "album": tags.get("album"),
        "genre": genre,
        "genre_group": genre_group(genre) if genre else None,
        "year": _year(tags.get("year")),
        "duration_s": round(file.info.seconds, 3),
        "isrc": isrc(tags.get("isrc", "")),
    }


def _tags(sound: Path | Fetched) -> dict[str, str]:
    """Tags as text; a file without readable tags has none, which is no fault of its sound."""
    try:
        tag = TinyTag.get(sound) if isinstance(sound, Path) else TinyTag.get(file_obj=io.BytesIO(sound.content))
    except TinyTagException:
        return {}
    except FileNotFoundError as error:
        raise MissingFile(f"There is no file {sound} any more.") from error
    except OSError as error:
        raise AudioError(f"{sound} cannot be read any more: {error.strerror}.") from error
    plain = {name: getattr(tag, name) for name in ("title", "artist", "album", "genre", "year")}
    plain["isrc"] = next(iter(tag.other.get("isrc", [])), None)
    return {name: str(value).strip() for name, value in plain.items() if value and str(value).strip()}


def _year(text: str | None) -> int | None:
    found = re.search(r"\b(1[89]\d\d|20\d\d)\b", text or "")
    return int(found.group()) if found else None
