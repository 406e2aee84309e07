"""A workspace without a song fills itself with the demo library, once, and under control."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from store import jobs
from store.workspace import Workspace
from tests.e2e.conftest import Visit
from tests.e2e.dashboard import served

pytestmark = pytest.mark.e2e


def test_an_empty_workspace_fills_itself_once_and_can_be_stopped(visit: Visit, tmp_path: Path):
    workspace = Workspace(tmp_path / "w")
    with served(workspace.folder, demo=True) as address:
        try:
            pages = [visit(address) for _ in range(3)]
            for page in pages:
                expect(page.get_by_test_id("stMain").get_by_test_id("stProgress")).to_be_visible()
                expect(page.get_by_test_id("stSidebar").get_by_test_id("stProgress")).to_be_visible()
            assert [job.kind for job in jobs.jobs(workspace)] == ["demo"]
            first = pages[0]
            first.get_by_text("synthesising songs").first.wait_for()
            first.get_by_role("button", name="Cancel").click()
            first.get_by_role("button", name="Resume").wait_for()
            assert [job.state for job in jobs.jobs(workspace)] == ["cancelled"]
            first.reload()
            expect(first.get_by_role("button", name="Resume")).to_be_visible()
            assert len(jobs.jobs(workspace)) == 1
        finally:
            for job in jobs.live(workspace):
                jobs.cancel(workspace, job.job_id)
