"""The demo library: songs that Songfeat synthesises itself, with values that follow from how they were made."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import soundfile

from songfeat.files import whole_file
from songfeat.genres import genre_group
from songfeat.text import artist_key, title_key

SOURCE = "demo"
_SAMPLE_RATE = 44_100


@dataclass(frozen=True, kw_only=True)
class RenderedSong:
    """A song's row for the catalogue and its clip."""

    row: dict[str, Any]
    clip: dict[str, Any]


def track_id(number: int) -> str:
    return f"demo:{number}"


def render(number: int, folder: Path) -> RenderedSong:
    """Synthesise song `number` into `folder`; the same number always sounds the same.

    A file that is there stays: Ogg streams carry a random number, so that another would be another clip.
    """
    # Loaded here, as it brings SciPy's filters along, which the dashboard would wait for at its start.
    from songfeat.synth import make_song

    song, samples = make_song(number, sample_rate=_SAMPLE_RATE)
    path = folder / f"{number:04d}.ogg"
    if not path.exists():
        with whole_file(path) as temporary:
            soundfile.write(temporary, samples, _SAMPLE_RATE)
    seconds = len(samples) / _SAMPLE_RATE
    status = path.stat()
    row = {
        "track_id": track_id(number),
        "source": SOURCE,
        "title": song.title,
        "artist": song.artist,
        "title_key": title_key(song.title),
        "artist_key": artist_key(song.artist),
        "album": song.album,
        "genre": song.genre,
        "genre_group": genre_group(song.genre),
        "year": song.year,
        "duration_s": seconds,
        **song.values,
    }
    clip = {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "track_id": track_id(number),
        "path": str(path),
        "bytes": status.st_size,
        "modified_ns": status.st_mtime_ns,
        "seconds": seconds,
        "sample_rate": _SAMPLE_RATE,
        "channels": samples.shape[1],
        "status": "ok",
        "error": None,
    }
    return RenderedSong(row=row, clip=clip)
