"""The command line as scripts use it: one JSON document, exit codes, the whole path on real songs."""

from pathlib import Path

import pytest

from songfeat.cli import main
from tests.commands import Cli


@pytest.fixture
def empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(tmp_path / "w", capsys)


def test_an_empty_workspace_answers_in_words(empty: Cli):
    assert empty("runs") == {"runs": []}
    assert empty("song", "anything") == {"matches": []}
    assert empty("jobs") == {"jobs": []}
    assert "no file x.mp3" in empty("predict", "x.mp3", code=1)["error"]["message"]
    assert "Train one" in empty("predict", "x.csv", code=1)["error"]["message"]
    assert empty("train", "lstm_multitsk", code=1)["error"]["type"] == "UnknownName"
    assert "mean" in {model["name"] for model in empty("models")["models"]}


def test_the_demo_does_not_mix_with_a_persons_songs(empty: Cli, tmp_path: Path):
    table = tmp_path / "songs.csv"
    table.write_text("title,artist,energy\nA,B,0.5\n")
    assert empty("import", table)["added"] == 1
    assert "empty" in empty("demo", code=1)["error"]["message"]


@pytest.mark.parametrize("arguments", [["frobnicate"], ["train"], ["train", "mean", "--set", "x"], ["import"], []])
def test_wrong_usage_is_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.real
def test_the_main_job_on_real_songs(empty: Cli, real_data: Path, tmp_path: Path):
    clips = tmp_path / "clips"
    clips.mkdir()
    labelled = sorted((real_data / "clips" / "labelled").iterdir())
    exodus = real_data / "clips" / "labelled" / "4q_panda_MT0000202045.mp3"
    for path in {*labelled[::5], exodus}:
        (clips / path.name).symlink_to(path)
    files = len(list(clips.iterdir()))
    imported = empty("import", real_data / "spotify_tracks.parquet", "--source", "spotify")
    assert imported["rows"] == 226_692
    assert imported["added"] + imported["duplicates"] + imported["rejected"] == 226_692
    assert empty("scan", clips, "--labels", real_data / "clips" / "labelled.csv")["files"] == files
    assert empty("extract")["extracted"] == files
    numeric = empty("train", "numeric_mlp", "--epochs", 12)
    r2 = {score["feature"]: score["value"] for score in numeric["scores"] if score["metric"] == "r2"}
    floors = {"danceability": 0.40, "energy": 0.62, "speechiness": 0.06, "acousticness": 0.40, "instrumentalness": 0.22}
    assert all(r2[name] > floor for name, floor in floors.items()), r2
    assert empty("train", "lstm_multitask", "--epochs", 5)["status"] == "done"
    (match, *_) = empty("song", "exodus bob marley")["matches"]
    assert match["title"] == "Exodus"
    assert match["reference"]["spotify"]["danceability"] == pytest.approx(0.868)
    assert len(match["predictions"]) == 2, "by numbers and by sound"
    unlabelled = next(iter(sorted((real_data / "clips" / "unlabelled").iterdir())))
    (one,) = empty("predict", unlabelled)["predictions"]
    assert all(0 <= value <= 1 for value in one["values"].values())
    out = empty(
        "predict", real_data / "spotify_tracks.parquet", "--run", numeric["run_id"], "--out", tmp_path / "out.parquet"
    )
    assert out["rows"] == 226_692
