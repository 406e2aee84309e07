"""The folder that holds everything a person has collected, trained and measured."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from songfeat.errors import ConfigError, WorkspaceError
from songfeat.files import whole_file
from songfeat.locations import resolved

ENVIRONMENT_VARIABLE = "SONGFEAT_WORKSPACE"
SHARDS_VARIABLE = "SONGFEAT_SHARDS"
"""Where arrays lie instead of in ``features/``: a folder or URL that several workspaces share."""

DEFAULT_FOLDER = "workspace"


@dataclass(frozen=True)
class Workspace:
    """Where things lie in a workspace; every path of Songfeat's own comes from here.

    `shared` is what SONGFEAT_SHARDS said when the object was made, so that a
    worker on another machine is told with it.
    """

    folder: Path
    shared: str = field(default_factory=lambda: os.environ.get(SHARDS_VARIABLE, ""))

    @classmethod
    def locate(cls, folder: str | Path | None = None) -> "Workspace":
        """The workspace at `folder`, else where SONGFEAT_WORKSPACE says, else ``workspace/``."""
        chosen = folder or os.environ.get(ENVIRONMENT_VARIABLE) or DEFAULT_FOLDER
        return cls(Path(chosen).expanduser().resolve())

    @property
    def catalogue(self) -> Path:
        return self.folder / "catalogue.duckdb"

    @property
    def answers(self) -> Path:
        """What providers answered; see store/web/journal.py."""
        return self.folder / "answers.sqlite"

    @property
    def audio(self) -> Path:
        return self.folder / "audio"

    @property
    def features(self) -> Path:
        return self.folder / "features"

    @property
    def shards(self) -> Path | str:
        """Where the arrays of clips lie: `features`, or a folder or URL that is shared.

        Raises
        ------
        ConfigError
            If SONGFEAT_SHARDS names no place that can be used.
        """
        if not self.shared:
            return self.features
        place = resolved(self.shared)
        # Jobs and workers run in other folders than who started them.
        if isinstance(place, Path) and not place.is_absolute():
            raise ConfigError(f"{SHARDS_VARIABLE} must be a URL or a whole path (/…), not {self.shared!r}.")
        return place

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def jobs(self) -> Path:
        return self.folder / "jobs"

    @property
    def writable(self) -> bool:
        """Whether this process may write into the workspace (or create it)."""
        existing = next(path for path in (self.folder, *self.folder.parents) if path.exists())
        return existing.is_dir() and os.access(existing, os.W_OK)

    def prepare(self) -> None:
        """Create the folders that are missing.

        Raises
        ------
        WorkspaceError
            If they cannot be created, or the workspace may not be written.
        """
        if not self.writable:
            raise WorkspaceError(f"The workspace {self.folder} is read-only: it can be looked at, not changed.")
        try:
            for folder in (self.audio, self.features, self.runs, self.jobs):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WorkspaceError(
                f"The workspace {self.folder} cannot be written: {error.strerror or error}."
            ) from error

    def child(self, base: Path, name: str, kind: str) -> Path:
        """The folder `name` in `base`, which must not lead out of it.

        Raises
        ------
        WorkspaceError
            If `name` is empty or holds a path, as in ``"../x"``.
        """
        path = base / name
        if not name or path.resolve().parent != base.resolve():
            raise WorkspaceError(f"{name!r} is no name of a {kind}.")
        return path


def write_json(path: Path, content: Any) -> None:
    """Replace `path` by `content` as JSON, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")


def read_json(path: Path) -> Any:
    """The content of a JSON file that Songfeat wrote."""
    return json.loads(path.read_text(encoding="utf-8"))
