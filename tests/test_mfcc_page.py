"""The MFCC page: a song, two songs, the playground and the map."""

from pathlib import Path

import pandas as pd
import pytest

from store.workspace import Workspace
from tests.test_pages import empty, filled, library, no_demo, pick, show, texts  # noqa: F401
from tests.workspaces import fill

PAGE = "pages/explore/mfcc.py"
VIEWS = ("Song", "Side by side", "Playground", "Map")


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_says_what_is_missing_on_an_empty_workspace(empty: Workspace, view: str):  # noqa: F811
    at = show(PAGE, view=view)
    assert not at.error
    assert len(at.info) == 1
    assert not at.get("plotly_chart")


def test_a_song_is_shown_over_time(filled: Workspace):  # noqa: F811
    at = show(PAGE, track="demo:3")
    said = texts(at)
    assert "**Song 3**" in said
    assert "20 coefficients" in said
    assert len(at.get("plotly_chart")) == 2
    assert at.get("audio")
    assert list(at.dataframe[0].value["coefficient"]) == list(range(20))
    pick(at, "multiselect", "Coefficients").set_value([]).run()
    assert len(at.get("plotly_chart")) == 1


def test_a_song_is_found(filled: Workspace):  # noqa: F811
    at = show(PAGE)
    pick(at, "text_input", "Search").set_value("song 5").run()
    assert "**Song 5**" in texts(at)
    assert at.query_params["track"] == "demo:5"


@pytest.mark.parametrize("track", ["demo:100", "demo:9999"])
def test_a_song_without_a_clip_is_named(filled: Workspace, track: str):  # noqa: F811
    at = show(PAGE, track=track)
    assert f"no song {track} with a clip" in texts(at).replace("\\", "")


def test_a_song_stands_beside_its_genre(filled: Workspace):  # noqa: F811
    at = show(PAGE, view="Side by side", track="demo:1")
    assert "average of 4 clips" in texts(at)
    assert "Only 2" in texts(at)  # of pop, songs 0 and 1 have arrays
    table = at.dataframe[0].value
    assert list(table.columns) == ["coefficient", "Song 1", "pop (2)"]
    assert len(table) == 20


def test_a_song_stands_beside_another_which_is_never_itself(filled: Workspace):  # noqa: F811
    at = show(PAGE, view="Side by side", beside="another song", track="demo:1", second="demo:4")
    assert len(at.get("audio")) == len(at.get("plotly_chart")) == 2
    assert list(at.dataframe[0].value.columns) == ["coefficient", "Song 1 – Band 0", "Song 4 – Band 2"]
    offered = [box.options for box in at.selectbox if box.label == "Song"]
    assert any("Song 1" in name for name in offered[0])
    assert not any("Song 1 " in name for name in offered[1])
    same = show(PAGE, view="Side by side", beside="another song", track="demo:1", second="demo:1")
    assert len(set(same.dataframe[0].value.columns)) == 3


def test_without_arrays_it_is_said_how_to_get_them(tmp_path: Path, monkeypatch):
    fill(tmp_path, songs=20, with_clip=4, with_array=0)
    monkeypatch.setenv("SONGFEAT_WORKSPACE", str(tmp_path))
    for view in ("Side by side", "Map"):
        at = show(PAGE, view=view)
        assert "extracted" in at.info[0].value
        assert any(link.proto.label == "Extract arrays" for link in at.get("page_link"))


def test_the_playground_says_what_settings_keep(filled: Workspace):  # noqa: F811
    at = show(PAGE, view="Playground", track="demo:2")
    frames = 1 + 3 * 44_100 // 8192
    assert f"**20 × {frames}** numbers" in texts(at)
    assert "windows hold 50% of the samples" in texts(at)
    assert len(at.get("plotly_chart")) == 1
    pick(at, "select_slider", "n_mels").set_value(20)
    pick(at, "select_slider", "n_mfcc").set_value(20).run()
    assert "Kept: **100%**" in texts(at)
    pick(at, "select_slider", "n_mfcc").set_value(64).run()
    assert "64 coefficients cannot come from 20 mel bands" in at.warning[0].value
    assert not at.get("plotly_chart")


def test_what_a_model_hears_can_be_heard(filled: Workspace):  # noqa: F811
    at = show(PAGE, view="Playground", track="demo:2", n_fft="1024", hop_length="1024", n_mels="40", n_mfcc="13")
    assert len(at.get("audio")) == 1
    pick(at, "toggle", "Rebuild the sound").set_value(True).run()
    assert not at.exception
    assert len(at.get("audio")) == 2
    assert "From 13 coefficients a frame" in texts(at)


def test_the_map_shows_all_songs_with_arrays(filled: Workspace):  # noqa: F811
    at = show(PAGE, view="Map")
    assert "4 songs in all" in texts(at)
    assert at.get("plotly_chart")
    pick(at, "multiselect", "Genres that stand out").set_value(["rock"]).run()
    assert not at.exception
    pick(at, "selectbox", "Colour by").select("energy").run()
    assert not at.exception
    assert pick(at, "selectbox", "Values of").value == "demo"


def test_charts_mark_what_is_asked_for():
    from pages.ui.palette import LIGHT
    from pages.ui.sound_charts import profiles, sound_map

    songs = pd.DataFrame(
        {"title": ["a", None], "artist": "b", "genre_group": ["pop", None], "x": [0.0, 1], "y": [0.0, 1]}
    )
    figure = sound_map(
        songs, LIGHT, explained=(0.5, 0.25), chosen=(songs["genre_group"] == "pop").to_numpy(), colour=None
    )
    assert list(figure.data[0].marker.color) == [LIGHT.accent, LIGHT.muted]
    assert "50%" in figure.layout.xaxis.title.text
    shaded = sound_map(songs, LIGHT, explained=None, chosen=None, colour=("energy", songs["x"]))
    assert (shaded.data[0].marker.cmin, shaded.data[0].marker.cmax) == (0, 1)
    assert not shaded.layout.xaxis.showticklabels
    table = pd.DataFrame({"coefficient": [0, 0], "whose": ["mine", "pop"], "value": [0.5, 0.1]})
    scale = profiles(table, LIGHT).to_dict()["layer"][1]["encoding"]["color"]["scale"]
    assert scale == {"domain": ["mine", "pop"], "range": list(LIGHT.runs[:2])}
