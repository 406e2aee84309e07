"""How pages look: in the colours of the theme, and as pictures to look at in ``.screenshots/``."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from pages.ui import navigation
from pages.ui.palette import palette_for
from tests.e2e.conftest import Opened, Visit
from tests.e2e.dashboard import ROOT, VIEWPORT, wait_until_still

pytestmark = pytest.mark.e2e

FOLDER = ROOT / ".screenshots"
_HIGHEST_PX = 4000


def _keep(page: Page, name: str) -> Path:
    """The whole page as a picture; the window grows to it, as the page scrolls inside of the window."""
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({**VIEWPORT, "height": max(VIEWPORT["height"], min(height, _HIGHEST_PX))})
    wait_until_still(page)
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    page.set_viewport_size(VIEWPORT)
    return path


def test_every_page_has_the_colours_of_its_theme(opened: Opened):
    shown = opened.page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    wanted = palette_for(opened.theme).background
    assert shown == f"rgb({', '.join(str(int(wanted[place : place + 2], 16)) for place in (1, 3, 5))})"
    assert _keep(opened.page, opened.name).stat().st_size


def test_nothing_is_wider_than_the_page(opened: Opened):
    too_wide = opened.page.evaluate(
        "() => { const main = document.querySelector('[data-testid=stMain]');"
        " return main.scrollWidth - main.clientWidth; }"
    )
    assert too_wide == 0


@pytest.mark.parametrize("path", navigation.addresses())
def test_pictures_of_empty_pages_are_kept(visit: Visit, empty: str, path: str):
    page = visit(f"{empty}/{path}")
    wait_until_still(page)
    assert _keep(page, f"empty-{path or 'overview'}-light").stat().st_size
