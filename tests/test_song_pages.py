"""The pages Song and Try a file: values with their intervals, songs that are near, and files from anywhere."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from streamlit.testing.v1 import AppTest

import songfeat
from pages.ui import places, trying
from pages.ui.song_neighbours import BY_SOUND
from songfeat import checkpoint, registry
from songfeat.labels import FEATURES, TARGETS
from songfeat.predictor import Predictor
from songfeat.specs import REPORT_SPEC
from store import clip_statistics, clips, neighbours, run_intervals
from store.catalogue import Catalogue
from store.merge import merge
from store.neighbours import Whose
from store.workspace import Workspace
from tests.modelling import train_quickly
from tests.test_descriptors import clicks
from tests.test_pages import LSTM, begun, empty, filled, library, no_demo, pick, press, show, texts  # noqa: F401
from tests.workspaces import fill, song_rows

HOSTILE = "<img src=x onerror=alert(1)> [a](javascript:alert(1)) $x$ :material/home: **b**"
RATE = 32_000


@pytest.fixture(scope="module")
def song(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("songs") / "A Band - A Song.wav"
    soundfile.write(path, clicks(120, 40), RATE)
    return path


def recording(sound: np.ndarray) -> tuple[str, bytes, str]:
    content = io.BytesIO()
    soundfile.write(content, sound, RATE, format="WAV")
    return "audio.wav", content.getvalue(), "audio/wav"


def near(at: AppTest) -> list[str]:
    """The titles of the songs that stand in lines with how far they are apart."""
    return [block.value.split("**")[1] for block in at.markdown if " apart  \n" in block.value]


def test_a_song_shows_whose_values_it_has(filled: Workspace):  # noqa: F811
    at = show(places.SONG, track="demo:3")
    assert at.title[0].value == "Song 3"
    assert at.caption[0].value == "Band 1 · rock · 2001 · 3:41"
    assert at.get("audio")
    said = texts(at)
    assert "**Reference (demo, synthesised)**: recorded 20" in said
    assert f"predicted by the run `{LSTM}`" in said
    table = at.dataframe[0].value.set_index("target")
    references = ["Reference (demo, synthesised)", "Reference (table:other)"]
    assert list(table.columns) == [*references, "numeric_mlp", "lstm_multitask"]
    assert table["Reference (table:other)"]["energy"] == 0.5
    assert pd.isna(table["lstm_multitask"]["valence"])


def test_each_prediction_stands_with_its_interval(filled: Workspace):  # noqa: F811
    at = show(places.SONG, track="demo:3")
    with Catalogue(filled).lease() as db:
        found = db.execute(
            "SELECT feature, value FROM predictions WHERE run_id = ? AND track_id = 'demo:3'", [LSTM]
        ).fetchall()
    ends = run_intervals.of_run(Catalogue(filled), LSTM).around(dict(found))
    column = at.dataframe[0].value.set_index("target")["lstm_multitask"]
    for name, value in found:
        low, high = ends[name]
        assert column[name] == f"{value:.3f} [{low:.2f}, {high:.2f}]"
    assert "Band: the interval that should hold 80 in 100" in texts(at)
    assert "songs of its validation part. On its test part they hold" in texts(at)


def test_targets_are_explained_where_their_values_are(filled: Workspace):  # noqa: F811
    at = show(places.SONG, track="demo:3")
    (heading,) = [found for found in at.subheader if found.value == "Predicted and reference"]
    for name in TARGETS:
        assert f"**{name}**: {FEATURES[name].meaning}" in heading.proto.help


def test_the_same_values_as_a_radar(filled: Workspace):  # noqa: F811
    at = show(places.SONG, track="demo:3")
    assert not at.get("plotly_chart")
    charts = len(at.get("vega_lite_chart"))
    radar = show(places.SONG, track="demo:3", view="Radar")
    assert len(radar.get("plotly_chart")) == 1
    assert len(radar.get("vega_lite_chart")) == charts - 1
    assert radar.dataframe[0].value.equals(at.dataframe[0].value)


def test_the_nearest_songs_by_values_by_predictions_and_by_sound(filled: Workspace):  # noqa: F811
    catalogue = Catalogue(filled)
    expected = {
        "Reference (demo, synthesised)": neighbours.similar(catalogue, "demo:3", Whose(source="demo")),
        "lstm_multitask": neighbours.similar(catalogue, "demo:3", Whose(run=LSTM)),
        BY_SOUND: neighbours.similar_by_sound(catalogue, clip_statistics.statistics(catalogue, REPORT_SPEC), "demo:3"),
    }
    assert [len(songs) for songs in expected.values()] == [8, 8, 3]
    for way, songs in expected.items():
        at = show(places.SONG, track="demo:3", nearest_by=way)
        assert near(at) == list(songs["title"].head(5))
        assert "The smaller the number, the nearer" in texts(at)
    assert len(at.get("audio")) == 1 + 3, "the song's own player, and one a song that has a clip"


def test_a_clip_without_an_array_says_how_to_get_one(filled: Workspace):  # noqa: F811
    at = show(places.SONG, track="demo:5", nearest_by=BY_SOUND)
    assert "has no MFCCs yet" in texts(at)
    assert "Extract arrays" in [link.label for link in at.get("page_link")]


def test_a_song_of_which_nothing_is_known(tmp_path: Path, monkeypatch):
    workspace = fill(tmp_path, songs=60, with_clip=0, with_array=0)
    bare = song_rows(61).tail(1).drop(columns=[*TARGETS, "valence", "tempo", "loudness", "key", "mode"])
    with Catalogue(workspace).lease(write=True) as db:
        merge(db, bare.drop(columns="time_signature"))
    monkeypatch.setenv("SONGFEAT_WORKSPACE", str(tmp_path))
    at = show(places.SONG, track="demo:60")
    assert "no run has predicted it" in texts(at)
    assert "nothing to compare it by" in texts(at)


def test_its_mfcc_is_drawn_once_it_is_opened(filled: Workspace):  # noqa: F811
    assert not show(places.SONG, track="demo:3").get("plotly_chart")
    at = show(places.SONG, track="demo:3", mfcc="true")
    assert len(at.get("plotly_chart")) == 1
    assert "20 coefficients (n_mfcc)" in texts(at)


def test_hostile_names_stay_literal_among_the_nearest(tmp_path: Path, monkeypatch):
    workspace = fill(tmp_path, songs=60, with_clip=0, with_array=0)
    with Catalogue(workspace).lease(write=True) as db:
        db.execute("UPDATE tracks SET title = ?, artist = ?, genre = ?", [HOSTILE] * 3)
        db.execute("UPDATE reference SET source = ? WHERE source = 'table:other'", [f"table:{HOSTILE}"])
    monkeypatch.setenv("SONGFEAT_WORKSPACE", str(tmp_path))
    for view in ("Target by target", "Radar"):
        at = show(places.SONG, track="demo:3", view=view)
        lines = [block for block in at.markdown if " apart  \n" in block.value]
        assert len(lines) == 5
        for line in lines:
            assert not line.allow_html
            assert "\\<img" in line.value
            assert "\\[a\\]" in line.value
            assert "\\$x\\$" in line.value
            assert "\\:material" in line.value
        for label in ("By the values of", "Nearest by"):
            (option,) = [option for option in pick(at, "button_group", label).options if "img" in option]
            assert "\\<img" in option
            assert "\\[a\\]" in option


def test_without_a_file_it_says_what_to_give(empty: Workspace):  # noqa: F811
    at = show(places.TRY)
    assert "Choose an audio file, record one" in texts(at)
    assert pick(at, "selectbox", "Who answers").options == ["the model that comes with Songfeat"]


def test_a_file_is_tried_and_kept(empty: Workspace, begun, song: Path):  # noqa: F811
    expected = songfeat.predict(song)
    at = show(places.TRY)
    at.file_uploader[0].set_value((song.name, song.read_bytes(), "audio/wav")).run()
    assert not at.exception
    table = at.dataframe[0].value.set_index("target")
    assert dict(table["value"]) == expected.values
    assert {name: tuple(table.loc[name, ["low", "high"]]) for name in table.index} == expected.intervals
    assert dict(table["spread"]) == expected.spread
    assert "sounds unlike" in "".join(warning.value for warning in at.warning)
    press(at, "Keep it in the library")
    ((kind, params),) = begun
    assert kind == "scan"
    (kept,) = Path(params["folder"]).iterdir()
    assert kept.name == song.name
    assert kept.read_bytes() == song.read_bytes()


def test_a_file_that_lies_on_this_machine(empty: Workspace, begun, song: Path):  # noqa: F811
    at = show(places.TRY, **{"from": trying.PATH})
    at.text_input[0].set_value(str(song)).run()
    assert at.dataframe[0].value["value"].tolist() == list(songfeat.predict(song).values.values())
    press(at, "Keep it in the library")
    assert song.exists()
    assert [path.name for path in Path(begun[0][1]["folder"]).iterdir()] == [song.name]


def test_a_recording_is_heard_and_called_after_its_moment(empty: Workspace, begun):  # noqa: F811
    at = show(places.TRY, **{"from": trying.MICROPHONE})
    assert at.audio_input[0].sample_rate == 48_000
    at.audio_input[0].set_value(recording(clicks(100, 8))).run()
    assert not at.exception
    assert len(at.dataframe[0].value) == 6
    press(at, "Keep it in the library")
    (kept,) = Path(begun[0][1]["folder"]).iterdir()
    assert kept.name.startswith("Recording 20")
    assert f"**{kept.name}**" in texts(at).replace("\\", "")


@pytest.mark.parametrize(
    ("sound", "said"),
    [(clicks(100, 2), "There are 2.0 s of sound between silences; 6 s are needed"), (np.zeros(8 * RATE), "silent")],
    ids=["short", "silent"],
)
def test_recordings_that_say_nothing_are_told(empty: Workspace, sound: np.ndarray, said: str):  # noqa: F811
    at = show(places.TRY, **{"from": trying.MICROPHONE})
    at.audio_input[0].set_value(recording(sound)).run()
    assert not at.exception
    assert said in at.error[0].value
    assert at.error[0].value.startswith("Recording 20")


def test_a_file_that_is_no_music_is_said_under_its_name(empty: Workspace, tmp_path: Path):  # noqa: F811
    at = show(places.TRY)
    at.file_uploader[0].set_value(("my *best* song.mp3", b"no music", "audio/mpeg")).run()
    assert at.error[0].value.startswith("my \\*best\\* song.mp3 is not audio")
    at = show(places.TRY, **{"from": trying.PATH})
    at.text_input[0].set_value(str(tmp_path / "gone.mp3")).run()
    assert "no file" in at.error[0].value


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Workspace:
    """A library in which a run that hears has its checkpoint."""
    workspace = fill(tmp_path_factory.mktemp("trained"), with_clip=2, with_array=0)
    folder = workspace.runs / LSTM
    folder.mkdir(parents=True)
    model = train_quickly(registry.get("lstm_multitask"))
    checkpoint.save(folder, model, split={}, data_digest="", scores=pd.DataFrame())
    return workspace


def test_a_run_that_hears_answers_with_its_intervals(trained: Workspace, song: Path, monkeypatch):
    monkeypatch.setenv("SONGFEAT_WORKSPACE", str(trained.folder))
    catalogue = Catalogue(trained)
    values = Predictor.load(trained.runs / LSTM).predict_file(song)
    ends = run_intervals.of_run(catalogue, LSTM).around(values)
    at = show(places.TRY, by=LSTM, **{"from": trying.PATH})
    at.text_input[0].set_value(str(song)).run()
    assert not at.exception
    assert pick(at, "selectbox", "Who answers").options == ["the model that comes with Songfeat", "lstm_multitask"]
    table = at.dataframe[0].value.set_index("target")
    assert dict(table["value"]) == pytest.approx(values)
    assert {name: tuple(table.loc[name, ["low", "high"]]) for name in table.index} == ends
    assert "its first 29.7 s were heard" in texts(at)
    nearest = neighbours.nearest(catalogue, values, Whose(source="demo"))
    assert near(at) == list(nearest["title"].head(5))


def test_the_nearest_songs_by_what_the_same_run_predicts(trained: Workspace, song: Path, monkeypatch):
    monkeypatch.setenv("SONGFEAT_WORKSPACE", str(trained.folder))
    values = Predictor.load(trained.runs / LSTM).predict_file(song)
    at = show(places.TRY, by=LSTM, nearest_by="lstm_multitask's own predictions", **{"from": trying.PATH})
    at.text_input[0].set_value(str(song)).run()
    nearest = neighbours.nearest(Catalogue(trained), values, Whose(run=LSTM))
    assert near(at) == list(nearest["title"].head(5))


def test_a_run_whose_files_are_gone_is_said(filled: Workspace, song: Path):  # noqa: F811
    at = show(places.TRY, by=LSTM, **{"from": trying.PATH})
    at.text_input[0].set_value(str(song)).run()
    assert not at.exception
    assert LSTM in at.error[0].value


def test_what_is_in_the_library_already_is_opened_there(trained: Workspace, monkeypatch):
    monkeypatch.setenv("SONGFEAT_WORKSPACE", str(trained.folder))
    known = clips.all_clips(Catalogue(trained))
    at = show(places.TRY, by=LSTM, **{"from": trying.PATH})
    at.text_input[0].set_value(known["path"][0]).run()
    assert not at.error
    assert "heard to its end" in texts(at)
    assert "Open it in the library" in [link.label for link in at.get("page_link")]
    assert "Keep it in the library" not in [button.label for button in at.button]
