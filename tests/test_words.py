"""Texts for people, and the tables they stand in."""

import pandas as pd
import pytest

from pages.ui import places, tables, words
from pages.ui.next_step import next_step
from songfeat.specs import REPORT_SPEC
from store.jobs import Job
from store.progress import Step

NOTHING = {"tracks": 0, "clips": 0, "reference": 0, "runs": 0}


def job(**more) -> Job:
    fields = {
        "job_id": "j", "kind": "extract", "title": "Extract", "state": "running", "created_at": "", "finished_at": None,
        "params": {}, "step": None, "result": None, "error": None, "folder": None, **more,
    }  # fmt: skip
    return Job(**fields)


def runs(*models: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "run_id": [f"r{number}" for number in range(len(models))],
            "model": models,
            "inputs": [[] if model == "mean" else ["mfcc"] for model in models],
            "finished_at": pd.date_range("2026-11-22 10:00", periods=len(models), freq="h"),
        }
    )


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00"), (59.6, "1:00"), (221.0, "3:41"), (3600, "60:00"), (None, ""), (float("nan"), "")],
)
def test_durations(seconds, shown: str):
    assert words.duration(seconds) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ke$ha & A$AP", r"Ke\$ha & A\$AP"),
        ("*NSYNC", r"\*NSYNC"),
        ("my_long_name.csv", "my_long_name.csv"),
        ("_quiet_", r"\_quiet\_"),
        (":smile: now", r"\:smile: now"),
        ("#1", r"\#1"),
        ("C# [live] <b>", r"C# \[live\] \<b\>"),
    ],
)
def test_titles_are_shown_as_they_are(text: str, shown: str):
    assert words.literal(text) == shown


def test_estimates():
    assert words.estimate(0.1034, 0.094, 0.117) == "0.103 [0.09, 0.12]"
    assert words.estimate(-0.25, float("nan"), float("nan")) == "−0.250"
    assert words.value(float("nan")) == "–"


def test_the_demo_is_always_called_synthesised():
    assert words.source("demo") == "demo, synthesised"
    assert words.source("spotify") == "spotify"


def test_a_song_is_described_as_far_as_it_is_known():
    whole = {"artist": "Bob Marley", "genre": "Reggae", "year": 1977, "duration_s": 458.0}
    assert words.song_line(whole) == "Bob Marley · Reggae · 1977 · 7:38"
    assert words.song_line({"genre_group": "pop", "year": pd.NA}) == "pop"
    assert words.song_line({}) == ""


def test_musical_values():
    values = {"tempo": 132.8, "key": 0.0, "mode": 1.0, "loudness": -8.61, "time_signature": 4.0}
    assert words.musical(values) == "132.8 BPM · C major · −8.6 dB · 4/4"
    assert words.musical({"key": 6.0}) == "F♯"
    assert words.musical({}) == ""


@pytest.mark.parametrize("artist", [None, "Somebody"])
def test_songs_of_one_name_are_told_apart(artist):
    songs = pd.DataFrame(
        {"track_id": ["a", "b", "c"], "title": ["One", "One", None], "artist": pd.Series([artist] * 3, dtype="str")}
    )
    options = words.song_options(songs)
    assert list(options) == ["a", "b", "c"]
    assert len(set(options.values())) == 3
    assert options["a"] == ("One – Somebody (a)" if artist else "One (a)")
    assert options["c"].startswith("c")


def test_runs_of_one_model_are_told_apart():
    labels = words.run_labels(runs("lstm", "mlp", "lstm"))
    assert labels == {"r0": "lstm 11-22 10:00:00", "r1": "mlp", "r2": "lstm 11-22 12:00:00"}


def test_the_first_runs_are_of_different_models_that_look_at_something():
    assert tables.first_runs(runs("mean", "lstm", "lstm", "mlp"), 2) == ["r1", "r3"]
    assert tables.first_runs(runs("mean"), 2) == ["r0"]
    assert tables.first_runs(runs(), 2) == []


def test_how_far_a_job_is():
    step = Step(done=1500, total=6000, note="extracting", elapsed_s=1.0, rate=10.0, eta_s=450.0)
    assert words.job_step(job(step=step)) == (0.25, "extracting · 1,500 of 6,000 · about 8 min left")
    assert words.job_step(job()) == (0.0, "starting")
    assert words.job_step(job(state="queued", step=step)) == (0.0, "waiting for its turn")
    unknown = Step(done=3, total=None, note="reading", elapsed_s=1.0, rate=None, eta_s=None)
    assert words.job_step(job(step=unknown)) == (0.0, "reading")


def test_what_a_job_did():
    result = {
        "rows": 1200, "source": "table:x", "added": 1100, "updated": 1, "unchanged": 2, "duplicates": 3, "rejected": 5,
        "rejects_by_reason": {"above 1": 5}, "dry_run": True,
    }  # fmt: skip
    text = words.job_result(job(kind="import", result=result))
    assert text.startswith("Nothing was changed; an import would read 1,200 rows as table:x: 1,100 songs added")
    assert "5 values or rows rejected (above 1 × 5)" in text
    assert words.job_result(job(kind="import", result={**result, "dry_run": False})).startswith("Read 1,200 rows")
    failed = job(state="failed", error={"type": "DataError", "message": "Too few tracks."})
    assert words.job_result(failed) == "Too few tracks."
    assert words.job_result(job()) == ""


def test_the_spec_in_words():
    line = words.spec_line(REPORT_SPEC)
    for said in (
        "20 coefficients",
        "256 mel bands",
        "4,096 samples",
        "8,192 samples",
        "5.38 frames a second",
        "29.7 s",
    ):
        assert said in line


def test_scores_are_laid_out_by_run_genre_and_target():
    rows = [
        {"run_id": "r0", "genre": "all", "feature": feature, "metric": metric, "value": value, "low": 0.1, "high": 0.3,
         "n": 40, "mean_value": 0.5}
        for feature in ("average", "energy", "danceability")
        for metric, value in (("pearson", 0.7), ("mae", 0.2))
    ]  # fmt: skip
    table = tables.scores(pd.DataFrame(rows), {"r0": "lstm"})
    assert list(table.columns) == ["target", "n", "MAE", "Pearson r", "MAE of the mean"]
    assert list(table["target"]) == ["danceability", "energy", "average"]
    assert table["MAE"][0] == "0.200 [0.10, 0.30]"
    assert table["MAE of the mean"][0] == "0.500"


def test_nothing_is_said_beneath_a_picture_without_scores():
    assert words.score_lines(pd.DataFrame({"metric": [], "feature": []})) == {}


@pytest.mark.parametrize(
    ("counts", "waiting", "at_work", "page"),
    [
        ({}, 0, False, places.COLLECT),
        ({}, 0, True, None),
        ({"tracks": 9, "reference": 9}, 0, True, None),
        ({"tracks": 9, "clips": 9}, 9, False, places.COLLECT),
        ({"tracks": 9}, 0, False, places.COLLECT),
        ({"tracks": 9, "reference": 9}, 0, False, places.TRAIN),
        ({"tracks": 9, "reference": 9, "runs": 1}, 0, False, places.COMPARE),
        ({"tracks": 9, "reference": 9, "runs": 1}, 3, True, places.COMPARE),
        ({"tracks": 9, "reference": 9, "runs": 1}, 3, False, places.COLLECT),
    ],
)
def test_the_next_step(counts, waiting: int, at_work: bool, page):
    step = next_step({**NOTHING, **counts}, clips_waiting=waiting, at_work=at_work)
    assert (step.page if step else None) == page


def test_the_next_step_leads_to_the_extraction():
    step = next_step({**NOTHING, "tracks": 1, "clips": 1}, clips_waiting=1, at_work=False)
    assert step is not None
    assert step.reason.startswith("1 clip can be heard")
    assert step.address == {"way": "Extract arrays"}


def test_a_file_for_a_spreadsheet_computes_nothing():
    assert tables.as_csv(pd.DataFrame({"title": ["=1+1", "A song"], "error": [-0.5, 0.5]})) == (
        b"title,error\n'=1+1,-0.5\nA song,0.5\n"
    )
