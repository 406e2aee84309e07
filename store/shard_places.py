"""Where the shards of one spec lie: a folder of this machine, or object storage under a URL.

Both know shards by name alone and write them whole: by renaming a finished file
here, by a single put there.
"""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from songfeat.errors import MissingFile
from songfeat.files import whole_file
from songfeat.locations import filesystem, join, storage_in_words
from store.workspace import read_json, write_json

_DESCRIPTION = "spec.json"
_AT_ONCE = 16
_FOOTER_BYTES = 1 << 16


class ShardPlace(Protocol):
    """A place with the shards of one spec."""

    shared: bool

    def names(self) -> list[str]:
        """The shards that are there, sorted."""

    def where(self, name: str) -> str:
        """A shard's full path or URL."""

    def has(self, name: str) -> bool:
        """Whether a shard is there."""

    def open(self, name: str) -> BinaryIO:
        """A shard to read parts of."""

    def read(self, names: Iterable[str]) -> Iterable[tuple[str, bytes]]:
        """Shards with their content, one after the other."""

    def write(self, name: str, content: bytes) -> None:
        """Put a shard there, whole."""

    def description(self) -> Any:
        """What ``spec.json`` says; None if it is not there."""

    def describe(self, spec: dict[str, Any]) -> None:
        """Write ``spec.json``."""

    def stamp(self) -> int:
        """A number that changes whenever shards come or go; 0 if there are none."""


def places(root: Path | str) -> list[ShardPlace]:
    """The places of all specs below `root`, a folder or a URL."""
    if isinstance(root, Path):
        return [LocalPlace(path) for path in sorted(root.glob("*")) if path.is_dir()]
    with storage_in_words(root), suppress(FileNotFoundError):
        listed = filesystem(root).ls(root, detail=True)
        names = (one["name"].rstrip("/").rsplit("/", 1)[-1] for one in listed if one["type"] == "directory")
        return [StoragePlace(join(root, name)) for name in sorted(names)]
    return []


def place_of(root: Path | str, digest: str) -> ShardPlace:
    """Where the shards of the spec with this digest lie below `root`."""
    return LocalPlace(root / digest) if isinstance(root, Path) else StoragePlace(join(root, digest))


class LocalPlace:
    """A folder."""

    shared = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("part-*.parquet"))

    def where(self, name: str) -> str:
        return str(self.folder / name)

    def has(self, name: str) -> bool:
        return (self.folder / name).is_file()

    def open(self, name: str) -> BinaryIO:
        return (self.folder / name).open("rb")

    def read(self, names: Iterable[str]) -> Iterable[tuple[str, bytes]]:
        return ((name, (self.folder / name).read_bytes()) for name in names)

    def write(self, name: str, content: bytes) -> None:
        with whole_file(self.folder / name) as temporary:
            temporary.write_bytes(content)

    def description(self) -> Any:
        path = self.folder / _DESCRIPTION
        return read_json(path) if path.exists() else None

    def describe(self, spec: dict[str, Any]) -> None:
        write_json(self.folder / _DESCRIPTION, spec)

    def stamp(self) -> int:
        return self.folder.stat().st_mtime_ns if self.folder.is_dir() else 0


class StoragePlace:
    """A prefix on object storage; what its methods raise is StorageError, in words."""

    shared = True

    def __init__(self, url: str) -> None:
        self.url = url

    def names(self) -> list[str]:
        with storage_in_words(self.url), suppress(FileNotFoundError):
            listed = filesystem(self.url).ls(self.url, detail=False)
            names = (path.rsplit("/", 1)[-1] for path in listed)
            return sorted(name for name in names if name.startswith("part-") and name.endswith(".parquet"))
        return []

    def where(self, name: str) -> str:
        return join(self.url, name)

    def has(self, name: str) -> bool:
        with storage_in_words(self.where(name)):
            return bool(filesystem(self.url).exists(self.where(name)))

    def open(self, name: str) -> BinaryIO:
        with storage_in_words(self.where(name)):
            file: BinaryIO = filesystem(self.url).open(self.where(name), "rb", block_size=_FOOTER_BYTES)
            return file

    def read(self, names: Iterable[str]) -> Iterable[tuple[str, bytes]]:
        names = list(names)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            # A few at a time, so that no more than these are in memory.
            for start in range(0, len(names), _AT_ONCE):
                some = names[start : start + _AT_ONCE]
                yield from zip(some, pool.map(self._content, some), strict=True)

    def write(self, name: str, content: bytes) -> None:
        with storage_in_words(self.where(name)):
            filesystem(self.url).pipe_file(self.where(name), content)

    def description(self) -> Any:
        try:
            return json.loads(self._content(_DESCRIPTION))
        except MissingFile:
            return None

    def describe(self, spec: dict[str, Any]) -> None:
        self.write(_DESCRIPTION, json.dumps(spec, indent=1).encode())

    def stamp(self) -> int:
        names = self.names()
        return int.from_bytes(sha256("\n".join(names).encode()).digest()[:7]) if names else 0

    def _content(self, name: str) -> bytes:
        with storage_in_words(self.where(name)):
            return bytes(filesystem(self.url).cat_file(self.where(name)))
