"""The dashboard on a port of its own, a browser to open it in, and what it means that it is still."""

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
from weakref import WeakKeyDictionary

from playwright.sync_api import Browser, Page, WebSocket, expect, sync_playwright
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

ROOT = Path(__file__).resolve().parent.parent.parent
VIEWPORT = {"width": 1360, "height": 860}
STILL = "[data-testid=stApp][data-test-connection-state=CONNECTED][data-test-script-state=notRunning]"
"""The app when no script runs."""

_SOCKETS: WeakKeyDictionary[Page, WebSocket] = WeakKeyDictionary()
_START_S = 60
_DRAWN = """() => {
    const all = (kind) => [...document.querySelectorAll(`[data-testid=${kind}]`)];
    const seen = (kind) => all(kind).filter((one) => one.checkVisibility());
    return seen("stSkeleton").length === 0
        && seen("stVegaLiteChart").every((chart) => chart.querySelector(".marks"))
        && seen("stPlotlyChart").every((chart) => chart.querySelector(".main-svg"))
        && seen("stDataFrame").every((table) => table.querySelector("canvas"));
}"""


@contextmanager
def served(workspace: Path, *, demo: bool = False, app: Path = ROOT / "app.py") -> Iterator[str]:
    """The dashboard on a free port; gives its address."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "SONGFEAT_WORKSPACE": str(workspace), "SONGFEAT_NO_DEMO": "0" if demo else "1"}
    command = [sys.executable, "-m", "streamlit", "run", app.name, "--server.port", str(port), "--server.headless=true"]
    server = subprocess.Popen(
        command, cwd=app.parent, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_until_up(f"http://localhost:{port}", server)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(20)


def _wait_until_up(address: str, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the dashboard did not start")


@contextmanager
def chromium() -> Iterator[Browser | None]:
    """A headless Chromium, the system's before Playwright's own; None where there is neither."""
    with sync_playwright() as playwright:
        system = shutil.which("chromium") or shutil.which("google-chrome")
        if not system and not Path(playwright.chromium.executable_path).exists():
            yield None
            return
        browser = playwright.chromium.launch(
            executable_path=system, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


def wait_until_still(page: Page) -> None:
    """Wait until no script runs and every chart and table is drawn."""
    page.wait_for_selector(STILL, state="attached")
    page.wait_for_function(_DRAWN)


def watch(page: Page) -> None:
    """Listen to what the server tells this page from now on, for :func:`a_run`."""
    page.on("websocket", lambda socket: _SOCKETS.__setitem__(page, socket))


@contextmanager
def a_run(page: Page) -> Iterator[None]:
    """Wait until the page's script has run because of what is done inside, and all is drawn."""
    with _SOCKETS[page].expect_event("framereceived", _ends_a_run):
        yield
    wait_until_still(page)


def _ends_a_run(message: bytes | str) -> bool:
    told = ForwardMsg.FromString(message if isinstance(message, bytes) else message.encode())
    return told.WhichOneof("type") == "script_finished" and told.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY


def choose(page: Page, label: str, option: str) -> None:
    """Pick an option of a select box, or of one in which several can be picked."""
    box = page.get_by_role("combobox", name=label, exact=True)
    box.fill(option)
    with a_run(page):
        page.get_by_role("option", name=option, exact=True).click()
    if box.get_attribute("aria-expanded") == "true":  # a box for several stays open
        box.press("Escape")


def push(page: Page, name: str) -> None:
    """Click a button."""
    with a_run(page):
        page.get_by_role("button", name=name, exact=True).click()


def press(page: Page, name: str) -> None:
    """Press one of the segments of a segmented control."""
    with a_run(page):
        page.get_by_role("radio", name=name, exact=True).click()


def enter(page: Page, role: str, label: str, text: str) -> None:
    """Type into a field, of role textbox or spinbutton, and press Enter."""
    field = page.get_by_role(role, name=label, exact=True)
    field.fill(text)
    with a_run(page):
        field.press("Enter")


def go_to(page: Page, title: str) -> None:
    """Follow a page's link in the navigation."""
    with a_run(page):
        page.get_by_test_id("stSidebarNavLink").get_by_text(title, exact=True).click()
    expect(page).to_have_title(f"{title} · Songfeat")
