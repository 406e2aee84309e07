"""Intervals of runs: from whose errors they come, and when there are none."""

import numpy as np
import pandas as pd
import pytest

from pages.ui import answer_words
from songfeat.errors import UnknownName
from songfeat.intervals import FEWEST, Intervals
from songfeat.labels import ALL_TARGETS, TARGETS
from songfeat.pretrained import shipped
from store import run_intervals, runs
from store.catalogue import Catalogue
from store.work.predict_library import RUN_PREFIX, data_digest
from tests.workspaces import fill, finished_run, song_rows

LSTM = "20260101-120000-lstm_multitask-0001"


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> Catalogue:
    return Catalogue(fill(tmp_path_factory.mktemp("filled"), with_clip=0, with_array=0))


def save(catalogue: Catalogue, finished: runs.FinishedRun, **changed: object) -> str:
    """Keep a run under another id, with some of what it says changed."""
    run_id = f"{finished.run['model']}-{len(runs.all_runs(catalogue))}"
    run = {**finished.run, "run_id": run_id, **changed}
    with catalogue.lease(write=True) as db:
        runs.save(db, runs.FinishedRun(run=run, scores=finished.scores, predictions=finished.predictions))
    return run_id


def test_they_come_from_the_errors_on_the_validation_part(filled: Catalogue):
    found = run_intervals.of_run(filled, LSTM)
    pairs = runs.pairs(filled, LSTM, split="val")
    assert (found.part, found.songs) == ("val", len(pairs) // len(TARGETS))
    assert set(found.by_target) == set(TARGETS)
    values = dict(zip(TARGETS, (0.2, 0.4, 0.6, 0.8, 1.2), strict=True))
    ends = found.around(values)
    for name in TARGETS:
        own = pairs[pairs["feature"] == name]
        fitted = Intervals.fit_values(own[["predicted"]].to_numpy(float), own[["reference"]].to_numpy(float))
        low, high = fitted.around_values(np.array([[values[name]]]))
        assert ends[name] == (low.item(), high.item())


def test_how_many_test_songs_they_hold_is_counted(filled: Catalogue):
    found = run_intervals.of_run(filled, LSTM)
    pairs = runs.pairs(filled, LSTM, split="test")
    hits = [
        low <= row.reference <= high
        for row in pairs.itertuples()
        for low, high in found.around({row.feature: row.predicted}).values()
    ]
    assert found.inside == pytest.approx(np.mean(hits))
    assert f"On its test part they hold {round(100 * found.inside)} in 100." in answer_words.interval_line(found)


def test_of_a_large_part_a_sample_is_enough(filled: Catalogue, monkeypatch):
    monkeypatch.setattr(run_intervals, "_MOST_SONGS", 12)
    found = run_intervals.of_run(filled, LSTM)
    assert found.songs == 12
    assert run_intervals.of_run(filled, LSTM).around({"energy": 0.5}) == found.around({"energy": 0.5})


def test_a_cross_validated_run_has_them_from_all_songs(filled: Catalogue):
    finished = finished_run(song_rows(120), "lstm_multitask")
    tested = runs.FinishedRun(
        run=finished.run, scores=finished.scores, predictions=finished.predictions.assign(split="test")
    )
    found = run_intervals.of_run(filled, save(filled, tested, folds=3))
    assert (found.part, found.songs) == ("test", 120)
    assert np.isnan(found.inside)
    assert answer_words.interval_line(found) == (
        "Intervals should hold 80 in 100 values, from its errors on 120 songs of its test part."
    )


def test_of_too_few_songs_there_are_none_and_it_is_said(filled: Catalogue):
    finished = finished_run(song_rows(120), "lstm_multitask")
    table = finished.predictions
    table = pd.concat([table[table["split"] != "val"], table[table["split"] == "val"].head(FEWEST - 1)])
    run_id = save(filled, runs.FinishedRun(run=finished.run, scores=finished.scores, predictions=table))
    found = run_intervals.of_run(filled, run_id)
    assert found.around(dict.fromkeys(TARGETS, 0.5)) == {}
    assert "only 8 songs of its validation part tell how far it is off, and at least 9" in answer_words.interval_line(
        found
    )


def test_the_shipped_model_brings_its_own_and_another_version_none(filled: Catalogue):
    finished = finished_run(song_rows(120), "lstm_multitask")
    described = {"model": RUN_PREFIX, "inputs": ["descriptors"], "targets": list(ALL_TARGETS)}
    ours = save(filled, finished, **described, data_digest=data_digest())
    other = save(filled, finished, **described, data_digest="0" * 16)
    model = shipped()
    values = np.full((1, len(model.targets)), 0.3)
    low, high = model.intervals.around_values(values)
    ends = run_intervals.of_run(filled, ours).around(dict.fromkeys(model.targets, 0.3))
    np.testing.assert_allclose(list(ends.values()), np.column_stack([low[0], high[0]]))
    nothing = run_intervals.of_run(filled, other)
    assert nothing.by_target == {}
    assert "another version" in answer_words.interval_line(nothing)
    assert run_intervals.run_of_shipped(runs.all_runs(filled)) == ours


def test_a_run_that_is_not_there_is_named(filled: Catalogue):
    with pytest.raises(UnknownName, match="nobody"):
        run_intervals.of_run(filled, "nobody")
