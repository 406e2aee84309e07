"""How soon each page stands there, warm, in Chromium: from the click on its link until no script runs any more.

Against an empty page of Streamlit's that is served and measured the same way.
"""

import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from pages.ui import navigation
from tests.e2e.dashboard import STILL, VIEWPORT, chromium, served, wait_until_still
from tests.workspaces import fill

SONGS = 240
ROUNDS = 5
_ANOTHER = "Another empty page"
_EMPTY = f"""
import streamlit as st

def empty():
    st.title("Empty")

st.navigation([
    st.Page(empty, title="An empty page", url_path="one", default=True), st.Page(empty, title="{_ANOTHER}"),
]).run()
"""
_SECONDS = """([title, still]) => new Promise((resolve) => {
    const links = [...document.querySelectorAll("[data-testid=stSidebarNavLink]")];
    const link = links.find((one) => one.querySelector("p").textContent === title);
    const begun = performance.now();
    const look = () => {
        const there = document.title.startsWith(title) && document.querySelector("h1") && document.querySelector(still);
        there ? resolve((performance.now() - begun) / 1000) : requestAnimationFrame(look);
    };
    link.click();
    look();
})"""


def run() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        if browser is None:
            raise RuntimeError("no Chromium: install one, or run `playwright install chromium`")
        app = Path(folder) / "empty.py"
        app.write_text(_EMPTY)
        workspace = fill(Path(folder) / "w", songs=SONGS, with_clip=SONGS)
        with served(workspace.folder) as ours, served(workspace.folder, app=app) as empty:
            names = list(navigation.addresses().values())
            pages = _measured(browser, ours, [*names[1:], names[0]])
            against = _measured(browser, empty, [_ANOTHER, "An empty page"])[_ANOTHER]
    for name, seconds in sorted(pages.items(), key=lambda found: -found[1]):
        print(f"  {name:<13} {seconds:>5.2f}s {seconds / against:>6.2f}", file=sys.stderr)
    slowest = max(pages, key=lambda name: pages[name])
    return {
        "what": f"slowest page ({slowest}) in a browser, warm, with {SONGS} songs, against an empty page",
        "seconds": pages[slowest], "against_seconds": against, "ratio": pages[slowest] / against, "rounds": ROUNDS,
        "page_seconds": pages,
    }  # fmt: skip


def _measured(browser: Browser, address: str, titles: list[str]) -> dict[str, float]:
    """The median seconds of each page, round by round; each is opened once before, so that all is warm."""
    with browser.new_context(viewport=VIEWPORT) as context:
        page = context.new_page()
        page.goto(address)
        wait_until_still(page)
        rounds = [{title: _seconds(page, title) for title in titles} for _ in range(ROUNDS + 1)][1:]
    return {title: statistics.median(one[title] for one in rounds) for title in titles}


def _seconds(page: Page, title: str) -> float:
    seconds: float = page.evaluate(_SECONDS, [title, STILL])
    wait_until_still(page)  # so that one page's pictures do not hold up the next one
    return seconds
