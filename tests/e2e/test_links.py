"""Every page has an address, and every view of it too; whoever comes back finds what was left."""

from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from pages.ui import navigation
from tests.e2e.conftest import Opened, Visit
from tests.e2e.dashboard import choose, enter, go_to, press, push, served, wait_until_still
from tests.workspaces import fill

pytestmark = pytest.mark.e2e


def test_every_page_opens_by_its_address(opened: Opened):
    page = opened.page
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page).to_have_title(f"{opened.title} · Songfeat")
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_test_id("stMain").get_by_test_id("stAlertContentError")).to_have_count(0)


def test_no_page_asks_another_host(opened: Opened):
    own = (opened.server, opened.server.replace("http", "ws"), "data:", "blob:")
    assert [url for url in opened.asked if not url.startswith(own)] == []


@pytest.mark.parametrize(("path", "title"), [("song?track=demo%3A3", "Song 3"), ("compare", "Compare runs")])
def test_the_first_request_of_a_server_may_be_for_any_page(visit: Visit, tmp_path, path: str, title: str):
    workspace = fill(tmp_path / "w", songs=60, with_clip=1)
    with served(workspace.folder) as address:
        page = visit(f"{address}/{path}")
        expect(page.get_by_role("heading", level=1, name=title, exact=True)).to_be_visible()
        wait_until_still(page)
        expect(page.get_by_role("dialog")).to_have_count(0)


CHANGES: dict[str, tuple[Callable[[Page], None], ...]] = {
    "tracks": (
        partial(enter, role="textbox", label="Title or artist", text="song 5"),
        partial(choose, label="Genre", option="pop"),
        partial(choose, label="Values of", option="demo, synthesised"),
        partial(choose, label="Sort by", option="energy ↓"),
    ),
    "collect": (partial(press, name="Extract arrays"),),
    "sources": (partial(choose, label="Feature", option="tempo"),),
    "quality": (partial(choose, label="What looks odd", option="No tempo: 0 songs"),),
    "mfcc": (partial(enter, role="textbox", label="Search", text="song 5"),),
    "features": (
        partial(press, name="Songs"),
        partial(choose, label="Across", option="tempo (BPM)"),
        partial(choose, label="Colour", option="valence"),
    ),
    "train": (partial(push, name="hgb_metadata"),),
    "runs": (partial(press, name="Pearson r"), partial(press, name="val")),
    "compare": (partial(choose, label="Runs (up to 3)", option="lstm_multitask"), partial(press, name="val")),
    "genres": (partial(choose, label="Runs (up to 2)", option="lstm_multitask"), partial(press, name="energy")),
    "report": (partial(enter, role="spinbutton", label="Seed", text="3"),),
    "song": (partial(choose, label="Song", option="Song 119 – Band 59"),),
}
"""What a person changes on each page that has something to change."""


@pytest.mark.parametrize("path", CHANGES)
def test_a_view_is_kept_and_can_be_shared(visit: Visit, filled: str, path: str):
    page = visit(f"{filled}/{path}")
    wait_until_still(page)
    begun = _view(page)
    for change in CHANGES[path]:
        change(page)
    left = _view(page)
    assert left != begun
    address = page.url
    go_to(page, "Overview")
    go_to(page, navigation.addresses()[path])
    assert _view(page) == left
    assert _asked(page.url) == _asked(address)
    other = visit(address)
    wait_until_still(other)
    assert _view(other) == left


def _view(page: Page) -> list[str]:
    """All that a page says and that its controls hold, as a screen reader has it, without the insides of pictures."""
    lines = page.get_by_test_id("stMain").aria_snapshot().splitlines()
    return [line for line in lines if "- img" not in line]


def _asked(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).query)


def test_a_song_leads_to_its_sound_and_back(visit: Visit, filled: str):
    page = visit(f"{filled}/song?track=demo%3A2")
    expect(page.get_by_role("heading", level=1, name="Song 2", exact=True)).to_be_visible()
    page.get_by_text("See its sound").click()
    expect(page.get_by_role("heading", level=1, name="MFCC")).to_be_visible()
    expect(page.get_by_test_id("stMain").get_by_text("Song 2", exact=True)).to_be_visible()
    page.get_by_test_id("stMain").get_by_test_id("stPageLink").click()
    expect(page.get_by_role("heading", level=1, name="Song 2", exact=True)).to_be_visible()
