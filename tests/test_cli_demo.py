"""What the command line says of a demo library, which takes long to make."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from songfeat.cli import main
from songfeat.labels import TARGETS
from tests.commands import Cli

ROOT = Path(__file__).resolve().parent.parent
SONGS = 64

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "w"
    done = subprocess.run(
        [sys.executable, "-m", "songfeat", "--workspace", str(folder), "demo", "--songs", str(SONGS), "--json"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == {"tracks": SONGS, "clips": SONGS, "runs": 3}
    assert "synthesising songs" in done.stderr
    return folder


@pytest.fixture
def demo(demo_folder: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(demo_folder, capsys)


def test_the_demo_is_there_and_again_does_nothing(demo: Cli):
    assert demo("demo", "--songs", SONGS) == {"tracks": SONGS, "clips": SONGS, "runs": 3}
    assert {run["model"] for run in demo("runs")["runs"]} == {"mean", "numeric_mlp", "lstm_multitask"}
    assert all(run["source"] == "demo" for run in demo("runs")["runs"])


def test_scores_carry_all_that_tells_how_sure_they_are(demo: Cli):
    scores = demo("scores", "demo-lstm_multitask", "--split", "test", "--genre", "all")["scores"]
    assert {"feature", "split", "genre", "metric", "value", "low", "high", "n", "mean_value"} <= set(scores[0])
    assert [one["feature"] for one in scores if one["metric"] == "mae"] == [*TARGETS, "average"]
    assert demo("scores", "nonsense", code=1)["error"]["type"] == "UnknownName"


def test_a_song_shows_predicted_beside_reference(demo: Cli, demo_folder: Path):
    everything = pd.read_parquet(demo_folder / "runs" / "demo-lstm_multitask" / "predictions.parquet")
    demo("export", "tracks", demo_folder / "tracks.csv")
    track = pd.read_csv(demo_folder / "tracks.csv").iloc[0]
    (match, *_) = demo("song", track["title"].upper(), track["artist"])["matches"]
    assert (match["track_id"], match["title"], match["artist"]) == (track["track_id"], track["title"], track["artist"])
    assert set(TARGETS) <= set(match["reference"]["demo"])
    stored = everything.set_index("track_id").loc[track["track_id"]]
    shown = match["predictions"]["demo-lstm_multitask"]
    assert list(shown) == list(TARGETS)
    assert match["parts"]["demo-lstm_multitask"] == stored["split"]
    assert shown == pytest.approx(stored[list(TARGETS)].to_dict(), abs=1e-5)


def test_predicting_a_file_equals_what_training_stored(demo: Cli, demo_folder: Path):
    stored = pd.read_parquet(demo_folder / "runs" / "demo-lstm_multitask" / "predictions.parquet").set_index("track_id")
    clip = demo_folder / "audio" / "demo" / "0007.ogg"
    (one,) = demo("predict", clip, "--run", "demo-lstm_multitask")["predictions"]
    assert one["file"] == str(clip)
    assert one["run"] == "demo-lstm_multitask"
    assert one["seconds_of_audio"] == pytest.approx(29.72, abs=0.01)
    assert one["values"] == pytest.approx(stored.loc["demo:7", list(TARGETS)].to_dict(), abs=1e-5)
    for name, (low, high) in one["intervals"].items():
        bounded = round(min(max(one["values"][name], 0), 1), 4)
        assert 0 <= low <= bounded <= high <= 1
    assert set(one["intervals"]) == set(TARGETS)


def test_predicting_a_table_keeps_its_rows_and_columns(demo: Cli, demo_folder: Path, tmp_path: Path):
    demo("export", "reference", tmp_path / "reference.parquet")
    reference = pd.read_parquet(tmp_path / "reference.parquet").sample(frac=1, random_state=0).reset_index(drop=True)
    reference.loc[3, "tempo"] = None
    shuffled = reference[sorted(reference.columns)]
    shuffled.to_parquet(tmp_path / "shuffled.parquet")
    result = demo(
        "predict", tmp_path / "shuffled.parquet", "--run", "demo-numeric_mlp", "--out", tmp_path / "out.parquet"
    )
    assert (result["rows"], result["predicted"], result["file"]) == (SONGS, SONGS - 1, str(tmp_path / "out.parquet"))
    out = pd.read_parquet(tmp_path / "out.parquet")
    assert list(out.columns) == [*shuffled.columns, *(f"predicted_{name}" for name in TARGETS)]
    assert out["track_id"].tolist() == reference["track_id"].tolist()
    assert out.loc[3, [f"predicted_{name}" for name in TARGETS]].isna().all()
    stored = pd.read_parquet(demo_folder / "runs" / "demo-numeric_mlp" / "predictions.parquet").set_index("track_id")
    whole = out.drop(index=3).set_index("track_id")
    for name in TARGETS:
        assert whole[f"predicted_{name}"].to_dict() == pytest.approx(stored.loc[whole.index, name].to_dict(), abs=1e-5)
    numbers = shuffled[["valence", "tempo", "loudness", "key", "mode", "time_signature"]]
    numbers.to_csv(tmp_path / "numbers.csv", index=False)
    rows = demo("predict", tmp_path / "numbers.csv")["predictions"]
    assert len(rows) == SONGS
    assert rows[0]["values"]["energy"] == pytest.approx(out.loc[0, "predicted_energy"], abs=1e-5)


def test_several_files_go_on_past_a_broken_one(demo: Cli, demo_folder: Path, tmp_path: Path):
    broken = tmp_path / "broken.mp3"
    broken.write_text("no music")
    good = demo_folder / "audio" / "demo" / "0001.ogg"
    result = demo("predict", broken, good, "--out", tmp_path / "out.csv")
    assert [bool(one["values"]) for one in result["predictions"]] == [False, True]
    assert pd.read_csv(tmp_path / "out.csv")["predicted_energy"].isna().tolist() == [True, False]
    assert demo("predict", broken, code=1)["error"]["type"] == "AudioError"


def test_wrong_kinds_are_refused_in_words(demo: Cli, demo_folder: Path, tmp_path: Path):
    clip = demo_folder / "audio" / "demo" / "0001.ogg"
    assert "numeric" in demo("predict", clip, "--run", "demo-numeric_mlp", code=1)["error"]["message"]
    lacking = tmp_path / "lacking.csv"
    lacking.write_text("title,artist,tempo\nA,B,120\n")
    assert "time_signature" in demo("predict", lacking, code=1)["error"]["message"]
    assert "ends in" in demo("predict", clip, "--out", tmp_path / "out.xlsx", code=1)["error"]["message"]
    assert "no folder" in demo("predict", clip, "--out", tmp_path / "no" / "out.csv", code=1)["error"]["message"]


def test_export_writes_what_there_is(demo: Cli, tmp_path: Path):
    for what, rows in (("tracks", SONGS), ("reference", SONGS), ("predictions", 3 * SONGS * 5)):
        assert demo("export", what, tmp_path / f"{what}.parquet")["rows"] == rows
        assert len(pd.read_parquet(tmp_path / f"{what}.parquet")) == rows
    assert demo("export", "scores", tmp_path / "scores.csv")["rows"] == len(pd.read_csv(tmp_path / "scores.csv")) > 0


def test_jobs_are_listed_and_the_doctor_is_content(demo: Cli):
    job = next(job for job in demo("jobs")["jobs"] if job["kind"] == "demo")
    assert job["state"] == "done"
    assert demo("cancel", job["job_id"], code=1)["error"]["type"] == "JobError"
    checks = {check["name"]: check for check in demo("doctor")["checks"]}
    assert not [name for name, check in checks.items() if check["ok"] is False]


def test_for_people_it_prints_tables(demo: Cli, capsys: pytest.CaptureFixture[str]):
    assert main(["--workspace", str(demo.workspace), "scores", "demo-mean", "--split", "test"]) == 0
    printed = capsys.readouterr().out
    assert "danceability" in printed
    assert "low" in printed
    assert main(["--workspace", str(demo.workspace), "scores", "nonsense"]) == 1
    assert "There is no run 'nonsense'" in capsys.readouterr().err
