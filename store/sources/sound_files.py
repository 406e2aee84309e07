"""Sound that was fetched: proved to be what it should be, then named after what it holds."""

import hashlib
from pathlib import Path
from typing import Any

from songfeat.audio import load, read_info
from songfeat.errors import AudioError
from songfeat.files import whole_file

SHORTEST_S, LONGEST_S = 20.0, 100.0
"""Previews last 30 seconds, some of Apple's 90."""

_BEGINNINGS = (
    (0, b"ID3", ".mp3"), (0, b"\xff\xfb", ".mp3"), (0, b"\xff\xf3", ".mp3"), (0, b"\xff\xf2", ".mp3"),
    (0, b"\xff\xfa", ".mp3"), (4, b"ftyp", ".m4a"), (0, b"OggS", ".ogg"), (0, b"fLaC", ".flac"), (0, b"RIFF", ".wav"),
)  # fmt: skip


def keep(content: bytes, folder: Path) -> dict[str, Any]:
    """Decode a fetched clip as a whole, and keep it in `folder` under its digest; gives its row.

    Nothing else than the proven file ever stands there under a clip's name.

    Raises
    ------
    AudioError
        If it is no sound, cannot be decoded to its end, or is no preview by its length.
    """
    suffix = _suffix(content)
    if suffix is None:
        looks = "an HTML page" if content.lstrip()[:1] == b"<" else "no sound" if content else "empty"
        raise AudioError(f"What was sent is {looks}; expected MP3 or M4A.")
    digest = hashlib.sha256(content).hexdigest()
    path = folder / f"{digest}{suffix}"
    with whole_file(path) as temporary:
        temporary.write_bytes(content)
        try:
            info = read_info(temporary)
            # No more than shows that it is too long: a small file can unpack to days of silence.
            seconds = load(temporary, max_seconds=LONGEST_S + 1).seconds
        except AudioError as error:
            # The temporary name would tell nobody anything.
            raise AudioError(str(error).replace(str(temporary), "The clip that was sent")) from None
        if not SHORTEST_S <= seconds <= LONGEST_S:
            lasts = f"{seconds:.1f} s" if seconds <= LONGEST_S else f"more than {LONGEST_S:.0f} s"
            raise AudioError(f"The clip lasts {lasts}; a preview has {SHORTEST_S:.0f} to {LONGEST_S:.0f} s.")
    status = path.stat()
    return {
        "sha256": digest,
        "path": str(path),
        "bytes": status.st_size,
        "modified_ns": status.st_mtime_ns,
        "seconds": seconds,
        "sample_rate": info.sample_rate,
        "channels": info.channels,
        "status": "ok",
        "error": None,
    }


def _suffix(content: bytes) -> str | None:
    """The suffix of what the first bytes say; names and content types say what their servers like."""
    return next((suffix for at, sign, suffix in _BEGINNINGS if content[at : at + len(sign)] == sign), None)
