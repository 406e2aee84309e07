"""Colours: what is written in them can be read by people who see contrasts poorly (WCAG 2.2, AA)."""

import pytest

from pages.ui.palette import DARK, LIGHT, Palette

_FADED = 0.6
"""How opaque Streamlit draws captions."""


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def palette(request) -> Palette:
    return request.param


def rgb(colour: str) -> list[float]:
    return [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]


def luminance(colour: list[float]) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(colour: str, background: str, *, opacity: float = 1.0) -> float:
    behind = rgb(background)
    seen = [opacity * over + (1 - opacity) * under for over, under in zip(rgb(colour), behind, strict=True)]
    dark, light = sorted([luminance(seen), luminance(behind)])
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_the_guidelines():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)


def test_captions_can_be_read_on_the_page_and_on_what_is_raised(palette: Palette):
    assert contrast(palette.ink, palette.background, opacity=_FADED) >= 4.5
    assert contrast(palette.ink, palette.raised, opacity=_FADED) >= 4.5


def test_the_accent_can_be_read_and_written_on(palette: Palette):
    assert contrast(palette.accent, palette.background) >= 4.5


def test_marks_in_the_background_of_charts_can_be_seen(palette: Palette):
    assert contrast(palette.muted, palette.background) >= 3
