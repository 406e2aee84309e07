"""Servers, a browser, and every page as it opens by its address, each made once for all tests."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect

from pages.ui import navigation
from tests.e2e.dashboard import VIEWPORT, chromium, served, wait_until_still, watch
from tests.workspaces import fill

WAIT_MS = 60_000

Visit = Callable[..., Page]
"""Opens an address in a session of its own; takes ``theme="dark"`` as well."""


@dataclass
class Opened:
    """A page that was opened by its address in a fresh session, and what it asked of which host."""

    path: str
    title: str
    theme: str
    server: str
    page: Page
    asked: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """For files."""
        return f"{self.path or 'overview'}-{self.theme}"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=WAIT_MS)
    with chromium() as found:
        if found is None:
            pytest.skip("no Chromium: install one, or run `playwright install chromium`")
        yield found


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard with songs, sounds and runs, which tests look at and do not change."""
    workspace = fill(tmp_path_factory.mktemp("filled"), with_clip=120)
    with served(workspace.folder) as address:
        yield address


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard without a song, which stays so."""
    with served(tmp_path_factory.mktemp("empty")) as address:
        yield address


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    contexts = []

    def open_page(address: str, *, theme: str = "light") -> Page:
        context = browser.new_context(viewport=VIEWPORT, color_scheme=theme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        watch(page)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(
    scope="session",
    params=[(path, theme) for path in navigation.addresses() for theme in ("light", "dark")],
    ids=lambda asked: f"{asked[0] or 'overview'}-{asked[1]}",
)
def opened(request: pytest.FixtureRequest, browser: Browser, filled: str) -> Iterator[Opened]:
    """Every page of the filled dashboard, in light and in dark."""
    path, theme = request.param
    with browser.new_context(viewport=VIEWPORT, color_scheme=theme) as context:
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        found = Opened(path, navigation.addresses()[path], theme, filled, page)
        page.on("request", lambda asked: found.asked.append(asked.url))
        page.goto(f"{filled}/{path}")
        wait_until_still(page)
        yield found
