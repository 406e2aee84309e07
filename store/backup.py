"""A whole workspace in one file, and back.

The file is a ZIP archive that any other program can open. ``manifest.json``,
its last entry, names every file with its size and SHA-256; restoring checks
all of them before it changes anything. The catalogue is copied first, while
nobody has it open; what it refers to is written before it is referred to and
never changed, so that the copies fit together while work goes on.
"""

import hashlib
import json
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import duckdb

from songfeat import __version__
from songfeat.errors import BackupError, WorkspaceError
from songfeat.files import whole_file
from store import jobs
from store.catalogue import Catalogue
from store.workspace import Workspace

Tell = Callable[[int, int, str], None]
"""Called with the bytes done, all bytes, and what is being done."""

FORMAT = 1
_MANIFEST = "manifest.json"
_MANIFEST_BYTES = 256 << 20
"""What a million files need; a hostile archive may unpack to any size."""
_BLOCK_BYTES = 1 << 20
_OF_THE_MOMENT = {".lock", ".queue", ".holder", ".wal", ".turn"}
# What reading damaged archives raises, and writing such as give a file and a folder the same name.
_NO_BACKUP = (zipfile.BadZipFile, zlib.error, EOFError, FileExistsError, NotADirectoryError, IsADirectoryError)
_REPLACED = "replaced-"
_SPARE_BYTES = 64 << 20


@dataclass(frozen=True, kw_only=True)
class _Entry:
    name: str
    bytes: int
    sha256: str


def backup(workspace: Workspace, file: Path, tell: Tell) -> dict[str, Any]:
    """Copy a workspace into `file`, while others use it.

    Files of a person's own, which the catalogue names but the workspace does
    not hold, are not copied; they are counted as `clips_elsewhere`.

    Raises
    ------
    BackupError
        If there is no workspace, or `file` would lie inside of it.
    """
    file = file.resolve()
    if not workspace.catalogue.exists():
        raise BackupError(f"There is no workspace in {workspace.folder}, so that there is nothing to back up.")
    if file.is_relative_to(workspace.folder):
        raise BackupError(f"{file} lies in the workspace that is to be backed up; choose a place outside of it.")
    if not file.parent.is_dir():
        raise BackupError(f"There is no folder {file.parent} to write {file.name} into.")
    catalogue = Catalogue(workspace)
    with catalogue.lease() as db:
        elsewhere = db.execute(
            "SELECT count(*) FROM clips WHERE NOT starts_with(path, ?)", [f"{workspace.folder}/"]
        ).fetchall()[0][0]
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.stem}-") as name:
        copy = Path(name) / workspace.catalogue.name
        catalogue.copy_to(copy)
        sources = {copy.name: copy, **_files(workspace)}
        with whole_file(file) as temporary:
            entries = _pack(sources, temporary, workspace.folder, tell)
    return {
        "file": str(file),
        "files": len(entries),
        "bytes": sum(entry.bytes for entry in entries),
        "clips_elsewhere": elsewhere,
    }


def restore(workspace: Workspace, file: Path, tell: Tell, *, replace: bool = False) -> dict[str, Any]:
    """Put the content of a backup into a workspace, after all of it was checked.

    Parameters
    ----------
    workspace : Workspace
    file : pathlib.Path
    tell : callable
    replace : bool
        Whether a workspace that holds something already may be moved aside, into a folder within it.

    Raises
    ------
    BackupError
        If the file is damaged or no backup, the workspace holds something and
        may not be replaced, or the disk has no room.
    WorkspaceError
        If the workspace cannot be written, or work is going on in it.
    """
    workspace.prepare()
    if live := jobs.live(workspace):
        raise WorkspaceError(f"The job {live[0].job_id} is at work in {workspace.folder}; cancel it, or let it finish.")
    if _holds_something(workspace) and not replace:
        raise BackupError(
            f"{workspace.folder} holds tracks or runs already. Choose an empty workspace with --workspace, or move what"
            " is there aside with --replace."
        )
    with tempfile.TemporaryDirectory(dir=workspace.folder, prefix=".restoring-") as name:
        unpacked = Path(name)
        manifest = _unpack(file, unpacked, tell)
        _settle(unpacked / workspace.catalogue.name, was=manifest["folder"], workspace=workspace)
        aside = workspace.folder / f"{_REPLACED}{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
        with Catalogue(workspace).closed():
            moved = _exchange(workspace.folder, unpacked, aside)
    workspace.prepare()
    return {
        "workspace": str(workspace.folder),
        "files": len(manifest["files"]),
        "bytes": sum(entry["bytes"] for entry in manifest["files"]),
        "written_at": manifest["written_at"],
        "moved_aside": str(aside) if moved else None,
    }


def _files(workspace: Workspace) -> dict[str, Path]:
    """What is copied besides the catalogue, by its name in the archive."""
    found = {}
    for path in sorted(workspace.folder.rglob("*")):
        name = path.relative_to(workspace.folder)
        passing = any(part.startswith(".") for part in name.parts) or path.suffix in _OF_THE_MOMENT
        if passing or path.name == "alive" or not path.is_file():
            continue
        if len(name.parts) == 1 or name.parts[0].startswith(_REPLACED):
            continue  # catalogues, this one or such as were set aside
        found[name.as_posix()] = path
    return found


def _pack(sources: dict[str, Path], target: Path, folder: Path, tell: Tell) -> list[_Entry]:
    """Write the archive; files that went since they were listed are left out."""
    total, done = sum(path.stat().st_size for path in sources.values() if path.exists()), 0
    entries: list[_Entry] = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, path in sources.items():
            try:
                source = path.open("rb")
            except FileNotFoundError:
                continue
            with source, archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as entry:
                digest, size = hashlib.sha256(), 0
                for block in _blocks(source):
                    entry.write(block)
                    digest.update(block)
                    size += len(block)
                    tell(min(done + size, total), total, "backing up")
            done += size
            entries.append(_Entry(name=name, bytes=size, sha256=digest.hexdigest()))
        manifest = {
            "format": FORMAT,
            "songfeat": __version__,
            "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "folder": str(folder),
            "files": [asdict(entry) for entry in entries],
        }
        archive.writestr(_MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    return entries


def _unpack(file: Path, folder: Path, tell: Tell) -> dict[str, Any]:
    """Write an archive's files into an empty folder, each checked against the manifest, which is given back."""
    if file.exists() and not file.is_file():
        raise BackupError(f"{file} is no file; expected a backup.")
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _read_manifest(file, archive)
            entries = [_Entry(**entry) for entry in manifest["files"]]
            if any(entry.bytes < 0 for entry in entries):
                raise ValueError("a file of less than nothing")
            total, done = sum(entry.bytes for entry in entries), 0
            if shutil.disk_usage(folder).free < total + _SPARE_BYTES:
                raise BackupError(f"{file} holds {total / 1e9:.1f} GB, for which {folder.parent} has no room.")
            for entry in entries:
                target = folder / _safe_name(file, entry.name)
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry.name) as source, target.open("wb") as out:
                    digest, left = hashlib.sha256(), entry.bytes
                    # A hostile archive may hold more than it says.
                    while block := source.read(min(_BLOCK_BYTES, left + 1)):
                        out.write(block)
                        digest.update(block)
                        left -= len(block)
                        done += len(block)
                        if left < 0:
                            break
                        tell(done, total, "restoring")
                if left or digest.hexdigest() != entry.sha256:
                    raise BackupError(f"{file} is damaged: {entry.name} does not have the SHA-256 that it should have.")
            return manifest
    except FileNotFoundError as error:
        raise BackupError(f"There is no file {file}.") from error
    except (*_NO_BACKUP, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise BackupError(f"{file} is damaged or no backup of a workspace: {error}.") from error


def _read_manifest(file: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    if (size := archive.getinfo(_MANIFEST).file_size) > _MANIFEST_BYTES:
        raise BackupError(f"{file} is no backup of a workspace: its list of files has {size:,} bytes.")
    manifest: dict[str, Any] = json.loads(archive.read(_MANIFEST))
    if manifest["format"] != FORMAT:
        raise BackupError(f"{file} is a backup of format {manifest['format']!r}; this Songfeat reads {FORMAT}.")
    return manifest


def _safe_name(file: Path, name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or ".." in path.parts or "\\" in name or "\0" in name:
        raise BackupError(f"{file} is no backup of a workspace: it holds the name {name!r}, which leads out of it.")
    return path


def _settle(path: Path, *, was: str, workspace: Workspace) -> None:
    """Make a catalogue at home in `workspace`: files that lay in the workspace lie in this one now.

    Its version must not be one that pages may have seen with other content.
    """
    if not path.exists():
        raise BackupError("The backup holds no catalogue.")
    lowest = Catalogue(workspace).version() + 1 if _opens(workspace) else 0
    with duckdb.connect(str(path)) as db:
        db.execute(
            "UPDATE clips SET path = $now || substr(path, length($was) + 1) WHERE starts_with(path, $was || '/')",
            {"now": str(workspace.folder), "was": was},
        )
        db.execute("UPDATE meta SET version = greatest(version, ?)", [lowest])


def _exchange(folder: Path, unpacked: Path, aside: Path) -> bool:
    """Move what a workspace holds into `aside`, and what was unpacked in its place; whether there was anything."""
    present = [path for path in sorted(folder.iterdir()) if _is_content(path)]
    moved = [path for path in present if path.is_file() or any(path.iterdir())]
    if moved:
        aside.mkdir()
    for path in present:
        if path in moved:
            path.replace(aside / path.name)
        elif path.is_dir():
            path.rmdir()
    # The catalogue last: whoever finds it finds everything.
    for path in sorted(unpacked.iterdir(), key=lambda path: path.is_file()):
        path.replace(folder / path.name)
    return bool(moved)


def _is_content(path: Path) -> bool:
    hidden = path.name.startswith(".") or path.name.startswith(_REPLACED)
    return not hidden and path.suffix not in _OF_THE_MOMENT - {".wal"}


def _holds_something(workspace: Workspace) -> bool:
    if not workspace.catalogue.exists():
        return any(workspace.runs.iterdir())
    if not _opens(workspace):
        return True
    with Catalogue(workspace).lease() as db:
        return bool(db.execute("SELECT EXISTS (FROM tracks) OR EXISTS (FROM runs)").fetchall()[0][0])


def _opens(workspace: Workspace) -> bool:
    if not workspace.catalogue.exists():
        return False
    try:
        Catalogue(workspace).version()
    except WorkspaceError:
        return False
    return True


def _blocks(source: BinaryIO) -> Iterator[bytes]:
    while block := source.read(_BLOCK_BYTES):
        yield block
