"""Songs that are picked in a picture or a table can be heard; what cannot be heard is drawn."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit
from tests.e2e.dashboard import wait_until_still

pytestmark = pytest.mark.e2e

_ROW_PX = 35
"""Of a table: its heads and each row."""


def _drag(page: Page, corners: list[tuple[float, float]]) -> None:
    """Draw a line with the mouse over the scatter; corners are shares of its width and height."""
    area = page.locator(".js-plotly-plot .nsewdrag").bounding_box()
    places = [(area["x"] + right * area["width"], area["y"] + down * area["height"]) for right, down in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def _choose_first_row(page: Page) -> None:
    table = page.get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    # The table is one canvas, so that its boxes can only be found by their place.
    table.click(position={"x": 15, "y": 1.5 * _ROW_PX})


def _expect_sound(page: Page) -> None:
    expect(page.get_by_test_id("stAudio")).to_be_visible()
    page.wait_for_function("document.querySelector('audio').duration > 2.9")


@pytest.mark.parametrize(
    ("tool", "corners"),
    [
        ("Lasso Select", [(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8), (0.2, 0.2)]),
        ("Box Select", [(0.2, 0.2), (0.8, 0.8)]),
    ],
)
def test_songs_that_are_drawn_around_are_listed_and_heard(visit: Visit, filled: str, tool: str, corners):
    page = visit(f"{filled}/features?view=Songs")
    wait_until_still(page)
    page.get_by_role("button", name=tool).click()
    _drag(page, corners)
    expect(page.get_by_role("heading", level=3).get_by_text("songs")).to_be_visible()
    expect(page.get_by_role("button", name="Save as CSV")).to_be_visible()
    wait_until_still(page)
    _choose_first_row(page)
    _expect_sound(page)
    page.get_by_text("Open the song").click()
    expect(page.get_by_role("heading", level=1, name="Song ")).to_be_visible()


def test_a_row_of_the_library_is_heard_and_opens_its_song(visit: Visit, filled: str):
    page = visit(f"{filled}/tracks?words=song+117")
    wait_until_still(page)
    _choose_first_row(page)
    _expect_sound(page)
    page.get_by_text("Open the song").click()
    expect(page.get_by_role("heading", level=1, name="Song 117", exact=True)).to_be_visible()
    page.wait_for_url("**track=demo%3A117*")


def test_a_sound_is_drawn_and_heard(visit: Visit, filled: str):
    page = visit(f"{filled}/mfcc")
    expect(page.locator(".js-plotly-plot .heatmaplayer image").first).to_be_visible()
    _expect_sound(page)
