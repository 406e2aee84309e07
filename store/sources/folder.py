"""Audio files as a person has them: found, fingerprinted, read for their tags; never moved or changed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinytag import TinyTag, TinyTagException

from songfeat.audio import AUDIO_SUFFIXES, AudioInfo, read_info
from songfeat.errors import AudioError
from songfeat.files import sha256_of
from songfeat.genres import genre_group
from songfeat.text import artist_key, isrc, title_key

_ARTIST_AND_TITLE = re.compile(r"^(?:\d{1,3}[\s._-]+)?(?P<artist>.+?) - (?P<title>.+)$")


@dataclass(frozen=True, kw_only=True)
class AudioFile:
    """A file that can be played, by its content."""

    path: Path
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


def examine(path: Path) -> AudioFile:
    """Fingerprint a file and read its header.

    Raises
    ------
    AudioError
        If it holds no sound that can be decoded, or changes meanwhile.
    """
    before = stamp(path)
    info = read_info(path)
    try:
        digest = sha256_of(path)
    except FileNotFoundError as error:
        raise AudioError(f"There is no file {path} any more.") from error
    if before is None or stamp(path) != before:
        raise AudioError(f"{path} changed while it was read; scan again when it is whole.")
    return AudioFile(path=path, sha256=digest, bytes=before[0], modified_ns=before[1], info=info)


def stamp(path: Path) -> tuple[int, int] | None:
    """Size in bytes and time of the last change, which change with a file; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def song_of(file: AudioFile) -> dict[str, object]:
    """What the file's tags, else its name (``Artist - Title.mp3``), say of the song."""
    tags = _tags(file.path)
    named = _ARTIST_AND_TITLE.match(file.path.stem)
    title = tags.get("title") or (named["title"].strip() if named else file.path.stem)
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


def _tags(path: Path) -> dict[str, str]:
    """Tags as text; a file without readable tags has none, which is no fault of its sound."""
    try:
        tag = TinyTag.get(path)
    except TinyTagException:
        return {}
    plain = {name: getattr(tag, name) for name in ("title", "artist", "album", "genre", "year")}
    plain["isrc"] = next(iter(tag.other.get("isrc", [])), None)
    return {name: str(value).strip() for name, value in plain.items() if value and str(value).strip()}


def _year(text: str | None) -> int | None:
    found = re.search(r"\b(1[89]\d\d|20\d\d)\b", text or "")
    return int(found.group()) if found else None
