"""Charts of one song's values: marks, intervals and names, in the light and in the dark."""

import re

import numpy as np
import pandas as pd
import pytest
import vl_convert

from pages.ui import song_charts
from pages.ui.palette import DARK, LIGHT, Palette
from songfeat.labels import ALL_TARGETS, FEATURES, TARGETS

WHOSE = ["Reference (a)", "Reference (b)", "first", "second", "third"]
KINDS = ["reference", "reference", "run", "run", "run"]
SHAPES = ["diamond", "diamond", "circle", "square", "triangle-up"]


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def palette(request) -> Palette:
    return request.param


def values(targets: tuple[str, ...] = TARGETS) -> pd.DataFrame:
    """Of two sources and three runs; the runs' with intervals."""
    rows = [
        (name, whose, 0.5, *((0.25, 0.875) if kind == "run" else (np.nan, np.nan)), kind)
        for whose, kind in zip(WHOSE, KINDS, strict=True)
        for name in targets
    ]
    return pd.DataFrame(rows, columns=["feature", "whose", "value", "low", "high", "kind"])


def test_references_are_diamonds_in_ink_and_runs_have_marks_of_their_own(palette: Palette):
    _, points = song_charts.song_values(values(), palette).to_dict()["layer"]
    encoding = points["encoding"]
    assert encoding["x"]["scale"]["domain"] == [0, 1]
    assert encoding["y"]["sort"] == list(ALL_TARGETS)
    assert encoding["stroke"]["scale"]["domain"] == WHOSE
    assert encoding["stroke"]["scale"]["range"] == [palette.ink, palette.ink, *palette.runs]
    assert encoding["fill"]["scale"]["range"] == [palette.ink, palette.background, *palette.runs]
    assert encoding["shape"]["scale"]["range"] == SHAPES


def test_bands_run_from_low_to_high_where_there_is_an_interval():
    spec = song_charts.song_values(values(), LIGHT).to_dict()
    rule, _ = spec["layer"]
    assert (rule["encoding"]["x"]["field"], rule["encoding"]["x2"]["field"]) == ("low", "high")
    assert rule["transform"] == [{"filter": "isValid(datum.low)"}]
    said = {row["whose"]: row for row in next(iter(spec["datasets"].values()))}
    assert said["first"]["says"] == "0.500 [0.25, 0.88]"
    assert said["Reference (a)"]["says"] == "0.500"
    assert {row["meaning"] for row in said.values()} <= {FEATURES[name].meaning for name in TARGETS}


@pytest.mark.parametrize("width", [260, 480, 900])
def test_no_two_ticks_bear_the_same_number(width: int):
    drawn = vl_convert.vegalite_to_svg(song_charts.song_values(values(), LIGHT).properties(width=width).to_dict())
    ticks = re.findall(r">([01]\.\d+)</text>", drawn)
    assert len(ticks) >= 3
    assert len(set(ticks)) == len(ticks)


def test_a_radar_has_an_outline_each_in_its_colour_and_mark(palette: Palette):
    figure = song_charts.radar(values(), palette)
    outlines = [trace for trace in figure.data if trace.showlegend is not False]
    assert [trace.name for trace in outlines] == WHOSE
    assert [trace.line.color for trace in outlines] == [palette.ink, palette.ink, *palette.runs]
    assert [trace.marker.symbol for trace in outlines] == ["diamond", "diamond-open", *SHAPES[2:]]
    assert len({trace.line.dash for trace in outlines[:2]}) == 2
    for trace in outlines:
        assert len(trace.r) == len(TARGETS) + 1
        assert (trace.r[0], trace.theta[0]) == (trace.r[-1], trace.theta[-1])
    assert tuple(figure.layout.polar.radialaxis.range) == (0, 1)
    assert list(figure.layout.polar.angularaxis.ticktext) == list(TARGETS)


def test_a_radars_bands_lie_on_the_spokes_of_their_outline():
    figure = song_charts.radar(values(), LIGHT)
    for band, outline in zip(figure.data[::2], figure.data[1::2], strict=True):
        low, high, gap = (np.asarray(band.r)[part::3] for part in range(3))
        assert np.isnan(gap).all()
        if outline.name in WHOSE[2:]:
            assert (low == 0.25).all()
            assert (high == 0.875).all()
        else:
            assert np.isnan([low, high]).all()
        np.testing.assert_array_equal(np.asarray(band.theta)[::3], outline.theta[:-1])
        assert band.legendgroup == outline.legendgroup


def test_a_radar_bounds_predictions_and_leaves_gaps():
    shown = values()[lambda table: table["whose"] == "first"].assign(value=[-0.2, 1.3, 0.5, 0.5, 0.5]).head(4)
    more = values()[lambda table: table["whose"] == "second"]
    figure = song_charts.radar(pd.concat([shown, more]), LIGHT)
    first = next(trace for trace in figure.data if trace.name == "first")
    np.testing.assert_array_equal(first.r, [0, 1, 0.5, 0.5, np.nan, 0])
    assert "−0.200" in first.customdata[0][0]


def test_names_are_no_markup():
    hostile = "<a href='x'>run</a>"
    shown = values().replace({"first": hostile})
    names = [trace.name for trace in song_charts.radar(shown, LIGHT).data]
    assert hostile not in names
    assert "&lt;a href=&#x27;x&#x27;&gt;run&lt;/a&gt;" in names
