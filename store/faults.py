"""Faults of the machine (a full disk, a damaged file, too many open ones) in words for a person."""

import errno
from pathlib import Path

import duckdb

from songfeat.errors import CatalogueDamaged, SongfeatError, WorkspaceError

_FULL = "The disk is full: {where} cannot be written. Nothing that was there is lost; free some space and do it again."
_TOO_MANY_FILES = (
    "The operating system lets this program open no more files (while at work in {where}). Close other programs, or"
    " raise the limit: ulimit -n 4096."
)
_READ_ONLY = "{where} may not be written: it can be looked at, not changed."
_BY_NUMBER = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EMFILE: _TOO_MANY_FILES,
    errno.ENFILE: _TOO_MANY_FILES,
    errno.EROFS: _READ_ONLY,
}
_BY_TEXT = {
    "No space left on device": _FULL,
    "Disk quota exceeded": _FULL,
    "Too many open files": _TOO_MANY_FILES,
    "Read-only file system": _READ_ONLY,
}
_DAMAGE = ("corrupt", "could not read enough bytes", "checksum", "failed to deserialize")


def in_words(error: BaseException, where: Path) -> SongfeatError | None:
    """What an error means if the machine is at fault, and None if it says something else.

    Parameters
    ----------
    error : BaseException
    where : pathlib.Path
        What was worked at, for errors that name no file themselves.
    """
    if isinstance(error, OSError):
        # PyArrow gives the number in some errors and only the words in others.
        words = _BY_NUMBER.get(error.errno or 0) or _by_text(error)
        return WorkspaceError(words.format(where=error.filename or where)) if words else None
    if isinstance(error, duckdb.Error):
        if words := _by_text(error):
            return WorkspaceError(words.format(where=where))
        if any(sign in str(error).lower() for sign in _DAMAGE):
            return CatalogueDamaged(
                f"Part of the catalogue {where} cannot be read; it is damaged. `songfeat rebuild` makes a new one from"
                f" runs and earlier imports. DuckDB: {str(error).splitlines()[0]}"
            )
    return None


def _by_text(error: BaseException) -> str | None:
    return next((words for sign, words in _BY_TEXT.items() if sign in str(error)), None)
