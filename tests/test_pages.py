"""Every page, on an empty and on a filled workspace: what it shows, and that it shows it without an error."""

import re
import time
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import navigation, places
from songfeat.labels import TARGETS
from store import exclusions, jobs, runs
from store.catalogue import Catalogue
from store.work import load_work
from store.workspace import Workspace
from tests.workspaces import fill

PAGES = tuple(script for pages in navigation.SECTIONS.values() for script, _, _ in pages)
LSTM = "20260101-120000-lstm_multitask-0001"


@pytest.fixture(autouse=True)
def no_demo(monkeypatch):
    monkeypatch.setenv("SONGFEAT_NO_DEMO", "1")


@pytest.fixture
def empty(tmp_path, monkeypatch) -> Workspace:
    monkeypatch.setenv("SONGFEAT_WORKSPACE", str(tmp_path / "w"))
    return Workspace(tmp_path / "w")


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Workspace:
    return fill(tmp_path_factory.mktemp("library"))


@pytest.fixture
def filled(library: Workspace, monkeypatch) -> Workspace:
    monkeypatch.setenv("SONGFEAT_WORKSPACE", str(library.folder))
    return library


@pytest.fixture
def begun(monkeypatch) -> list[tuple[str, dict]]:
    """Keeps jobs from starting a process; gives the kind and the params of each."""
    found: list[tuple[str, dict]] = []

    def note(workspace: Workspace, job_id: str) -> None:
        job = jobs.get(workspace, job_id)
        found.append((job.kind, job.params))

    monkeypatch.setattr(jobs, "start", note)
    return found


def show(page: str, /, **address: str) -> AppTest:
    at = AppTest.from_file("../app.py", default_timeout=30)
    at.switch_page(page)
    for name, value in address.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def texts(at: AppTest) -> str:
    found = [*at.title, *at.subheader, *at.markdown, *at.caption, *at.info, *at.warning, *at.error]
    return "\n".join(element.value for element in found)


def pick(at: AppTest, kind: str, label: str):
    (found,) = [element for element in at.get(kind) if element.label.startswith(label)]
    return found


def press(at: AppTest, label: str) -> AppTest:
    (button,) = [button for button in at.button if button.label == label]
    button.click().run()
    assert not at.exception
    return at


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_on_an_empty_workspace(empty: Workspace, page: str):
    at = show(page)
    assert at.title
    assert not at.error
    assert jobs.jobs(empty) == []


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_on_a_filled_workspace(filled: Workspace, page: str):
    at = show(page)
    assert at.title
    assert not at.error
    assert not at.warning


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (places.OVERVIEW, "There are no songs yet"),
        (places.COLLECT, "None yet"),
        (places.SOURCES, "Values of two sources are needed"),
        (places.QUALITY, "There are no songs yet"),
        (places.MFCC, "No song with a clip"),
        (places.TRAIN, "No source has songs"),
        (places.RUNS, "No run is finished yet"),
        (places.COMPARE, "No run is finished yet"),
        (places.GENRES, "No run is finished yet"),
        (places.REPORT, "no reference values to learn from"),
        (places.SONG, "There are no songs yet"),
        (places.TRY, "Choose an audio file"),
    ],
)
def test_an_empty_page_says_what_is_missing(empty: Workspace, page: str, said: str):
    assert said in texts(show(page))


def test_the_first_request_of_a_server_may_be_for_any_page():
    # see pages/ui/entry.py
    entries = {path.stem for path in Path(__file__).parent.parent.glob("pages/*.py")}
    assert entries == {Path(page).stem for page in PAGES if page != places.OVERVIEW}


def test_overview_counts_and_compares(filled: Workspace):
    at = show(places.OVERVIEW)
    said = texts(at)
    assert "**120** tracks · **6** clips · **2** sources · **3** runs" in said
    assert "demo, synthesised" in said
    best, coverage = (table.value for table in at.dataframe)
    assert list(best["target"]) == list(TARGETS)
    assert set(best["best model"]) == {"lstm_multitask"}
    assert all(re.fullmatch(r"0\.\d{3} \[0\.\d\d, 0\.\d\d\]", cell) for cell in best["MAE"])
    assert coverage.set_index("source")["tracks"].to_dict() == {"demo, synthesised": 120, "table:other": 30}
    assert len(at.get("vega_lite_chart")) == 3
    assert [button.label for button in at.button] == ["Extract arrays"]
    assert "2 clips can be heard" in said


def test_overview_leads_to_the_next_step(filled: Workspace):
    at = press(show(places.OVERVIEW), "Extract arrays")
    assert at.title[0].value == "Collect"
    assert "2 clips without an array" in texts(at)


def test_an_empty_workspace_starts_the_demo_once(empty: Workspace, begun, monkeypatch):
    monkeypatch.delenv("SONGFEAT_NO_DEMO")
    for page in (places.OVERVIEW, places.OVERVIEW, places.SONG):
        at = show(page)
        assert any("Demo library" in element.value for element in at.markdown) or at.get("progress")
    assert begun == [("demo", {"songs": 240})]


def test_collect_shows_its_rights_notice_and_rejects(filled: Workspace):
    at = show(places.COLLECT)
    assert "bars training models on Spotify content" in texts(at)
    assert at.dataframe[-1].value["reason"].tolist() == ["above 1"]


def test_a_table_is_seen_tried_and_imported(empty: Workspace, begun, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("Song,Singer,energy,Oomph\nOne,Somebody,0.5,0.25\nTwo,Somebody,0.7,0.75\n")
    at = show(places.COLLECT)
    pick(at, "text_input", "… or where").set_value(str(path)).run()
    assert "**mine.csv**: 2 rows" in texts(at)
    assert at.dataframe[0].value.set_index("field")["column"].to_dict()["energy"] == "energy"
    pick(at, "selectbox", "energy").select("Oomph")
    pick(at, "selectbox", "artist").select("Singer").run()
    fields = at.dataframe[0].value.set_index("field")
    assert fields["column"].to_dict()["energy"] == "Oomph"
    assert fields["example"].to_dict()["energy"] == "0.25"
    press(at, "Try it")
    press(at, "Import")
    params = {"files": [str(path)], "source": "table:mine", "map": {"artist": "Singer", "energy": "Oomph"}}
    assert begun == [("import", {**params, "dry_run": True}), ("import", {**params, "dry_run": False})]


def test_an_uploaded_table_is_kept_in_the_workspace(empty: Workspace, begun):
    at = show(places.COLLECT)
    at.get("file_uploader")[0].upload("../../songs.csv", b"title,artist,energy\nOne,Somebody,0.5\n", "text/csv").run()
    press(at, "Import")
    ((kind, params),) = begun
    assert kind == "import"
    assert params["source"] == "table:songs"
    assert params["files"][0].startswith(str(empty.folder / "uploads"))
    assert len(list((empty.folder / "uploads").glob("*.csv"))) == 1


def test_a_table_that_is_not_there_is_named(empty: Workspace):
    at = show(places.COLLECT)
    pick(at, "text_input", "… or where").set_value("/nowhere/songs.csv").run()
    assert not at.exception
    assert "/nowhere/songs.csv" in at.error[0].value
    assert "Jobs" in texts(at)


def test_a_folder_is_scanned(empty: Workspace, begun, tmp_path):
    at = show(places.COLLECT, way="Scan a folder")
    press(at, "Scan")
    assert "Name a folder first" in texts(at)
    pick(at, "text_input", "Folder").set_value(str(tmp_path))
    press(at, "Scan")
    assert begun == [("scan", {"folder": str(tmp_path), "labels": None, "source": None, "map": {}})]


def test_a_source_is_asked_with_its_rights_in_view(empty: Workspace, begun):
    at = show(places.COLLECT, way="Ask a source")
    assert "Policy bars training models on Spotify content" in texts(at)
    pick(at, "text_input", "Genres to search").set_value("jazz, hip hop")
    pick(at, "number_input", "How many tracks the search").set_value(100)
    press(at, "Collect")
    assert begun == [
        ("collect", {"source": "spotify", "options": {"genres": ["jazz", "hip hop"], "total": 100, "library": False}})
    ]
    pick(at, "selectbox", "Source").select("musicbrainz").run()
    assert "CC BY-NC-SA" in texts(at)
    assert "https://musicbrainz.org/doc/About/Data_License" in texts(at)


def test_what_sources_can_do_is_asked_and_shown(empty: Workspace):
    empty.prepare()
    at = show(places.COLLECT, way="Ask a source")
    assert "They have not been asked yet" in texts(at)
    press(at, "Ask the sources")
    says = at.dataframe[0].value.set_index(["source", "what"])
    assert says["works"]["fma", "metadata and clips"] == "yes"
    assert says["works"]["reccobeats", "values for Spotify ids"] == "no"


def test_two_sources_stand_side_by_side(filled: Workspace):
    at = show(places.SOURCES, first="table:other", second="demo", feature="energy")
    assert [box.value for box in at.selectbox] == ["table:other", "demo", "energy"]
    pick(at, "selectbox", "Source").select("demo").run()
    assert at.query_params["first"] == "demo"
    assert at.query_params["second"] == "table:other"
    said = texts(at)
    assert "Over **30 songs**" in said
    assert "demo, synthesised lies" in said
    assert len(at.get("vega_lite_chart")) == 2
    table, songs = (element.value for element in at.dataframe)
    assert table.set_index("feature")["n"]["energy"] == 30
    assert "liveness" not in set(table["feature"])
    assert list(songs["table:other"]) == [0.5] * 30
    assert songs["difference"].abs().is_monotonic_decreasing


def test_odd_songs_are_shown_and_excluded(tmp_path, monkeypatch):
    workspace = fill(tmp_path, songs=60, with_clip=3, with_array=0)
    monkeypatch.setenv("SONGFEAT_WORKSPACE", str(tmp_path))
    at = show(places.QUALITY, check="short_clip")
    assert pick(at, "selectbox", "What looks odd").value == "short_clip"
    assert at.dataframe[0].value["what"].tolist() == ["3.0 s"] * 3
    pick(at, "text_input", "Reason: kept").set_value("too short to hear").run()
    press(at, "Exclude all of these")
    assert at.dataframe[0].value["excluded because"].tolist() == ["too short to hear"] * 3
    assert at.dataframe[1].value["reason"].tolist() == ["too short to hear"] * 3
    assert at.get("vega_lite_chart")
    assert pick(show(places.QUALITY, check="no_tempo"), "selectbox", "What looks odd").value == "no_tempo"
    press(at, "Exclude this source")
    assert "all values of demo" in at.dataframe[1].value["what"].tolist()
    assert len(exclusions.listed(Catalogue(workspace))) == 4


def test_a_run_that_left_songs_out_says_so(tmp_path, monkeypatch):
    workspace = fill(tmp_path, songs=60, with_clip=0, with_array=0)
    monkeypatch.setenv("SONGFEAT_WORKSPACE", str(tmp_path))
    with Catalogue(workspace).lease(write=True) as db:
        exclusions.record_run(db, LSTM, pd.Series({"demo:1": "No tempo", "demo:2": "No tempo", "demo:3": "hiss"}))
    said = "Without 3 songs that were excluded from training: No tempo (2), hiss (1)."
    assert said in texts(show(places.COMPARE, run=LSTM))


def test_arrays_are_extracted(filled: Workspace, begun):
    press(show(places.COLLECT, way="Extract arrays"), "Extract")
    assert begun == [("extract", {"spec": "report"})]


def test_a_job_that_stopped_can_be_resumed_and_one_at_work_cancelled(empty: Workspace, begun):
    failed = jobs.create(empty, "extract", {}, title="Half a job")
    error = {"type": "AudioError", "message": "song_1.mp3 is empty."}
    jobs.write_status(empty.jobs / failed, state="failed", finished_at=jobs.now(), error=error)
    at = show(places.COLLECT)
    assert "song_1.mp3 is empty." in texts(at)
    press(at, "Resume")
    assert begun == [("extract", {})]
    jobs.write_status(empty.jobs / failed, state="queued")
    at = show(places.COLLECT)
    assert at.get("progress")
    press(at, "Cancel")
    assert (empty.jobs / failed / "cancel").exists()


def test_a_clip_whose_file_is_gone_is_named(tmp_path, monkeypatch):
    workspace = fill(tmp_path, songs=60, with_clip=1, with_array=1)
    monkeypatch.setenv("SONGFEAT_WORKSPACE", str(tmp_path))
    (workspace.audio / "0.wav").unlink()
    at = show(places.MFCC)
    assert "0.wav" in at.error[0].value
    assert "is gone" in texts(show(places.SONG, track="demo:0"))


def test_train_launches_what_was_chosen(filled: Workspace, begun):
    at = press(show(places.TRAIN, sees="numbers"), "numeric_mlp")
    assert at.query_params["model"] == "numeric_mlp"
    assert pick(at, "selectbox", "Whose values").options[0] == "demo, synthesised (120 tracks)"
    pick(at, "multiselect", "Targets").set_value(["valence", "energy"])
    pick(at, "number_input", "Epochs").set_value(20)
    pick(at, "number_input", "Seed").set_value(7)
    pick(at, "button_group", "Split").set_value("random")
    press(at, "Train")
    ((kind, params),) = begun
    assert kind == "train"
    assert params.pop("targets") == ["valence", "energy"]
    assert params == {
        "model": "numeric_mlp", "source": "demo", "split": "random", "spec": None, "seed": 7,
        "settings": {"epochs": "20"}, "cv": None,
    }  # fmt: skip


def test_train_refuses_a_handful_of_songs(filled: Workspace):
    at = show(places.TRAIN, model="lstm_multitask")
    assert pick(at, "selectbox", "Whose values").options[0] == "demo, synthesised (4 tracks)"
    assert "At least 50 tracks" in texts(at)
    assert [button.disabled for button in at.button if button.label == "Train"] == [True]


def test_train_shows_curves_and_the_queue_and_leads_to_compare(tmp_path, monkeypatch):
    workspace = fill(tmp_path, songs=60, with_clip=1, with_array=1)
    monkeypatch.setenv("SONGFEAT_WORKSPACE", str(tmp_path))
    (workspace.runs / LSTM).mkdir()
    line = '{"epoch": 1, "train_loss": 0.5, "val_loss": 0.6, "val_mae": {"energy": 0.1}}\n'
    (workspace.runs / LSTM / "history.jsonl").write_text(line)
    done = jobs.create(workspace, "train", {}, title="Train one")
    (workspace.jobs / done / "run_id.txt").write_text(LSTM)
    jobs.write_status(workspace.jobs / done, state="done", result={"run_id": LSTM})
    jobs.create(workspace, "train", {}, title="Train another")
    at = show(places.TRAIN)
    said = texts(at)
    assert f"Run {LSTM}: 1 epoch" in said
    assert "**Train another**" in said
    assert len(at.get("vega_lite_chart")) == 2
    assert any(link.label == "Compare this run" for link in at.get("page_link"))


def test_compare_shows_scores_beside_pictures(filled: Workspace):
    at = show(places.COMPARE, run=LSTM)
    scores = runs.scores(Catalogue(filled), [LSTM], split="test", genre="all").set_index(["metric", "feature"])
    mae = scores.loc[("mae", "energy")]
    pearson = scores.loc[("pearson", "energy")]
    assert len(at.get("vega_lite_chart")) == len(TARGETS)
    assert len(at.get("plotly_chart")) == 1
    (said,) = [caption.value for caption in at.caption if f"MAE **{mae['value']:.3f}**" in caption.value]
    assert f"[{mae['low']:.2f}, {mae['high']:.2f}]" in said
    assert f"r **{pearson['value']:.2f}**" in said
    assert f"mean predictor's MAE {mae['mean_value']:.3f}" in said
    assert f"n {mae['n']}" in said
    table = at.dataframe[0].value
    assert list(table["target"]) == [*TARGETS, "average"]
    assert {"MAE", "MSE", "RMSE", "R²", "Pearson r"} <= set(table.columns)
    assert f"R² **{scores.loc[('r2', 'energy'), 'value']:.2f}**".replace("-", "−") in said


def test_compare_takes_three_runs_and_other_parts(filled: Workspace):
    at = show(places.COMPARE)
    pick(at, "multiselect", "Runs").set_value(list(runs.all_runs(Catalogue(filled))["run_id"]))
    pick(at, "multiselect", "Targets").set_value(["energy", "speechiness"])
    pick(at, "button_group", "Part").set_value("val").run()
    assert not at.exception
    assert len(at.get("vega_lite_chart")) == 7, "three runs on two targets, and the difference of the first two"
    assert "Difference of the first two runs" in texts(at)
    assert "answers almost the same for every song" in at.warning[0].value
    assert len(at.query_params["run"]) == 3
    assert at.query_params["part"] == "val"
    pick(at, "button_group", "Part").set_value("train").run()
    assert not at.exception
    assert "not scored" not in texts(at), "what was not measured after the training is measured now"


def test_compare_shows_calibration_and_residuals_when_asked_to(filled: Workspace):
    at = show(places.COMPARE, run=LSTM)
    pick(at, "toggle", "Calibration").set_value(True).run()
    assert not at.exception
    assert len(at.get("vega_lite_chart")) == 3 * len(TARGETS)


def test_a_search_names_the_view_in_the_address(filled: Workspace):
    at = show(places.SONG)
    pick(at, "text_input", "Search").set_value("band 7").run()
    assert not at.exception
    picked = pick(at, "selectbox", "Song")
    assert at.query_params["track"] == picked.value
    again = show(places.SONG, q="band 7", track=picked.value)
    assert again.title[0].value == at.title[0].value
    assert pick(again, "text_input", "Search").value == "band 7"


def test_another_song_of_the_list_and_another_search(filled: Workspace):
    at = show(places.SONG)
    pick(at, "text_input", "Search").set_value("band 7").run()
    pick(at, "selectbox", "Song").select_index(1).run()
    assert at.query_params["track"] == pick(at, "selectbox", "Song").value
    first = at.title[0].value
    pick(at, "text_input", "Search").set_value("band 8").run()
    assert not at.exception
    assert at.title[0].value != first


def test_a_search_that_finds_nothing_says_so(filled: Workspace):
    at = show(places.SONG)
    pick(at, "text_input", "Search").set_value("zzzzqqqq").run()
    assert not at.exception
    assert "No song is found" in texts(at)


def test_a_link_to_a_song_that_is_not_here_says_so(filled: Workspace):
    assert "There is no song demo:9999 here" in texts(show(places.SONG, track="demo:9999")).replace("\\", "")


def test_a_damaged_catalogue_is_said_in_a_sentence(empty: Workspace):
    empty.prepare()
    empty.catalogue.write_bytes(b"no database")
    at = show(places.OVERVIEW)
    assert "cannot be opened" in at.error[0].value


def test_a_read_only_workspace_can_be_looked_at(filled: Workspace, monkeypatch):
    monkeypatch.setattr(Workspace, "writable", property(lambda self: False))
    at = show(places.OVERVIEW)
    assert "is read-only" in texts(at)
    assert "**120** tracks" in texts(at)
    at = show(places.COLLECT, way="Extract arrays")
    assert [button.disabled for button in at.button if button.label == "Extract"] == [True]


def test_a_page_is_drawn_anew_when_a_job_brings_something_in(tmp_path, monkeypatch):
    workspace = fill(tmp_path, songs=60, with_clip=2, with_array=0)
    monkeypatch.setenv("SONGFEAT_WORKSPACE", str(tmp_path))
    at = show(places.COLLECT, way="Extract arrays")
    assert "2 clips without an array" in texts(at)
    press(at, "Extract")
    (job,) = jobs.jobs(workspace)
    deadline = time.monotonic() + 60
    while jobs.get(workspace, job.job_id).live and time.monotonic() < deadline:
        time.sleep(0.2)
    at.run()
    assert "0 clips without an array" in texts(at)
    assert "2 clips: 2 extracted, 0 failed" in texts(at)


def test_every_kind_of_work_that_pages_start_is_there():
    for kind in ("import", "scan", "collect", "extract", "train", "demo"):
        assert callable(load_work(kind))
