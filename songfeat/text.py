"""Names of songs and artists in the form in which they are compared."""

import hashlib
import re
import unicodedata

_FEATURING = re.compile(
    r"\s*[\(\[]\s*(?:feat|ft|featuring|with)\b\.?[^\)\]]*[\)\]]|\s+(?:feat|ft|featuring)\b\.?.*$", re.I
)
_NOT_WORD = re.compile(r"[\W_]+")
_ASCII_FOLDED = str.maketrans({chr(code): chr(code).lower() if chr(code).isalnum() else " " for code in range(128)})
SPOTIFY_ID = "[0-9A-Za-z]{22}"
"""The bare id of a Spotify track, as a pattern."""
_SPOTIFY_ID = re.compile(
    rf"^(?:spotify:track:|https?://open\.spotify\.com/(?:intl-[a-z-]+/)?track/)?({SPOTIFY_ID})(?:\?.*)?$"
)
_ISRC = re.compile(r"^[A-Z]{2}[A-Z0-9]{3}\d{7}$")


def normalise(text: str) -> str:
    """Fold case, accents and punctuation: ``"Beyoncé – Halo!"`` becomes ``"beyonce halo"``.

    Letters outside the Latin script stay, so that no title becomes empty but
    one that is made of signs alone (``"???"``), which is kept as it is.
    """
    if text.isascii():  # as most names are: there is nothing to take apart
        words = " ".join(text.replace("&", " and ").replace("'", "").translate(_ASCII_FOLDED).split())
        return words or text.lower().strip()
    folded = unicodedata.normalize("NFKD", text).casefold().replace("&", " and ")
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    words = _NOT_WORD.sub(" ", plain.replace("'", "").replace("’", "")).strip()
    return words or folded.strip()


def title_key(title: str) -> str:
    """The form in which titles are compared: normalised, without "(feat. …)".

    "Live" and "Remastered" stay: those are other recordings, with other values.
    """
    return normalise(_without_guests(title) or title)


def first_artist(artist: str) -> str:
    """The first of several artists in one cell, which are set apart by ``;``."""
    return next((name.strip() for name in artist.split(";") if name.strip()), "")


def artist_key(artist: str | None) -> str:
    """The form in which artists are compared and grouped: the first one, normalised.

    Returns ``""`` where the artist is not known.
    """
    return normalise(first_artist(_without_guests(artist))) if artist else ""


def _without_guests(name: str) -> str:
    folded = name.lower()
    # The pattern is slow, and most names hold none of its words.
    if name.isascii() and not ("feat" in folded or "ft" in folded or "with" in folded):
        return name
    return _FEATURING.sub("", name)


def spotify_id(text: str) -> str | None:
    """The bare 22-character id in an id, URI or link of a Spotify track, else None."""
    match = _SPOTIFY_ID.match(text.strip())
    return match.group(1) if match else None


def isrc(text: str) -> str | None:
    """An ISRC in capitals and without hyphens, or None if `text` is none."""
    plain = re.sub(r"[\s-]", "", text).upper()
    return plain if _ISRC.match(plain) else None


def name_id(*parts: object) -> str:
    """A ``name:`` track id made of what is known about a song."""
    joined = "\0".join(str(part) for part in parts)
    return "name:" + hashlib.sha256(joined.encode()).hexdigest()[:20]
