"""What several test files share."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from benchmarks.app_test import as_a_server_does
from store.workspace import Workspace
from tests.living import live

# How long an example takes says more of the machine than of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# No test ever asks a real provider: nobody listens there, unless a test puts a server of its own in its place.
os.environ["SONGFEAT_PROVIDERS_URL"] = "http://127.0.0.1:9"

# Nor does a page fill a workspace by itself, also where its script outlives the test that opened it.
os.environ["SONGFEAT_NO_DEMO"] = "1"


@pytest.fixture(autouse=True)
def own_main() -> Iterator[None]:
    """A page under test takes the place of the main module, which processes that are spawned later would import."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(autouse=True, scope="session")
def quick_app_test() -> Iterator[None]:
    with as_a_server_does():
        yield


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
