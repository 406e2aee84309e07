"""What several test files share."""

import os
from pathlib import Path

import pytest

from store.workspace import Workspace
from tests.living import live


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real songs that SONGFEAT_REAL_DATA names; without it the test is skipped."""
    folder = os.environ.get("SONGFEAT_REAL_DATA", "")
    if not folder:
        pytest.skip("no real data")
    return Path(folder)


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace that work has filled, to copy or to read, never to change."""
    folder = tmp_path_factory.mktemp("original")
    return live(Workspace(folder / "w"), folder / "sources")
