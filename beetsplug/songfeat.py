"""A plugin for beets that fills the fields its spotify plugin filled before November 2024, from the files themselves.

``plugins: songfeat`` in beets' configuration; then every import fills them, and
``beet songfeat [QUERY]`` does for what is in the library. Settings, under
``songfeat:``, are ``auto`` (fill at import, yes), ``force`` (replace values
that are there, no) and ``prefix`` (of the fields, ``spotify_``).
"""

import optparse
from collections.abc import Iterable
from typing import ClassVar

from beets import ui
from beets.dbcore import types
from beets.importer import ImportSession, ImportTask
from beets.library import Item, Library
from beets.plugins import BeetsPlugin
from beets.util import displayable_path, syspath

from songfeat import predict
from songfeat.errors import AudioError
from songfeat.labels import ALL_TARGETS

_PREFIX = "spotify_"
_MODEL = "songfeat_model"


class SongfeatPlugin(BeetsPlugin):
    """Fills a field a feature, and ``songfeat_model`` with whose values they are."""

    item_types: ClassVar[dict[str, types.Type]] = {
        **{f"{_PREFIX}{name}": types.FLOAT for name in ALL_TARGETS},
        _MODEL: types.STRING,
    }

    def __init__(self) -> None:
        super().__init__()
        self.config.add({"auto": True, "force": False, "prefix": _PREFIX})
        if self.config["auto"].get(bool):
            self.import_stages = [self._imported]

    def commands(self) -> list[ui.Subcommand]:
        command = ui.Subcommand("songfeat", help="predict danceability and the like from the files")
        command.parser.add_option("-f", "--force", action="store_true", help="replace values that are there")
        command.func = self._asked
        return [command]

    def _asked(self, library: Library, options: optparse.Values, arguments: list[str]) -> None:
        self._fill(library.items(arguments), force=bool(options.force) or self.config["force"].get(bool))

    def _imported(self, _session: ImportSession, task: ImportTask) -> None:
        self._fill(task.imported_items(), force=self.config["force"].get(bool))

    def _fill(self, items: Iterable[Item], *, force: bool) -> None:
        prefix = self.config["prefix"].as_str()
        for item in items:
            fields = {name: f"{prefix}{name}" for name in ALL_TARGETS}
            if not force and all(field in item for field in fields.values()):
                continue
            try:
                answer = predict(syspath(item.path))
            except AudioError as error:
                self._log.warning("{}: {}", displayable_path(item.path), error)
                continue
            for name, field in fields.items():
                if force or field not in item:
                    item[field] = round(answer.values[name], 4)
            item[_MODEL] = answer.model
            item.store()
            self._log.info("{}: {}", displayable_path(item.path), answer.model)
