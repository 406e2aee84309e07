"""A workspace that may only be read: everything can be looked at, nothing changed, and nobody sees a traceback."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from store import jobs
from store.worker import work_here
from store.workspace import Workspace
from tests.workspaces import fill

ROOT = Path(__file__).resolve().parent.parent
# Root may write anywhere unless it gives up the right to.
AS_ANYBODY = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] if os.geteuid() == 0 else []

pytestmark = pytest.mark.skipif(
    bool(AS_ANYBODY) and not shutil.which("setpriv"), reason="root needs setpriv to be refused"
)

PAGES = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app.py", default_timeout=60).run()
for page in sys.argv[1:]:
    app.switch_page(page).run()
    assert not app.exception, (page, app.exception[0].message)
    assert any("read-only" in info.value for info in app.info), page
print("all shown")
"""


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A filled workspace, with a finished job and one that was killed, that may only be read."""
    workspace: Workspace = fill(tmp_path_factory.mktemp("sealed") / "w")
    work_here(workspace, "extract", {})
    killed = jobs.create(workspace, "extract", {})
    jobs.write_status(workspace.jobs / killed, state="running")
    (workspace.jobs / killed / "alive").touch()
    paths = [workspace.folder, *workspace.folder.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield workspace.folder
    for path in paths:
        path.chmod(0o755 if path.is_dir() else 0o644)


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SONGFEAT_WORKSPACE": str(folder)}
    return subprocess.run(
        [*AS_ANYBODY, sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", [["runs"], ["song", "a"], ["jobs"], ["doctor"], ["models"]])
def test_commands_that_only_look_work(sealed: Path, command: list[str]):
    done = run(sealed, "-m", "songfeat", *command, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)


@pytest.mark.parametrize("command", [["extract"], ["train", "mean"], ["import", "x.csv"], ["demo"]])
def test_commands_that_change_are_refused_in_words(sealed: Path, command: list[str]):
    done = run(sealed, "-m", "songfeat", *command, "--json")
    assert done.returncode == 1
    assert "read-only" in json.loads(done.stdout)["error"]["message"]


def test_a_killed_job_is_seen_as_lost(sealed: Path):
    listed = json.loads(run(sealed, "-m", "songfeat", "jobs", "--json").stdout)["jobs"]
    assert sorted(job["state"] for job in listed) == ["done", "lost"]


@pytest.mark.slow
def test_every_page_can_be_looked_at(sealed: Path):
    pages = sorted(
        path.relative_to(ROOT).as_posix() for path in (ROOT / "pages").glob("*/*.py") if "ui" not in path.parts
    )
    assert len(pages) >= 11
    done = run(sealed, "-c", PAGES, *pages)
    assert done.stdout.strip().endswith("all shown"), done.stderr
