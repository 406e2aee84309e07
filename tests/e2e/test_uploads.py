"""Files that are uploaded: a table becomes songs, a clip gets values, and what is broken is said in a sentence."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Page, expect

from songfeat.labels import TARGETS
from tests.e2e.conftest import Visit
from tests.e2e.dashboard import served, wait_until_still

pytestmark = pytest.mark.e2e

_RATE = 22_050


def _tune(path: Path) -> Path:
    """Eight seconds of a beat and a chord."""
    time = np.arange(8 * _RATE) / _RATE
    chord = sum(np.sin(2 * np.pi * pitch * time) for pitch in (220.0, 277.2, 329.6))
    beat = np.exp(-12 * (time % 0.5)) * np.sin(2 * np.pi * 60 * time)
    soundfile.write(path, 0.1 * chord + 0.4 * beat, _RATE)
    return path


def _upload(page: Page, path: Path) -> None:
    wait_until_still(page)
    page.set_input_files("input[type=file]", path)


def test_a_table_that_is_uploaded_becomes_songs(visit: Visit, tmp_path: Path):
    table = tmp_path / "mine.csv"
    table.write_text("Track,Artist,energy\nUploaded,Somebody,0.5\nBroken,Somebody,7\n")
    with served(tmp_path / "w") as address:
        page = visit(f"{address}/collect")
        page.get_by_text("None yet.").wait_for()
        _upload(page, table)
        page.get_by_role("button", name="Import", exact=True).click()
        page.get_by_text("2 songs added").wait_for()
        page.get_by_role("heading", name="Turned away").wait_for()
        page.goto(f"{address}/song?q=uploaded")
        expect(page.get_by_role("heading", level=1, name="Uploaded", exact=True)).to_be_visible()


def test_a_clip_that_is_uploaded_gets_values(visit: Visit, empty: str, tmp_path: Path):
    page = visit(f"{empty}/try_file")
    _upload(page, _tune(tmp_path / "my own tune.wav"))
    page.get_by_test_id("stVegaLiteChart").wait_for()
    wait_until_still(page)
    picture = page.get_by_test_id("stVegaLiteChart").aria_snapshot()
    assert [target for target in TARGETS if target not in picture] == []
    expect(page.get_by_test_id("stMain").get_by_text("my own tune.wav").last).to_be_visible()
    page.wait_for_function("Math.abs(document.querySelector('audio').duration - 8) < 0.1")


def _text(path: Path) -> None:
    path.write_text("These are words, not sound.\n" * 100)


def _nothing(path: Path) -> None:
    path.write_bytes(b"")


def _cut_header(path: Path) -> None:
    path.write_bytes(_tune(path.with_suffix(".flac")).read_bytes()[:300])


@pytest.mark.parametrize(
    ("name", "break_it"), [("words.mp3", _text), ("nothing.wav", _nothing), ("cut short.flac", _cut_header)]
)
def test_a_broken_upload_is_told_in_a_sentence(visit: Visit, empty: str, tmp_path: Path, name: str, break_it):
    path = tmp_path / name
    break_it(path)
    page = visit(f"{empty}/try_file")
    _upload(page, path)
    alert = page.get_by_test_id("stMain").get_by_role("alert")
    expect(alert).to_contain_text(name)
    expect(alert).not_to_contain_text("songfeat-tried")
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.locator("input[type=file]")).to_be_attached()
