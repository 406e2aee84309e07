"""Processes that die on an item, as decoders may on a damaged file, cost that item and nothing else."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from songfeat.specs import Spec
from store import clips, rejects
from store.catalogue import Catalogue
from store.sources.folder import FoundFile
from store.work.batches import Batch
from store.work.extract import Clip, Extracted, extract_batch
from store.work.pool import map_unordered, processes
from store.work.scan_folder import Examined, examine_one
from store.work.sturdy import WorkerLost
from store.worker import work_here
from store.workspace import Workspace

DEADLY = (3, 4)


def _square_or_die(number: int) -> int:
    if number in DEADLY:
        os.abort()
    return number * number


def _minus(number: int, why: str) -> int:
    assert "died" in why
    return -number


def _examine_or_die(found: FoundFile) -> Examined:
    if "Evil" in found.name:
        os.abort()
    return examine_one(found)


def _extract_or_die(workspace: Workspace, spec: Spec, batch: Batch[Clip]) -> Extracted:
    if any("Evil" in clip.path for clip in batch):
        os.abort()
    return extract_batch(workspace, spec, batch)


@pytest.mark.slow
def test_an_item_that_kills_its_process_gives_what_was_said_for_that_and_the_rest_goes_on():
    found = dict(map_unordered(_square_or_die, range(12), workers=processes(2), lost=_minus))
    assert found == {number: -number if number in DEADLY else number * number for number in range(12)}


def test_a_death_that_nobody_has_a_word_for_is_an_error():
    with pytest.raises(WorkerLost, match="died"):
        list(map_unordered(_square_or_die, range(5), workers=processes(1)))


def _double_or_raise(number: int) -> int:
    if number == 2:
        raise ZeroDivisionError("of the function's own")
    return 2 * number


def test_what_a_function_raises_comes_through():
    with pytest.raises(ZeroDivisionError, match="own"):
        list(map_unordered(_double_or_raise, range(4), workers=processes(1), lost=_minus))


def test_nothing_to_do_needs_no_process():
    assert list(map_unordered(_square_or_die, [], lost=_minus)) == []


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder, rng = tmp_path / "music", np.random.default_rng(0)
    folder.mkdir()
    for name in ("Good - One", "Evil - Two", "Good - Three"):
        soundfile.write(folder / f"{name}.flac", rng.normal(0, 0.1, 3 * 22_050), 22_050)
    return folder


def test_a_file_that_crashes_the_decoder_is_turned_away_by_a_scan(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("store.work.scan_folder.examine_one", _examine_or_die)
    workspace = Workspace(tmp_path / "w")
    result = work_here(workspace, "scan", {"folder": str(music)})
    assert (result["added"], result["rejected"]) == (2, 1)
    (reason,) = rejects.newest(Catalogue(workspace))["reason"]
    assert reason.startswith(str(music / "Evil - Two.flac"))
    assert "died" in reason


@pytest.mark.slow
def test_a_clip_that_crashes_the_decoder_is_broken_and_the_others_are_extracted(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    workspace = Workspace(tmp_path / "w")
    work_here(workspace, "scan", {"folder": str(music)})
    monkeypatch.setattr("store.work.extract.extract_batch", _extract_or_die)
    result = work_here(workspace, "extract", {"jobs": 1})
    assert (result["extracted"], result["failed"]) == (2, 1)
    broken = clips.all_clips(Catalogue(workspace)).query("status == 'broken'")
    assert broken["path"].tolist() == [str(music / "Evil - Two.flac")]
    assert "died" in broken["error"].iloc[0]
    assert work_here(workspace, "extract", {"jobs": 1})["failed"] == 0, "what is known to crash is not tried again"
