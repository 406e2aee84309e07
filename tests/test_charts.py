"""Charts say what they are given: axes, colours and marks, seen in their specifications."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pages.ui import charts, comparison_charts, heatmaps, overview_charts
from pages.ui.palette import DARK, LIGHT, Palette, palette_for
from songfeat.labels import ALL_TARGETS, TARGETS
from songfeat.scores import METRICS
from songfeat.specs import REPORT_SPEC
from store.listening import Sound, envelope

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def palette(request) -> Palette:
    return request.param


def pairs(n: int) -> pd.DataFrame:
    random = np.random.default_rng(0)
    values = {"reference": random.uniform(0, 1, n), "predicted": random.uniform(0, 1, n)}
    return pd.DataFrame({"title": "A song", "artist": "Somebody", **values})


def genre_scores() -> pd.DataFrame:
    rows = [
        {"genre": genre, "feature": name, "value": 0.1, "low": 0.08, "high": 0.14, "n": n}
        for genre, n in (("pop", 20), ("rock/indie", 300))
        for name in reversed(TARGETS)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("theme", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_the_theme_has_the_colours_of_the_palette(theme: str, palette: Palette):
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"][theme]
    assert palette_for(theme) is palette
    assert config["primaryColor"] == palette.accent == palette.runs[0]
    assert config["backgroundColor"] == palette.background
    assert config["secondaryBackgroundColor"] == palette.raised
    assert config["textColor"] == palette.ink
    assert config["borderColor"] == palette.border


def test_every_target_has_a_colour_of_its_own(palette: Palette):
    assert list(palette.targets) == list(ALL_TARGETS)
    assert len(set(palette.targets.values())) == len(ALL_TARGETS)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_agreement_shows_songs_on_axes_from_0_to_1(palette: Palette, place: int):
    spec = comparison_charts.agreement(pairs(10), palette, place=place).to_dict()
    songs, line = spec["layer"]
    for layer in (songs, line):
        assert layer["encoding"]["x"]["field"] == "reference"
        assert layer["encoding"]["y"]["field"] == "predicted"
        assert layer["encoding"]["x"]["scale"]["domain"] == layer["encoding"]["y"]["scale"]["domain"] == [0, 1]
    assert songs["mark"]["color"] == palette.runs[place]
    assert songs["mark"]["shape"] == ("circle", "square", "triangle-up")[place]
    ends = spec["datasets"][line["data"]["name"]]
    assert [(end["reference"], end["predicted"]) for end in ends] == [(0, 0), (1, 1)]


def squares() -> pd.DataFrame:
    """What :class:`store.predicted.Agreement` holds of one target where songs are counted."""
    return pd.DataFrame(
        {
            "square": [40 * 4 + 39, 3], "songs": [6000, 1500],
            "reference": [0.975, 0.075], "reference_to": [1.0, 0.1],
            "predicted": [0.1, 0.0], "predicted_to": [0.125, 0.025],
        }
    )  # fmt: skip


def test_agreement_of_many_songs_puts_reference_across_and_predicted_up(palette: Palette):
    spec = comparison_charts.agreement(squares(), palette).to_dict()
    drawn = spec["layer"][0]
    assert drawn["mark"]["type"] == "rect"
    assert drawn["encoding"]["color"]["scale"]["range"] == list(palette.magnitude)
    sides = {side: drawn["encoding"][side]["field"] for side in ("x", "x2", "y", "y2")}
    assert sides == {"x": "reference", "x2": "reference_to", "y": "predicted", "y2": "predicted_to"}
    assert sum(square["songs"] for square in spec["datasets"][drawn["data"]["name"]]) == 7500


def test_songs_to_draw_around_are_a_curve_a_run(palette: Palette):
    some = pairs(10)
    figure = comparison_charts.songs([("first", 0, some), ("second", 1, some), ("third", 2, squares())], palette)
    first, second, third = figure.data
    assert [trace.xaxis for trace in figure.data] == ["x", "x2", "x3"]
    assert [annotation.text for annotation in figure.layout.annotations] == ["first", "second", "third"]
    assert list(first.x) == list(some["reference"])
    assert list(first.y) == list(some["predicted"])
    assert (second.marker.color, second.marker.symbol) == (palette.runs[1], "square")
    assert list(third.x) == pytest.approx([0.9875, 0.0875])
    assert list(third.marker.size) == [1, 0.25]
    assert third.marker.sizemode == "area"
    lines = figure.layout.shapes
    assert [(line.x0, line.y0, line.x1, line.y1) for line in lines] == [(0, 0, 1, 1)] * 3
    assert [line.xref for line in lines] == ["x", "x2", "x3"]


def test_the_best_runs_stand_beside_the_mean_predictor_and_the_report(palette: Palette):
    best = pd.DataFrame(
        {"feature": TARGETS, "model": "m", "value": 0.1, "low": 0.08, "high": 0.12, "n": 40, "mean_value": 0.2}
    ).assign(report=[0.3, 0.3, 0.3, 0.3, None])
    spec = overview_charts.best_runs(best, palette).to_dict()
    rule, marks = spec["layer"]
    assert (rule["encoding"]["x"]["field"], rule["encoding"]["x2"]["field"]) == ("low", "high")
    assert marks["encoding"]["y"]["sort"] == list(ALL_TARGETS)
    assert marks["encoding"]["x"]["scale"]["zero"] is True
    for channel in ("shape", "color"):
        scale = marks["encoding"][channel]["scale"]
        assert scale["domain"] == ["best run", "always the mean", "the report"]
        assert len(set(scale["range"])) == 3
    drawn = pd.DataFrame(spec["datasets"][marks["data"]["name"]])
    assert drawn.groupby("whose")["error"].agg(["min", "max", "size"]).T.to_dict("list") == {
        "always the mean": [0.2, 0.2, 5],
        "best run": [0.1, 0.1, 5],
        "the report": [0.3, 0.3, 4],
    }


def test_coverage_names_its_counts_and_shows_the_largest_sources():
    table = pd.DataFrame(
        {"source": [f"s{n}" for n in range(8)], "tracks": range(8000, 0, -1000), "with a clip": range(8)}
    )
    spec = overview_charts.coverage(table, LIGHT).to_dict()
    data = next(iter(spec["datasets"].values()))
    assert {row["source"] for row in data} == {f"s{n}" for n in range(overview_charts.MOST_SOURCES)}
    assert {row["says"] for row in data if row["source"] == "s1"} == {"7,000 tracks", "1 with a clip"}


def test_genres_keep_the_order_of_the_table():
    table = pd.DataFrame({"genre_group": ["rock", "pop"], "tracks": [1200, 5], "clips": [3, 0]})
    spec = overview_charts.genres(table, LIGHT).to_dict()
    assert spec["layer"][0]["encoding"]["y"]["sort"] == ["rock", "pop"]
    assert "color" not in spec["layer"][0]["encoding"]
    assert next(iter(spec["datasets"].values()))[0]["says"] == "1,200 · 3 with a clip"


def test_learning_curves_tell_parts_and_targets_by_line_and_colour(palette: Palette):
    losses = pd.DataFrame({"epoch": [1, 1], "part": ["train", "val"], "loss": [1.0, 2.0]})
    encoding = charts.losses(losses, palette).to_dict()["encoding"]
    assert encoding["color"]["scale"]["range"] == [palette.muted, palette.accent]
    assert encoding["strokeDash"]["scale"]["range"] == [[5, 3], [1, 0]]
    errors = pd.DataFrame({"epoch": 1, "feature": ["valence", "energy"], "value": [0.1, 0.2]})
    spec = charts.errors_by_epoch(errors, {"energy": 0.3}, palette).to_dict()
    assert spec["facet"]["sort"] == ["energy", "valence"]
    line, rule = spec["spec"]["layer"]
    assert line["encoding"]["color"]["scale"]["domain"] == ["energy", "valence"]
    assert line["encoding"]["color"]["scale"]["range"] == [palette.targets["energy"], palette.targets["valence"]]
    assert (rule["encoding"]["y"]["field"], rule["mark"]["strokeDash"]) == ("mean", [5, 3])
    (data,) = spec["datasets"].values()
    assert {row["feature"]: row["mean"] for row in data} == {"energy": 0.3, "valence": None}


def test_residuals_stand_on_zero():
    table = pd.DataFrame({"low": [-0.1], "high": [-0.05], "songs": [3]})
    bars, zero = comparison_charts.residuals(table, LIGHT).to_dict()["layer"]
    assert (bars["encoding"]["y"]["field"], bars["encoding"]["y2"]["field"]) == ("songs", "none")
    assert bars["encoding"]["x"]["scale"]["domain"] == [-1, 1]
    assert zero["mark"]["type"] == "rule"


def test_genre_errors_have_targets_in_order_and_mark_small_groups(palette: Palette):
    figure = heatmaps.genre_scores(genre_scores(), palette, metric=METRICS["mae"])
    heatmap = figure.data[0]
    assert list(heatmap.x) == list(TARGETS)
    assert list(heatmap.y) == ["pop (20, few)", "rock/indie (300)"]  # drawn from the bottom: the largest on top
    assert heatmap.text[0][0] == "0.10 ± 0.03"
    assert [colour for _, colour in heatmap.colorscale] == list(palette.magnitude)
    assert heatmap.zmin == 0


def test_each_cell_can_be_clicked_and_the_chosen_one_is_marked(palette: Palette):
    metric = METRICS["pearson"]
    figure = heatmaps.genre_scores(genre_scores(), palette, metric=metric, by="energy", chosen=("pop", "energy"))
    heatmap, points = figure.data
    cells = [tuple(cell[:2]) for cell in points.customdata]
    assert len(cells) == heatmap.z.size
    assert [cell[2] for cell in points.customdata] == list(np.ravel(heatmap.text))
    assert set(cells) == {(genre, target) for genre in ("pop", "rock/indie") for target in TARGETS}
    for (genre, target), x, y in zip(cells, points.x, points.y, strict=True):
        assert x == target
        assert y.startswith(genre)
    assert heatmap.zmax == 1
    (mark,) = figure.layout.shapes
    assert (mark.x0 + mark.x1) / 2 == list(heatmap.x).index("energy")
    assert heatmap.y[int((mark.y0 + mark.y1) / 2)].startswith("pop")


@pytest.mark.parametrize(("metric", "first"), [("mae", "b"), ("r2", "a")])
def test_the_worst_genre_stands_first(metric: str, first: str):
    scores = pd.DataFrame({"genre": ["a", "b"], "feature": "energy", "value": [0.1, 0.2], "low": 0, "high": 1, "n": 40})
    heatmap = heatmaps.genre_scores(scores, LIGHT, metric=METRICS[metric], by="energy").data[0]
    assert heatmap.y[-1] == f"{first} (40)"  # drawn from the bottom


def test_a_genre_without_an_interval_shows_its_value_alone():
    scores = genre_scores()
    scores.loc[scores["genre"] == "pop", ["low", "high"]] = np.nan
    assert heatmaps.genre_scores(scores, LIGHT, metric=METRICS["mae"]).data[0].text[0][0] == "0.10"


@pytest.mark.parametrize("relative", [True, False])
def test_sound_has_one_time_axis_in_seconds(palette: Palette, relative: bool):
    mono = np.sin(np.linspace(0, 500, 44_100)).astype(np.float32)
    coefficients = np.random.default_rng(0).normal(size=(20, 5)).astype(np.float32)
    sound = Sound(
        envelope=envelope(mono, 44_100),
        frame_seconds=np.arange(5) / REPORT_SPEC.frames_per_second,
        levels=np.arange(15.0).reshape(3, 5),
        coefficients=coefficients,
    )
    figure = heatmaps.sound(sound, palette, relative=relative)
    low, high, levels, heatmap = figure.data
    assert figure.layout.xaxis.matches == figure.layout.xaxis2.matches == "x3"
    assert "seconds" in figure.layout.xaxis3.title.text
    np.testing.assert_array_equal(np.asarray(levels.z), sound.levels)
    assert heatmap.x[1] == pytest.approx(8192 / 44_100)
    assert (heatmap.zmid == 0) is relative
    expected = sound.relative if relative else coefficients
    np.testing.assert_array_equal(np.asarray(heatmap.z), expected)
    assert max(high.y) == pytest.approx(1, abs=0.01)
    assert min(low.y) == pytest.approx(-1, abs=0.01)
    assert [colour for _, colour in heatmap.colorscale] == list(palette.difference if relative else palette.magnitude)
