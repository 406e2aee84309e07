"""Commands as scripts give them, in this process: what they print is one JSON document."""

import json
from pathlib import Path

import pytest

from songfeat.cli import main


class Cli:
    def __init__(self, workspace: Path, capsys: pytest.CaptureFixture[str] | None) -> None:
        self.workspace, self.capsys = workspace, capsys

    def __call__(self, *arguments: object, code: int = 0) -> dict:
        assert self.capsys is not None
        self.capsys.readouterr()
        assert main(["--workspace", str(self.workspace), *map(str, arguments), "--json"]) == code
        return json.loads(self.capsys.readouterr().out)
