"""Making a pretrained model: intervals that hold, folds by artist, and the command from a folder to a model."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from songfeat.cli import main
from songfeat.errors import DataError
from songfeat.intervals import Intervals
from songfeat.labels import ALL_TARGETS
from songfeat.log_odds import from_log_odds, to_log_odds
from songfeat.pretrained import files
from songfeat.pretrained.song import predict
from songfeat.pretraining.clips import N_PARTS, WEAK_WEIGHT, TrainingClips, read_clips
from songfeat.pretraining.recipe import folds, train
from tests.test_descriptors import chord, clicks

ABOUT = {"version": "test", "descriptors": "none"}


def made_up(artists: int = 40, seed: int = 0) -> TrainingClips:
    """Clips whose values follow from the first descriptors, two an artist."""
    random = np.random.default_rng(seed)
    count = 2 * artists
    descriptors = random.normal(size=(count, 1, 12)) + 0.1 * random.normal(size=(count, N_PARTS, 12))
    values = from_log_odds(descriptors[:, 0, : len(ALL_TARGETS)] + 0.3 * random.normal(size=(count, len(ALL_TARGETS))))
    about = pd.DataFrame(values, columns=list(ALL_TARGETS)).assign(
        artist=[f"artist {number // 2}" for number in range(count)], genre="pop", weight=1.0
    )
    return TrainingClips(about, descriptors.astype(np.float32))


@pytest.fixture(scope="module")
def trained():
    return train(made_up(), ABOUT, lambda *_: None)


def test_log_odds_go_there_and_back():
    values = np.linspace(0, 1, 101)
    np.testing.assert_allclose(from_log_odds(to_log_odds(values)), values, atol=1e-12)
    assert from_log_odds(np.array([-1e3, 1e3])).tolist() == [0, 1]


def test_folds_keep_an_artist_together():
    clips = made_up()
    of_artist = clips.about.assign(fold=folds(clips)).groupby("artist")["fold"]
    assert of_artist.nunique().max() == 1
    assert set(of_artist.first()) == set(range(5))


@pytest.mark.filterwarnings("ignore:overflow")
def test_what_can_be_learnt_is_learnt(trained):
    scores = trained.scores[(trained.scores["genre"] == "all") & (trained.scores["decade"] == "all")]
    table = scores.set_index(["feature", "metric"])
    for name in ALL_TARGETS:
        assert table.loc[(name, "pearson"), "value"] > 0.7
        assert table.loc[(name, "mae"), "value"] < 0.7 * table.loc[(name, "mae"), "median_value"]
        assert 0.6 < trained.coverage[name] < 0.95


def test_the_same_clips_give_the_same_model(trained):
    again = train(made_up(), ABOUT, lambda *_: None)
    for name, values in trained.model.tensors.items():
        np.testing.assert_array_equal(again.model.tensors[name], values, err_msg=name)
    assert again.model.meaning == trained.model.meaning


def test_unlike_clips_are_flagged(trained):
    usual = made_up(seed=1).descriptors[:, 0]
    assert trained.model.answer(usual).unusual.mean() < 0.2
    assert trained.model.answer(usual + 50).unusual.all()


def test_intervals_hold_their_share_where_errors_differ():
    random = np.random.default_rng(0)
    predicted = random.normal(size=(4000, 1))
    wanted = predicted + (0.2 + 0.8 * (predicted > 0)) * random.standard_normal((4000, 1))
    low, high = Intervals.fit(predicted[:2000], wanted[:2000]).around(predicted[2000:])
    inside = (wanted[2000:] >= low) & (wanted[2000:] <= high)
    assert inside.mean() == pytest.approx(0.8, abs=0.04)
    for side in (predicted[2000:] > 0.5, predicted[2000:] < -0.5):
        assert inside[side].mean() == pytest.approx(0.8, abs=0.08)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    rows = []
    for number in range(24):
        name = f"{number}.wav"
        (folder / "labelled").mkdir(exist_ok=True)
        mono = clicks(70 + 4 * number, 7) + chord(50 + number % 12, 54, 57, seconds=7) * (number / 24)
        soundfile.write(folder / "labelled" / name, mono, 32_000)
        values = {target: (number + place) % 24 / 24 for place, target in enumerate(ALL_TARGETS)}
        rows.append({"clip": name, "artist": f"Artist {number}", "label_source": "spotify:x", "genre": "pop", **values})
    pd.DataFrame(rows).to_csv(folder / "labelled.csv", index=False)
    (folder / "unlabelled").mkdir()
    soundfile.write(folder / "unlabelled" / "a.wav", clicks(100, 7), 32_000)
    pd.DataFrame([{"clip": "a.wav", "artist": "Beyoncé", "title": "Known"}]).to_csv(folder / "unlabelled.csv")
    songs = [("BEYONCE", "Other", 0.2), ("Beyoncé", "Another", 0.4), ("Beyoncé", "known", 0.9)]
    pd.DataFrame(
        [{"artist": artist, "track_name": title, **dict.fromkeys(ALL_TARGETS, value)} for artist, title, value in songs]
    ).to_parquet(folder / "songs.parquet")
    return folder


def test_an_unlabelled_clip_gets_the_mean_of_its_artists_other_songs(folder: Path):
    clips = read_clips(folder, label_source="spotify", songs=folder / "songs.parquet")
    weak = clips[clips["weight"] == WEAK_WEIGHT]
    assert len(clips) == 25
    assert weak[list(ALL_TARGETS)].to_numpy() == pytest.approx(0.3)
    assert len(read_clips(folder, label_source=None, songs=None)) == 24


def test_what_is_missing_is_named(folder: Path, tmp_path: Path):
    with pytest.raises(DataError, match="labelled\\.csv"):
        read_clips(tmp_path, label_source=None, songs=None)
    with pytest.raises(DataError, match="fewer than 20 artists"):
        read_clips(folder, label_source="echonest", songs=None)
    (tmp_path / "labelled.csv").write_text("clip,artist\nx.wav,A\n")
    with pytest.raises(DataError, match="no column"):
        read_clips(tmp_path, label_source=None, songs=None)


def test_a_folder_becomes_a_model_with_a_card(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture):
    arguments = ["--json", "--workspace", tmp_path / "w", "pretrain", folder, "--out", tmp_path / "m"]
    arguments += ["--songs", folder / "songs.parquet", "--terms", "made up"]
    assert main([str(argument) for argument in arguments]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["labelled_clips"], result["weakly_labelled_clips"]) == (24, 1)
    model = files.load(tmp_path / "m")
    answer = predict(folder / "labelled" / "3.wav", model=model)
    assert set(answer.values) == set(ALL_TARGETS)
    card = (tmp_path / "m" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "made up" in card
    assert "24 clips" in card
