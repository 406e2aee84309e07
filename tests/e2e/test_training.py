"""A model is trained in the browser: started, watched to its end, compared; or stopped."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from store import jobs
from store.workspace import Workspace
from tests.e2e.conftest import Visit
from tests.e2e.dashboard import enter, served, wait_until_still
from tests.workspaces import fill

pytestmark = pytest.mark.e2e


@pytest.fixture
def workspace(tmp_path) -> Iterator[Workspace]:
    filled = fill(tmp_path / "w", with_clip=1, with_array=0)
    yield filled
    for job in jobs.live(filled):
        jobs.cancel(filled, job.job_id)


def _train(page: Page, label: str, number: int) -> None:
    wait_until_still(page)
    page.get_by_text("Options", exact=True).click()
    enter(page, "spinbutton", label, str(number))
    page.get_by_role("button", name="Train", exact=True).click()


def test_a_training_is_watched_to_its_end_and_compared(visit: Visit, workspace: Workspace):
    with served(workspace.folder) as address:
        page = visit(f"{address}/train?model=numeric_mlp")
        _train(page, "Epochs", 8)
        expect(page.get_by_test_id("stMain").get_by_test_id("stProgress")).to_be_visible()
        page.get_by_text("is finished.").wait_for()
        (job,) = jobs.jobs(workspace, kind="train")
        run_id = job.result["run_id"]
        expect(page.get_by_text(f"Run {run_id}: 8 epochs.")).to_be_visible()
        wait_until_still(page)
        page.get_by_text("Compare this run").click()
        page.wait_for_url(f"**/compare?run={run_id}")
        wait_until_still(page)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        again = visit(page.url)
        wait_until_still(again)
        assert again.get_by_test_id("stMain").aria_snapshot() == page.get_by_test_id("stMain").aria_snapshot()


def test_a_training_can_be_stopped(visit: Visit, workspace: Workspace):
    with served(workspace.folder) as address:
        page = visit(f"{address}/train?model=numeric_mlp")
        _train(page, "Folds", 20)
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Resume").wait_for()
        expect(page.get_by_text("cancelled", exact=True)).to_be_visible()
        assert [job.state for job in jobs.jobs(workspace, kind="train")] == ["cancelled"]
