"""Statistics of sound that a table brings along: from the file to a trained baseline."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from songfeat.errors import ConfigError, SpecMismatch
from songfeat.labels import TARGETS
from songfeat.specs import CLIP_SPECS, SPECS, get_spec, spec_from_dict
from store import runs
from store.catalogue import Catalogue
from store.readiness import tracks_by_source
from store.shards import Shards
from store.worker import work_here
from store.workspace import Workspace

SPEC = get_spec("mfcc20_means")


def table(rows: int = 120) -> pd.DataFrame:
    """Songs whose first target follows from the first coefficient; one row has a gap, one song stands twice."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(rows, 20)), columns=SPEC.columns)
    frame["mfcc1_mean"] = rng.uniform(-300, 0, rows)
    frame.insert(0, "track_name", [f"Song {number}" for number in range(rows)])
    frame.insert(1, "artist", [f"Band {number // 2}" for number in range(rows)])
    for name in TARGETS:
        frame[name] = rng.uniform(0, 1, rows)
    frame[TARGETS[0]] = 0.9 + frame["mfcc1_mean"] / 400
    frame.loc[5, "mfcc7_mean"] = np.nan
    frame.loc[rows - 1, ["track_name", "artist"]] = frame.loc[0, ["track_name", "artist"]]
    return frame


@pytest.fixture
def imported(tmp_path: Path) -> tuple[Workspace, dict, pd.DataFrame]:
    frame = table()
    frame.to_csv(tmp_path / "songs.csv", index=False)
    workspace = Workspace.locate(tmp_path / "w")
    return workspace, work_here(workspace, "import", {"files": [str(tmp_path / "songs.csv")]}), frame


def test_what_a_table_has_is_stored_by_track(imported):
    workspace, result, frame = imported
    assert result["statistics"] == {"mfcc20_means": 118}
    with Catalogue(workspace).lease() as db:
        ids = db.execute("SELECT title, track_id FROM tracks").df().set_index("title")["track_id"]
    stored = Shards(workspace, SPEC).load(ids)
    assert ids["Song 5"] not in stored
    first = frame.drop_duplicates(["track_name", "artist"]).set_index("track_name")
    for title, track_id in ids.drop("Song 5").items():
        np.testing.assert_allclose(stored[track_id], first.loc[title, list(SPEC.columns)].to_numpy(float), rtol=1e-6)


def test_importing_again_adds_nothing_and_a_dry_run_stores_nothing(imported, tmp_path: Path):
    workspace, _, frame = imported
    again = work_here(workspace, "import", {"files": [str(tmp_path / "songs.csv")]})
    assert again["statistics"] == {"mfcc20_means": 0}
    frame["track_name"] += " (live)"
    frame.to_csv(tmp_path / "more.csv", index=False)
    dry = work_here(workspace, "import", {"files": [str(tmp_path / "more.csv")], "dry_run": True})
    assert "statistics" not in dry
    assert len(Shards(workspace, SPEC).known()) == 118


def test_a_baseline_learns_from_them(imported):
    workspace, result, _ = imported
    catalogue = Catalogue(workspace)
    counts = tracks_by_source(catalogue, inputs=("stats",), targets=TARGETS, spec=SPEC)
    assert counts.to_dict("records") == [{"source": result["source"], "tracks": 118}]
    run_id = work_here(workspace, "train", {"model": "ridge_stats", "spec": "mfcc20_means", "cv": 3})["run_id"]
    assert list(runs.get(catalogue, run_id)["inputs"]) == ["stats"]
    r2 = runs.scores(catalogue, [run_id], genre="all").query("metric == 'r2'").set_index("feature")["value"]
    assert r2[TARGETS[0]] > 0.95
    assert r2[TARGETS[1]] < 0.2


def test_no_clip_gives_them_and_no_network_takes_them(imported):
    workspace, _, _ = imported
    with pytest.raises(ConfigError, match="import a table that has them"):
        work_here(workspace, "extract", {"spec": "mfcc20_means"})
    with pytest.raises(SpecMismatch, match="needs arrays with a time axis"):
        work_here(workspace, "train", {"model": "lstm_multitask", "spec": "mfcc20_means"})
    assert "mfcc20_means" not in CLIP_SPECS
    assert spec_from_dict(SPEC.as_dict()) == SPEC


def test_real_tables_bring_what_they_say(real_data: Path, tmp_path: Path):
    files = {
        "gtzan_features": {"gtzan_statistics", "mfcc20_means"},
        "fma_mfcc40_means": {"mfcc20_means", "mfcc40_means"},
    }
    for name, specs in files.items():
        result = work_here(Workspace(tmp_path / name), "import", {"files": [str(real_data / f"{name}.parquet")]})
        assert set(result["statistics"]) == specs
        assert all(count == result["added"] for count in result["statistics"].values())
    assert {name for name in SPECS if name not in CLIP_SPECS} == {"mfcc20_means", "mfcc40_means", "gtzan_statistics"}
