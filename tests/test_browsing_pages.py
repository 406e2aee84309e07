"""The pages Tracks and Features: what they show of a library, and how a link brings a view back."""

import numpy as np
import pandas as pd
import pytest

from pages.ui import browsing_tables, feature_charts, places
from pages.ui.palette import DARK, LIGHT, Palette
from songfeat.labels import ALL_TARGETS, FEATURES, TARGETS
from store import browsing, distributions, neighbours, scatter
from store.catalogue import Catalogue
from store.neighbours import Whose
from store.scatter import View
from store.workspace import Workspace
from tests.test_pages import LSTM, empty, filled, library, no_demo, pick, show, texts  # noqa: F401 - fixtures

FIRST, SECOND = TARGETS[:2]


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def palette(request) -> Palette:
    return request.param


def test_empty_pages_say_what_is_missing(empty: Workspace):  # noqa: F811
    assert "There are no songs yet" in texts(show(places.TRACKS))
    assert "No song has reference values yet" in texts(show(places.FEATURES))


def test_tracks_shows_a_page_of_the_library(filled: Workspace):  # noqa: F811
    at = show(places.TRACKS)
    assert "1 to 50 of 120 songs." in texts(at)
    (table,) = (table.value for table in at.dataframe)
    assert list(table["title"]) == sorted(f"Song {number}" for number in range(120))[:50]
    assert not set(ALL_TARGETS) & set(table.columns)


def test_a_link_brings_back_a_view_of_the_tracks(filled: Workspace):  # noqa: F811
    at = show(places.TRACKS, page="2", values_of="demo, synthesised", sort="energy ↓", run=LSTM, split_part="train")
    wanted = browsing.Filter(source="demo", run=LSTM, part="train")
    found = browsing.page(Catalogue(filled), wanted, sort=("-energy",), limit=50, offset=50)
    assert list(at.dataframe[0].value["title"]) == list(found["title"])
    assert list(at.dataframe[0].value["energy"]) == list(found["energy"])
    assert f"51 to {50 + len(found)} of {browsing.count(Catalogue(filled), wanted)} songs" in texts(at)


def test_another_filter_begins_at_the_first_page(filled: Workspace):  # noqa: F811
    at = show(places.TRACKS, page="3")
    assert "101 to 120 of 120 songs" in texts(at)
    pick(at, "multiselect", "Genre").set_value(["pop"]).run()
    assert not at.exception
    assert "1 to 24 of 24 songs" in texts(at)
    assert set(at.dataframe[0].value["genre"]) == {"pop"}
    pick(at, "text_input", "Title or artist").set_value("nothing like it").run()
    assert "No song fits all of these" in texts(at)


def test_features_shows_how_one_is_spread(filled: Workspace):  # noqa: F811
    at = show(places.FEATURES)
    table = at.dataframe[0].value
    summary = distributions.summary(Catalogue(filled), TARGETS[0], by="genre_group", source="demo")
    assert list(table["genre"]) == list(summary["group"])
    assert list(table["n"]) == list(summary["n"])
    assert FEATURES[TARGETS[0]].meaning in texts(at)
    assert len(at.get("vega_lite_chart")) == 1


@pytest.mark.parametrize("feature", [*FEATURES])
@pytest.mark.parametrize("by", ["genre", "source"])
def test_features_shows_any_of_them(filled: Workspace, feature: str, by: str):  # noqa: F811
    at = show(places.FEATURES, feature=feature, by=by)
    assert not at.error
    if feature == "liveness":
        assert "gives no liveness for any song" in texts(at)
    else:
        assert at.dataframe[0].value.columns[0] == by


def test_features_shows_correlations(filled: Workspace):  # noqa: F811
    at = show(places.FEATURES, view="Correlations")
    assert len(at.get("plotly_chart")) == 1
    table = at.dataframe[0].value
    strongest = table["r"].str.replace("−", "-").str.extract(r"^(\S+)")[0].astype(float).abs()
    assert strongest.is_monotonic_decreasing


def test_features_shows_songs(filled: Workspace):  # noqa: F811
    at = show(places.FEATURES, view="Songs", x="tempo (BPM)", colour="valence", genre_groups="pop")
    assert "Each dot is a song: 24 songs in all" in texts(at)
    assert "Draw a line around" in texts(at)
    assert pick(at, "selectbox", "Across").value == "tempo"
    at = show(places.FEATURES, view="Songs", x="popularity")
    assert "No song has all of these values" in texts(at)


def test_the_songs_that_are_drawn_around_are_listed(filled: Workspace, monkeypatch):  # noqa: F811
    import streamlit

    monkeypatch.setattr(
        streamlit, "plotly_chart", lambda *_, **__: {"selection": {"points": [{"point_index": 3}, {"point_index": 0}]}}
    )
    marks = scatter.cloud(Catalogue(filled), View(source="demo", x=FIRST, y=SECOND)).marks
    at = show(places.FEATURES, view="Songs")
    assert set(at.dataframe[0].value["title"]) == set(marks["title"].iloc[[0, 3]])
    assert "2 songs" in texts(at)
    assert at.get("download_button")


def test_a_strip_each_group_from_0_to_1_in_the_targets_colour(filled: Workspace, palette: Palette):  # noqa: F811
    catalogue = Catalogue(filled)
    asked = {"by": "genre_group", "source": "demo"}
    shares, summary = distributions.shares(catalogue, FIRST, **asked), distributions.summary(catalogue, FIRST, **asked)
    strips, half, median = feature_charts.spread(shares, summary, FIRST, palette).to_dict()["layer"]
    assert strips["mark"]["color"] == palette.targets[FIRST]
    assert strips["encoding"]["x"]["scale"]["domain"] == [0, 1]
    assert strips["encoding"]["y"]["sort"][0].startswith(f"{summary['group'][0]} (")
    assert half["mark"]["color"] == median["mark"]["color"] == palette.ink
    assert strips["encoding"]["y"]["sort"] == [f"{row.group} ({row.n}, few)" for row in summary.itertuples()]


def test_correlations_are_below_the_diagonal(filled: Workspace, palette: Palette):  # noqa: F811
    table = distributions.correlations(Catalogue(filled), "demo")
    (heat,) = feature_charts.correlations(table, palette).data
    by_pair = {frozenset(pair): r for *pair, r in table[["first", "second", "r"]].itertuples(index=False)}
    for row, down in enumerate(heat.y):
        for column, across in enumerate(heat.x):
            if not np.isnan(heat.z[row][column]):
                assert heat.z[row][column] == by_pair.pop(frozenset((down, across)))
    assert all(np.isnan(r) for r in by_pair.values())
    assert (heat.zmin, heat.zmax) == (-1, 1)


def test_areas_of_dots_say_how_many_songs_a_square_holds(filled: Workspace, palette: Palette):  # noqa: F811
    view = View(source="demo", x=FIRST, y=SECOND, colour="valence")
    shown = scatter.cloud(Catalogue(filled), view, most_points=10)
    (trace,) = feature_charts.cloud(shown, view, palette).data
    assert trace.marker.sizemode == "area"
    assert np.allclose(np.asarray(trace.marker.size) * shown.marks["songs"].max(), shown.marks["songs"])
    assert list(trace.marker.color) == list(shown.marks["colour"])
    assert (trace.marker.cmin, trace.marker.cmax) == (0, 1)


def test_songs_have_the_same_headings_everywhere():
    song = {"track_id": "a", "title": "A", "artist": "B", "genre_group": "pop", "year": np.nan, "duration_s": 221.0}
    plain = browsing_tables.songs(pd.DataFrame([{**song, "genre": "indie pop", "has_clip": True}]))
    with_values = browsing_tables.songs(pd.DataFrame([{**song, FIRST: 0.5, "has_clip": False}]))
    assert list(plain.columns) == ["title", "artist", "genre", "year", "length", "clip", "raw genre"]
    assert list(with_values.columns) == ["title", "artist", "genre", "year", FIRST, "length", "clip"]
    assert plain["length"][0] == "3:41"


@pytest.mark.parametrize(
    ("key", "said"), [("year", "year ↑"), ("-duration_s", "length ↓"), ("-genre_group", "genre ↓")]
)
def test_sort_keys_in_words(key: str, said: str):
    assert browsing_tables.sort_key(key) == said


def test_every_axis_has_a_name_with_its_unit():
    assert browsing_tables.axis("tempo") == "tempo (BPM)"
    assert browsing_tables.axis("duration_s") == "length (seconds)"
    names = [browsing_tables.axis(name) for name in scatter.AXES]
    assert len(set(names)) == len(names)
    assert set(browsing_tables.axes_by_use(scatter.AXES)) == set(scatter.AXES)


def test_a_song_stands_among_others(filled: Workspace):  # noqa: F811
    at = show(places.SONG, track="demo:3")
    said = texts(at)
    assert "In its genre" in said
    assert "24 songs of rock/indie" in said
    near = neighbours.similar(Catalogue(filled), "demo:3", Whose(source="demo"), limit=5)
    lines = [block.value for block in at.markdown if " apart  \n" in block.value]
    assert [line.split("**")[1] for line in lines] == list(near["title"])
