"""The model that comes with Songfeat: its files, its answers for files of any kind, folders of them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

import songfeat
from songfeat.cli import main
from songfeat.errors import AudioError, CheckpointError, SpecMismatch, UnknownName
from songfeat.labels import ALL_TARGETS
from songfeat.pretrained import FOLDER, files, shipped
from songfeat.pretrained.model import PretrainedModel, known_by
from songfeat.pretrained.song import MOST_WINDOWS, window_starts
from store import clips, jobs, runs
from store.answers import leaderboard
from store.catalogue import Catalogue
from store.merge import merge
from store.progress import Cancelled, Progress
from store.sources.folder import examine
from store.work import predict as work
from store.work import predict_library
from store.workspace import Workspace
from tests.test_descriptors import chord, clicks
from tests.workspaces import song_rows

RATE = 32_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of music: two clips, a long song, and files that are none."""
    folder = tmp_path_factory.mktemp("music")
    soundfile.write(folder / "one.wav", clicks(120, 10), RATE)
    soundfile.write(folder / "two.flac", clicks(90, 8) + chord(60, 63, 67), RATE)
    long = np.concatenate([np.zeros(35 * RATE, dtype=np.float32), clicks(120, 35), chord(60, 64, 67, seconds=30)])
    soundfile.write(folder / "long.flac", long, RATE)
    soundfile.write(folder / "silent.wav", np.zeros(10 * RATE), RATE)
    soundfile.write(folder / "short.wav", clicks(120, 3), RATE)
    (folder / "none.mp3").write_text("no music")
    return folder


def cli(capsys: pytest.CaptureFixture, *arguments: object, code: int = 0) -> dict:
    assert main(["--json", *map(str, arguments)]) == code
    return json.loads(capsys.readouterr().out)


def test_it_is_small_and_says_what_it_is():
    size = sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file())
    assert size < 2_000_000
    model = shipped()
    assert model.targets == ALL_TARGETS
    assert set(model.low_trust) <= set(ALL_TARGETS)
    assert all(0.75 <= share <= 0.9 for share in model.meaning["coverage"].values())
    assert "songfeat pretrain" in (FOLDER / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_damaged_files_are_refused(tmp_path: Path):
    for name in (files.WEIGHTS_FILE, files.DESCRIPTION_FILE):
        shutil.copy(FOLDER / name, tmp_path / name)
    weights = tmp_path / files.WEIGHTS_FILE
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(CheckpointError, match="SHA-256"):
        files.load(tmp_path)
    shutil.copy(FOLDER / files.WEIGHTS_FILE, weights)
    description = tmp_path / files.DESCRIPTION_FILE
    text = description.read_text(encoding="utf-8")
    description.write_text(text.replace('"unusual_from": 1', '"unusual_from": 2'), encoding="utf-8")
    with pytest.raises(CheckpointError, match="changed by hand"):
        files.load(tmp_path)
    description.write_text("[]", encoding="utf-8")
    with pytest.raises(CheckpointError, match="format"):
        files.load(tmp_path)
    description.unlink()
    with pytest.raises(CheckpointError, match="cannot be read"):
        files.load(tmp_path)


def test_a_model_is_the_same_when_saved_and_loaded(tmp_path: Path):
    files.save(tmp_path, shipped())
    asked = np.random.default_rng(0).normal(size=(5, len(shipped().tensors["mean"])))
    one, other = shipped().answer(asked), files.load(tmp_path).answer(asked)
    for name in ("values", "low", "high", "unusual"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_descriptors_of_another_version_are_refused():
    with pytest.raises(SpecMismatch, match="songfeat pretrain"):
        shipped().check("0123456789abcdef")


def test_an_answer_lies_within_its_interval(folder: Path):
    answer = songfeat.predict(folder / "one.wav")
    assert list(answer.values) == list(ALL_TARGETS)
    for name, value in answer.values.items():
        low, high = answer.intervals[name]
        assert 0 <= low <= value <= high <= 1
    assert answer.windows == 1
    assert set(answer.spread.values()) == {0}


def test_clicks_are_unlike_the_songs_it_knows(folder: Path):
    assert songfeat.predict(folder / "one.wav").unusual


def test_silence_in_a_song_is_left_aside(folder: Path):
    answer = songfeat.predict(folder / "long.flac")
    assert (answer.windows, answer.silent_windows) == (2, 1)
    assert max(answer.spread.values()) > 0
    assert answer.seconds_of_audio == pytest.approx(100, abs=0.1)


UNHEARD = {"silent.wav": "silent", "short.wav": "6 s are needed", "none.mp3": "not audio", "x.mp3": "no file"}


@pytest.mark.parametrize(("name", "said"), UNHEARD.items())
def test_what_cannot_be_heard_is_said(folder: Path, name: str, said: str):
    with pytest.raises(AudioError, match=said) as caught:
        songfeat.predict(folder / name)
    assert name in str(caught.value)


@pytest.mark.parametrize("seconds", [1, 29, 44, 46, 200, 100_000])
def test_windows_cover_a_song_from_end_to_end(seconds: float):
    starts = window_starts(seconds)
    assert 1 <= len(starts) <= MOST_WINDOWS
    assert starts == sorted(set(starts))
    assert starts[0] >= 0
    assert starts[-1] + min(30, seconds) <= seconds
    if len(starts) > 1:
        assert (starts[0], starts[-1]) == (0, seconds - 30)


def test_command_and_python_say_the_same(folder: Path, capsys: pytest.CaptureFixture, tmp_path: Path):
    said = songfeat.predict(folder / "two.flac").as_dict()
    (one,) = cli(capsys, "predict", folder / "two.flac")["predictions"]
    several = cli(capsys, "--workspace", tmp_path, "predict", folder / "two.flac", folder / "one.wav")["predictions"]
    for key in ("values", "intervals", "spread", "windows"):
        assert one[key] == several[0][key] == said[key]


def test_a_folder_becomes_a_table_with_errors_as_rows(folder: Path, capsys: pytest.CaptureFixture, tmp_path: Path):
    out = tmp_path / "features.parquet"
    result = cli(capsys, "--workspace", tmp_path / "w", "predict", folder, "--out", out)
    assert (result["files"], result["failed"], result["rows"]) == (6, 3, 6)
    table = pd.read_parquet(out).set_index(pd.read_parquet(out)["file"].map(lambda path: Path(path).name))
    assert table["error"].notna().to_dict() == {
        "long.flac": False, "none.mp3": True, "one.wav": False, "short.wav": True, "silent.wav": True, "two.flac": False
    }  # fmt: skip
    for name, value in songfeat.predict(folder / "one.wav").as_dict()["values"].items():
        assert table.loc["one.wav", f"predicted_{name}"] == value
        assert np.isnan(table.loc["none.mp3", f"predicted_{name}"])
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["features.parquet"]


def test_a_stopped_folder_goes_on_where_it_was(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    workspace, out = Workspace(tmp_path / "w"), tmp_path / "features.csv"
    params = {"files": [str(folder)], "out": str(out), "jobs": 1}
    asked: list[str] = []
    real = work.one_row

    def note(path: str) -> dict:
        asked.append(path)
        if len(asked) == 3:
            (job / "cancel").touch()
        return real(path)

    monkeypatch.setattr(work, "one_row", note)
    job = workspace.jobs / jobs.create(workspace, "predict", params)
    with pytest.raises(Cancelled):
        work.run(workspace, params, Progress(job))
    assert not out.exists()
    before = len(asked)
    with (tmp_path / "features.csv.part").open("a") as part:
        part.write('{"file": "half')
    again = workspace.jobs / jobs.create(workspace, "predict", params)
    result = work.run(workspace, params, Progress(again))
    assert result["kept"] > 0
    assert len(asked) - before == 6 - result["kept"]
    assert len(pd.read_csv(out)) == 6


def test_a_folder_without_music_and_a_wrong_table_are_refused(capsys: pytest.CaptureFixture, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    said = cli(capsys, "--workspace", tmp_path / "w", "predict", tmp_path / "empty", code=1)
    assert "no audio file" in said["error"]["message"]
    said = cli(
        capsys, "--workspace", tmp_path / "w", "predict", tmp_path / "x.wav", "--out", tmp_path / "x.xls", code=1
    )
    assert "ends in" in said["error"]["message"]


def test_an_unknown_run_is_still_refused(folder: Path, capsys: pytest.CaptureFixture, tmp_path: Path):
    said = cli(capsys, "--workspace", tmp_path / "w", "predict", folder / "one.wav", "--run", "no-such", code=1)
    assert said["error"]["type"] == UnknownName.__name__


def test_a_file_is_answered_without_torch_and_without_a_workspace(folder: Path, tmp_path: Path):
    code = (
        "import sys; from songfeat.cli import main;"
        f"code = main(['--json', 'predict', {str(folder / 'one.wav')!r}]);"
        "print(sorted({'torch', 'librosa', 'sklearn', 'duckdb'} & set(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(Path(songfeat.__file__).parent.parent)},
    )  # fmt: skip
    assert done.stderr.strip() == "[]"
    assert not list(tmp_path.iterdir())


@pytest.fixture
def library(tmp_path: Path) -> Workspace:
    """Four songs with reference values and clips, of which one is too short to be heard."""
    workspace = Workspace(tmp_path / "library")
    workspace.prepare()
    rows = []
    for number, seconds in enumerate((8, 8, 8, 2)):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, clicks(90 + 20 * number, seconds), RATE)
        file = examine(path)
        audio = {"seconds": file.info.seconds, "sample_rate": RATE, "channels": 1}
        state = {"bytes": file.bytes, "modified_ns": file.modified_ns, "status": "ok", "error": None}
        rows.append({"sha256": file.sha256, "track_id": f"demo:{number}", "path": str(path), **audio, **state})
    with Catalogue(workspace).lease(write=True) as db:
        merge(db, song_rows(6))
        clips.add(db, pd.DataFrame(rows))
    return workspace


def test_the_library_becomes_a_run_like_any_other(
    library: Workspace, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    catalogue = Catalogue(library)
    result = cli(capsys, "--workspace", library.folder, "predict", "--library")
    assert (result["songs"], result["parts"]) == (3, {"test": 3})
    pairs = runs.pairs(catalogue, result["run_id"])
    expected = songfeat.predict(library.folder.parent / "1.wav").as_dict()["values"]
    own = pairs[pairs["track_id"] == "demo:1"].set_index("feature")["predicted"].to_dict()
    assert own == pytest.approx({name: expected[name] for name in own}, abs=1e-6)
    (run,) = leaderboard(catalogue)
    assert (run["model"], run["n_test"]) == ("pretrained", 3)

    monkeypatch.setattr(work, "predict", lambda path: pytest.fail(f"{path} is heard again"))
    heard = clips.all_clips(catalogue).query("seconds > 5")
    meaning = {**shipped().meaning, "known_clips": [known_by(heard["sha256"].iloc[0])]}
    monkeypatch.setattr(predict_library, "shipped", lambda: PretrainedModel(shipped().tensors, meaning))
    with catalogue.lease(write=True) as db:
        db.execute("UPDATE clips SET status = 'broken' WHERE seconds < 5")
    again = cli(capsys, "--workspace", library.folder, "predict", "--library")
    assert again["parts"] == {"test": 2, "train": 1}
    assert len(runs.all_runs(catalogue)) == 1


def test_a_library_without_clips_is_said(tmp_path: Path, capsys: pytest.CaptureFixture):
    said = cli(capsys, "--workspace", tmp_path, "predict", "--library", code=1)
    assert "can be heard" in said["error"]["message"]
    assert "--library" in cli(capsys, "--workspace", tmp_path, "predict", code=1)["error"]["message"]
