"""How clips sound, in a few numbers each."""

from pathlib import Path

import numpy as np
import torch

from songfeat.models.features import statistics as of_models
from songfeat.specs import REPORT_SPEC
from store.catalogue import Catalogue
from store.clip_statistics import over_time, statistics
from store.shards import Shards
from tests.workspaces import add_heard, fill, song_rows


def test_whole_clips_have_the_statistics_that_models_see():
    arrays = np.random.default_rng(0).normal(size=(5, *REPORT_SPEC.shape)).astype(np.float32)
    expected = of_models({"mfcc": torch.from_numpy(arrays)}).numpy()
    np.testing.assert_allclose(over_time(arrays), expected, atol=1e-5)


def test_frames_that_only_fill_up_do_not_count():
    array = np.zeros((1, 2, 4), dtype=np.float32)
    array[0, :, :2] = [[1, 3], [5, 0]]  # a single zero is a value
    np.testing.assert_allclose(over_time(array), [[2, 2.5, 1, 2.5]])
    np.testing.assert_array_equal(over_time(np.zeros_like(array)), np.zeros((1, 4)))


def test_each_song_that_has_an_array_has_a_row_whichever_shard_it_lies_in(tmp_path: Path):
    workspace = fill(tmp_path / "w", songs=10, with_clip=0, with_array=0)
    catalogue = Catalogue(workspace)
    rows = song_rows(10).head(5)
    digests = add_heard(catalogue, rows)
    arrays = {
        digest: np.full(REPORT_SPEC.shape, number + 1, dtype=np.float32) for number, digest in enumerate(digests[:4])
    }
    shards = Shards(workspace, REPORT_SPEC)
    for part in (digests[:3], digests[3:4]):
        shards.write({digest: arrays[digest] for digest in part})
    table = statistics(catalogue, REPORT_SPEC)
    assert list(table.index) == list(rows["track_id"][:4])
    assert (table.filter(like="mean_") == np.arange(1, 5)[:, np.newaxis]).all(axis=None)
    assert (table.filter(like="deviation_") == 0).all(axis=None)
    assert table.shape == (4, 2 * REPORT_SPEC.n_mfcc)


def test_without_arrays_there_is_nothing(tmp_path: Path):
    workspace = fill(tmp_path / "w", songs=10, with_clip=0, with_array=0)
    assert statistics(Catalogue(workspace), REPORT_SPEC).empty
