"""Errors that a person can act on.

Each carries one sentence that names the file or field, the value got and the
value expected. Front ends show the sentence and never a traceback; anything
that is not a :class:`SongfeatError` is a bug and keeps its traceback.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class SongfeatError(Exception):
    """Base of all errors that a person can act on."""


class AudioError(SongfeatError):
    """A file whose sound cannot be used."""


class SilentAudio(AudioError):
    """A file, or the part of one that was asked for, with nothing but silence in it."""


class MissingFile(AudioError):
    """A file that is not there, on this machine or on object storage."""


class SpecMismatch(SongfeatError):
    """Arrays or a checkpoint that were computed to another spec than the one asked for."""


class LabelMismatch(SongfeatError):
    """Target or input names that differ from the ones expected, or stand in another order."""


class ShardError(SongfeatError):
    """Computed arrays on disk that are damaged."""


class CheckpointError(SongfeatError):
    """A checkpoint that is missing, damaged or not what its description says."""


class UnknownName(SongfeatError):
    """A model, target, spec, run, source or job that does not exist; the message lists the choices."""

    def __init__(self, kind: str, name: str, choices: Iterable[str]) -> None:
        known = sorted(choices)
        near = get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        listed = ", ".join(known) if known else "there are none yet"
        super().__init__(f"There is no {kind} {name!r}.{hint} Choose one of: {listed}.")


class ConfigError(SongfeatError):
    """A setting that does not exist or whose value does not fit."""


class DataError(SongfeatError):
    """Too little data, or data that cannot serve the purpose."""


class TableError(SongfeatError):
    """A table that cannot be read as a table of tracks."""


class WorkspaceError(SongfeatError):
    """A workspace that cannot be opened or written."""


class CatalogueBusy(WorkspaceError):
    """Another process holds the catalogue for longer than we wait."""


class CatalogueDamaged(WorkspaceError):
    """A catalogue that cannot be opened or read."""


class BackupError(WorkspaceError):
    """A backup that is damaged, none of ours, or that cannot be restored here."""


class JobError(SongfeatError):
    """A job that does not exist, or that cannot be started or cancelled now."""


class StorageError(SongfeatError):
    """Object storage that cannot be reached, or does not let us in: no fault of the file that was asked for."""


class ClusterError(SongfeatError):
    """A cluster that cannot be reached, or whose workers cannot do what they are asked to."""


class SourceError(SongfeatError):
    """A source of songs, values or sound that cannot give what was asked of it."""
