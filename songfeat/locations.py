"""Where files lie: on this machine, or on object storage under a URL.

Object storage is reached through fsspec. Credentials are those that the
storage's own library finds (environment, configuration files, the machine's
role); Songfeat neither takes nor keeps any.
"""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from songfeat.errors import AudioError, ConfigError, MissingFile, SongfeatError, StorageError

Location = str | os.PathLike[str]

SCHEMES = {"s3": "s3fs", "gs": "gcsfs", "abfs": "adlfs"}
"""The kinds of object storage that can be read, each with the package that reads it."""

MOST_BYTES = 512 << 20
"""A larger file is not fetched: it would be held in memory as a whole."""

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.:-]*)://(.*)", re.DOTALL)


@dataclass(frozen=True, eq=False)
class Fetched:
    """The content of a file on object storage; as text it is its URL."""

    url: str
    content: bytes = field(repr=False)

    def __str__(self) -> str:
        return self.url

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.url).suffix


def is_url(location: Location) -> bool:
    """Whether a location is on object storage."""
    return not isinstance(resolved(location), Path)


def resolved(location: Location) -> Path | str:
    """A path of this machine (``file://`` or no URL at all), or the URL of object storage, checked.

    Raises
    ------
    ConfigError
        If it is a URL of another kind, or one that holds credentials.
    """
    text = os.fspath(location)
    found = _URL.match(text)
    if found is None:
        return Path(text)
    scheme, rest = found[1].lower(), found[2]
    if scheme == "file":
        return Path(unquote(urlsplit(text).path))
    if scheme not in SCHEMES:
        known = ", ".join(f"{name}://" for name in ("file", *SCHEMES))
        raise ConfigError(f"Files are read from this machine and from {known}, not from {found[1]}://.")
    if ":" in rest.partition("/")[0]:  # no bucket's name has one; KEY:SECRET@BUCKET does, and is not repeated here
        raise ConfigError(f"The {scheme}:// URL holds credentials; leave them to the environment or the configuration.")
    if not rest.strip("/") or not rest.isprintable():
        raise ConfigError(f"{text!r} names no place on object storage; expected {scheme}://BUCKET/PATH.")
    return f"{scheme}://{rest}"


def join(location: str, *names: str) -> str:
    """The URL of something below another."""
    return "/".join((location.rstrip("/"), *names))


def at_hand(location: "Location | Fetched", *, most_bytes: int = MOST_BYTES) -> Path | Fetched:
    """A path of this machine as it is, and a file of object storage with its content.

    Raises
    ------
    MissingFile
        If there is no such file on object storage; of a path nothing is known yet.
    AudioError
        If the file on object storage is larger than `most_bytes`.
    StorageError
        If the storage cannot be reached, or does not let us in.
    """
    if isinstance(location, Fetched):
        return location
    place = resolved(location)
    if isinstance(place, Path):
        return place
    content = _read(place, most_bytes)
    if len(content) > most_bytes:
        raise AudioError(f"{place} has more than {most_bytes:,} bytes, which is more than is held in memory.")
    return Fetched(place, content)


def filesystem(url: str) -> Any:
    """The fsspec file system of a URL; its listings are always fresh.

    Raises
    ------
    ConfigError
        If the package that reads it is not installed.
    """
    scheme = url.partition("://")[0]
    package = SCHEMES[scheme]
    if find_spec(package) is None:
        extra = "songfeat[cluster]" if package == "s3fs" else package
        raise ConfigError(f"{scheme}:// is read by the package {package}, which is not installed: install {extra}.")
    from fsspec.core import url_to_fs

    # Of the bucket alone: fsspec would read "::" in the name of a file as one URL inside another.
    bucket = url.partition("://")[2].partition("/")[0]
    storage, _ = url_to_fs(f"{scheme}://{bucket}", use_listings_cache=False)
    return storage


@contextmanager
def storage_in_words(url: str) -> Iterator[None]:
    """Turn what a storage's library raises into a sentence about `url`.

    Raises
    ------
    MissingFile, StorageError
    """
    try:
        yield
    except SongfeatError:
        raise
    except FileNotFoundError as error:
        raise MissingFile(f"There is no file {url}.") from error
    except PermissionError as error:
        raise StorageError(f"The storage does not let us read or write {url}: {error}.") from error
    except Exception as error:
        # Each storage's library has errors of its own, for names that cannot be resolved, missing credentials and more.
        raise StorageError(f"{url} cannot be read or written now: {error or type(error).__name__}") from error


def _read(url: str, most_bytes: int) -> bytes:
    with storage_in_words(url):
        storage = filesystem(url)
        try:
            # One byte more than allowed tells that there is more, in a single request.
            return bytes(storage.cat_file(url, start=0, end=most_bytes + 1))
        except OSError as error:
            # An empty file has no first byte to begin with.
            if error.errno != errno.EINVAL or storage.size(url) != 0:
                raise
            return b""
