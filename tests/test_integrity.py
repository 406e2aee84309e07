"""Flipped bytes are found by digest and named, and what is damaged is made anew or refused."""

import shutil
from pathlib import Path

import pytest

from songfeat.errors import CheckpointError, ShardError
from songfeat.specs import REPORT_SPEC
from store.catalogue import Catalogue
from store.doctor import checks
from store.prediction import open_run
from store.shards import Shards
from store.worker import work_here
from store.workspace import Workspace
from tests.living import CLIPS, arrays


@pytest.fixture
def mine(original: Workspace, tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path / "w")
    shutil.copytree(original.folder, workspace.folder)
    return workspace


def flip(path: Path, place: float) -> None:
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 0x10
    path.write_bytes(data)


def failed(workspace: Workspace) -> dict[str, str]:
    return {check["name"]: check["detail"] for check in checks(workspace) if check["ok"] is False}


@pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 0.99])
def test_a_flipped_byte_in_a_shard_is_named_refused_and_made_good(original: Workspace, mine: Workspace, place: float):
    (shard,) = Shards(mine, REPORT_SPEC).folder.glob("part-*.parquet")
    flip(shard, place)
    with pytest.raises(ShardError, match=shard.name):
        Shards(mine, REPORT_SPEC).load([min(arrays(original))])
    assert shard.name in failed(mine)["arrays"]
    result = work_here(mine, "extract", {"jobs": 1})
    assert (result["extracted"], result["damaged_shards"]) == (CLIPS, [str(shard)])
    assert arrays(mine) == arrays(original)
    assert failed(mine) == {}


def test_a_shard_of_an_earlier_songfeat_is_read_and_damage_that_parquet_sees_is_found(mine: Workspace):
    shards = Shards(mine, REPORT_SPEC)
    (shard,) = shards.folder.glob("part-*.parquet")
    old = shard.rename(shard.with_name("part-0123456789abcdef0123456789abcdef.parquet"))
    assert len(arrays(mine)) == CLIPS
    assert failed(mine) == {}
    old.write_bytes(old.read_bytes()[:-100])
    with pytest.raises(ShardError, match=old.name):
        shards.known()
    assert work_here(mine, "extract", {"jobs": 1})["extracted"] == CLIPS


@pytest.mark.parametrize("name", ["model.safetensors", "predictions.parquet", "snapshot.parquet", "model.json"])
def test_a_flipped_byte_in_a_run_is_named(mine: Workspace, name: str):
    (run,) = mine.runs.glob("*ridge*")
    flip(run / name, 0.9)
    assert f"{run.name}: {name}" in failed(mine)["runs"]
    if name == "model.safetensors":
        with pytest.raises(CheckpointError, match=r"model\.safetensors is damaged"):
            open_run(Catalogue(mine), run.name)


def test_a_damaged_record_and_a_missing_file_are_named(mine: Workspace):
    first, second = sorted(mine.runs.iterdir())
    (first / "record.json").write_text("{")
    (second / "scores.parquet").unlink()
    assert {f"{first.name}: record.json", f"{second.name}: scores.parquet"} <= set(
        failed(mine)["runs"].removeprefix("damaged: ").split("; ")
    )


def test_the_checkpoint_of_a_run_without_a_record_is_checked_by_its_own_digest(mine: Workspace):
    (run,) = mine.runs.glob("*ridge*")
    (run / "record.json").unlink()
    assert failed(mine) == {}
    flip(run / "model.safetensors", 0.9)
    assert run.name in failed(mine)["runs"]
