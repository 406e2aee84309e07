"""What people need who do not see well, or not at all: names, text beside pictures, contrast."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.e2e.conftest import Opened, Visit
from tests.e2e.dashboard import wait_until_still

pytestmark = pytest.mark.e2e

_SERIOUS = ("serious", "critical")
_OPTIONS = {
    "resultTypes": ["violations"],
    # Streamlit puts the sections of its navigation between its list and the list's items.
    "rules": {"list": {"enabled": False}, "listitem": {"enabled": False}},
}
# Pale because what they name cannot be used now, which the guidelines allow; axe sees no connection between the two.
_EXCEPT = {"exclude": [["label[disabled]"]]}
_UNNAMED = """() => {
    const all = (kind) => [...document.querySelectorAll(`[data-testid=${kind}]`)];
    const name = (one) => one?.getAttribute("aria-label");
    const own = ["", "Vega visualization"];
    return [...all("stVegaLiteChart"), ...all("stPlotlyChart")].map(name)
        .concat(all("stDataFrame").map((table) => name(table.querySelector("[role=region]"))))
        .filter((found) => !found || own.includes(found)).length;
}"""


def test_axe_finds_nothing_serious(opened: Opened):
    found = Axe().run(opened.page, context=_EXCEPT, options=_OPTIONS).response["violations"]
    assert {one["id"]: [node["html"] for node in one["nodes"]] for one in found if one["impact"] in _SERIOUS} == {}


def test_every_picture_and_every_table_has_a_name(opened: Opened):
    assert opened.page.evaluate(_UNNAMED) == 0


def test_the_keyboard_reaches_what_is_changed_and_changes_it(visit: Visit, filled: str):
    page = visit(f"{filled}/features")
    wait_until_still(page)
    page.get_by_role("radio", name="Distributions").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.get_by_role("radio", name="Songs")).to_be_checked()
    page.get_by_role("combobox", name="Across").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Across")).not_to_have_value("danceability")
