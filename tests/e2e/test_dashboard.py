"""The dashboard as a person has it: a server of its own, and a browser that looks and clicks."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from store import jobs
from store.workspace import Workspace
from tests.workspaces import fill

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = {
    "": "Overview",
    "collect": "Collect",
    "sources": "Sources",
    "quality": "Data quality",
    "mfcc": "MFCC",
    "train": "Train",
    "compare": "Compare runs",
}
WAIT_MS = 30_000


@contextmanager
def served(workspace: Path, *, demo: bool = False) -> Iterator[str]:
    """The dashboard on a free port; gives its address."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "SONGFEAT_WORKSPACE": str(workspace), "SONGFEAT_NO_DEMO": "0" if demo else "1"}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.headless=true"]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_up(f"http://localhost:{port}", server)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(20)


def _wait_until_up(address: str, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.2)
        else:
            return
    pytest.fail("the dashboard did not start")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        system = shutil.which("chromium") or shutil.which("google-chrome")
        if not system and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("no Chromium: install one, or run `playwright install chromium`")
        browser = playwright.chromium.launch(
            executable_path=system, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> Iterator[str]:
    workspace = fill(tmp_path_factory.mktemp("filled"))
    with served(workspace.folder) as address:
        yield address


def open_page(browser: Browser, address: str, *, theme: str = "light") -> Page:
    context = browser.new_context(viewport={"width": 1360, "height": 860}, color_scheme=theme)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    page.goto(address)
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_opens_by_its_address_and_asks_no_other_host(browser: Browser, filled: str, theme: str):
    page = open_page(browser, filled, theme=theme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path, title in PAGES.items():
        page.goto(f"{filled}/{path}")
        expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
        expect(page.get_by_test_id("stException")).to_have_count(0)
    own = (filled, filled.replace("http", "ws"), "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []
    background = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 20, 26)"}[theme]


@pytest.mark.parametrize(("path", "title"), [("song?track=demo%3A3", "Song 3"), ("compare", "Compare runs")])
def test_the_first_request_of_a_server_may_be_for_any_page(browser: Browser, tmp_path: Path, path: str, title: str):
    workspace = fill(tmp_path / "w", songs=60, with_clip=1)
    with served(workspace.folder) as address:
        page = open_page(browser, f"{address}/{path}")
        expect(page.get_by_role("heading", level=1, name=title, exact=True)).to_be_visible()
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_pictures_are_drawn(browser: Browser, filled: str):
    page = open_page(browser, f"{filled}/compare")
    expect(page.locator("[data-testid=stVegaLiteChart] :is(canvas, svg).marks")).to_have_count(5)
    expect(page.locator(".js-plotly-plot")).to_have_count(1)
    page.goto(f"{filled}/mfcc")
    expect(page.locator(".js-plotly-plot .heatmaplayer image")).to_have_count(1)
    page.wait_for_function("document.querySelector('audio') && document.querySelector('audio').duration > 2.9")


def test_a_search_can_be_shared_as_a_link(browser: Browser, filled: str):
    page = open_page(browser, f"{filled}/song")
    page.get_by_label("Search").fill("song 5")
    page.get_by_label("Search").press("Enter")
    expect(page.get_by_role("heading", level=1, name="Song 5", exact=True)).to_be_visible()
    page.wait_for_url("**track=demo%3A5*")
    assert "q=song+5" in page.url
    again = open_page(browser, page.url)
    expect(again.get_by_role("heading", level=1, name="Song 5", exact=True)).to_be_visible()
    expect(again.get_by_label("Search")).to_have_value("song 5")


def test_a_song_leads_to_its_sound_and_back(browser: Browser, filled: str):
    page = open_page(browser, f"{filled}/song?track=demo%3A2")
    expect(page.get_by_role("heading", level=1, name="Song 2", exact=True)).to_be_visible()
    page.get_by_text("See its sound").click()
    expect(page.get_by_role("heading", level=1, name="MFCC")).to_be_visible()
    expect(page.get_by_test_id("stMain").get_by_text("Song 2", exact=True)).to_be_visible()
    page.get_by_test_id("stMain").get_by_test_id("stPageLink").click()
    expect(page.get_by_role("heading", level=1, name="Song 2", exact=True)).to_be_visible()


def test_a_table_that_is_uploaded_becomes_songs(browser: Browser, tmp_path: Path):
    table = tmp_path / "mine.csv"
    table.write_text("Track,Artist,energy\nUploaded,Somebody,0.5\nBroken,Somebody,7\n")
    with served(tmp_path / "w") as address:
        page = open_page(browser, f"{address}/collect")
        page.get_by_text("None yet.").wait_for()
        page.set_input_files("input[type=file]", table)
        page.get_by_role("button", name="Import", exact=True).click()
        page.get_by_text("2 songs added").wait_for()
        page.get_by_role("heading", name="Turned away").wait_for()
        page.goto(f"{address}/song?q=uploaded")
        expect(page.get_by_role("heading", level=1, name="Uploaded", exact=True)).to_be_visible()


def test_an_empty_workspace_fills_itself_once_and_can_be_stopped(browser: Browser, tmp_path: Path):
    workspace = Workspace(tmp_path / "w")
    with served(workspace.folder, demo=True) as address:
        try:
            pages = [open_page(browser, address) for _ in range(3)]
            for page in pages:
                expect(page.get_by_test_id("stMain").get_by_test_id("stProgress")).to_be_visible()
                expect(page.get_by_test_id("stSidebar").get_by_test_id("stProgress")).to_be_visible()
            assert [job.kind for job in jobs.jobs(workspace)] == ["demo"]
            first = pages[0]
            first.get_by_text("synthesising songs").first.wait_for(timeout=60_000)
            first.get_by_role("button", name="Cancel").click()
            first.get_by_role("button", name="Resume").wait_for(timeout=60_000)
            assert [job.state for job in jobs.jobs(workspace)] == ["cancelled"]
            first.reload()
            expect(first.get_by_role("button", name="Resume")).to_be_visible()
            assert len(jobs.jobs(workspace)) == 1
        finally:
            for job in jobs.live(workspace):
                jobs.cancel(workspace, job.job_id)
