"""Arrays larger than memory: whatever stays on disk gives the same numbers as what does not."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from songfeat import disk_arrays, registry
from songfeat.disk_arrays import DiskArray, choose
from songfeat.predictor import Predictor
from songfeat.training import train_model
from store.shards import Shards
from store.workspace import Workspace
from tests.modelling import SMALL_SPEC, TWO, make_examples, make_parts, quick, small_spec


@pytest.fixture
def mapped(tmp_path: Path) -> np.memmap:
    array = np.memmap(tmp_path / "array", dtype=np.float32, mode="w+", shape=(20, 3, 4))
    array[:] = np.random.default_rng(0).normal(size=array.shape)
    return array


def test_rows_are_chosen_without_being_read_and_read_as_they_stand(mapped: np.memmap):
    mask = np.arange(20) % 3 == 0
    some = choose(mapped, mask)
    again = choose(some, np.array([4, 0, 2]))
    assert isinstance(again, DiskArray)
    assert (again.shape, len(again), again.size, again.nbytes) == ((3, 3, 4), 3, 36, 144)
    np.testing.assert_array_equal(again[:], np.asarray(mapped)[mask][[4, 0, 2]])
    np.testing.assert_array_equal(again[1], mapped[0])
    np.testing.assert_array_equal(choose(np.asarray(mapped), mask), some[:])


@pytest.mark.parametrize("size_limit", [0, 2**30])
def test_gathered_shards_stand_in_the_order_asked_for(tmp_path: Path, monkeypatch, size_limit: int):
    monkeypatch.setattr(disk_arrays, "IN_MEMORY_BYTES", size_limit)
    shards = Shards(Workspace(tmp_path), SMALL_SPEC)
    arrays = {f"{n:02d}": np.full(SMALL_SPEC.shape, n, dtype=np.float32) for n in range(12)}
    for start in (0, 5):
        shards.write({name: arrays[name] for name in list(arrays)[start : start + 7]})
    names = ["07", "01", "11", "00"]
    gathered = shards.gather(names)
    assert isinstance(gathered, np.memmap) == (size_limit == 0)
    np.testing.assert_array_equal(gathered, np.stack([arrays[name] for name in names]))
    assert sorted(path.suffix for path in shards.folder.iterdir()) == [".json", ".parquet", ".parquet"]
    assert shards.gather([]).shape == (0, *SMALL_SPEC.shape)


@pytest.mark.parametrize("name", ["lstm_multitask", "ridge_stats", "hgb_stats", "attention_cnn"])
def test_a_training_from_disk_is_bit_for_bit_the_one_from_memory(tmp_path: Path, monkeypatch, name: str):
    entry = registry.get(name)
    examples = make_examples(targets=TWO)
    kind = small_spec(entry).kind
    path = tmp_path / "arrays"
    np.save(path, examples.arrays[kind])
    on_disk = make_examples(targets=TWO)
    on_disk.arrays[kind] = np.load(f"{path}.npy", mmap_mode="r")

    def train() -> pd.DataFrame:
        trained = train_model(
            name, examples, make_parts(examples), targets=TWO, spec=small_spec(entry), settings=quick(entry)
        )
        return Predictor(trained).predict(examples)

    expected = train()
    monkeypatch.setattr(disk_arrays, "IN_MEMORY_BYTES", 0)
    examples = on_disk
    torch.testing.assert_close(torch.tensor(train().to_numpy()), torch.tensor(expected.to_numpy()), rtol=0, atol=0)


def test_a_shard_takes_less_room_than_the_numbers_in_it(tmp_path: Path):
    shards, random = Shards(Workspace(tmp_path), SMALL_SPEC), np.random.default_rng(0)
    arrays = {f"{n:064d}": random.normal(size=SMALL_SPEC.shape).astype(np.float32) for n in range(64)}
    size = (shards.folder / shards.write(arrays)).stat().st_size
    assert size < sum(array.nbytes for array in arrays.values())
    assert all(np.array_equal(array, arrays[name]) for name, array in shards.load(arrays).items())
