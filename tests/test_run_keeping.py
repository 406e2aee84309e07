"""Notes on runs, what differs between two, deleting one; and where a run errs."""

import pandas as pd
import pytest

from songfeat.errors import UnknownName, WorkspaceError
from store import errors_by_genre, run_keeping, runs
from store.catalogue import Catalogue
from store.workspace import Workspace
from tests.workspaces import NOISE, fill


@pytest.fixture
def catalogue(tmp_path) -> Catalogue:
    return Catalogue(fill(tmp_path / "w", with_clip=2, with_array=0))


@pytest.fixture
def run_ids(catalogue: Catalogue) -> dict[str, str]:
    return runs.all_runs(catalogue).set_index("model")["run_id"].to_dict()


def test_a_note_is_kept_replaced_and_taken_away(catalogue: Catalogue, run_ids):
    run_id = run_ids["mean"]
    assert run_keeping.notes(catalogue) == {}
    run_keeping.write_note(catalogue, run_id, "  to begin with ")
    run_keeping.write_note(catalogue, run_id, "'; DROP TABLE runs; --")
    assert run_keeping.notes(catalogue) == {run_id: "'; DROP TABLE runs; --"}
    run_keeping.write_note(catalogue, run_id, " ")
    assert run_keeping.notes(catalogue) == {}
    with pytest.raises(UnknownName, match="no run 'nobody'"):
        run_keeping.write_note(catalogue, "nobody", "x")


def test_two_runs_differ_in_what_they_differ_in(catalogue: Catalogue, run_ids):
    table = run_keeping.differences(catalogue, run_ids["mean"], run_ids["numeric_mlp"]).set_index("setting")
    assert table.loc["model"].tolist() == ["mean", "numeric_mlp"]
    assert "source" not in table.index
    assert run_keeping.differences(catalogue, run_ids["mean"], run_ids["mean"]).empty


def test_a_deleted_run_leaves_nothing_and_the_others_as_they_were(catalogue: Catalogue, run_ids):
    run_id, other = run_ids["numeric_mlp"], run_ids["lstm_multitask"]
    folder = catalogue.workspace.runs / run_id
    folder.mkdir(parents=True)
    (folder / "model.json").write_text("{}")
    run_keeping.write_note(catalogue, run_id, "gone soon")
    before = runs.scores(catalogue, [other])
    run_keeping.delete(catalogue, run_id)
    assert not folder.exists()
    assert run_id not in set(runs.all_runs(catalogue)["run_id"])
    with catalogue.lease() as db:
        for table in ("scores", "predictions", "run_notes"):
            assert db.execute(f"SELECT count(*) FROM {table} WHERE run_id = ?", [run_id]).fetchone() == (0,)
    pd.testing.assert_frame_equal(runs.scores(catalogue, [other]), before)
    with pytest.raises(UnknownName):
        run_keeping.delete(catalogue, run_id)


@pytest.mark.parametrize("name", ["../jobs", "", "..", "a/b"])
def test_no_run_id_leads_out_of_the_folder_of_runs(catalogue: Catalogue, name: str):
    with pytest.raises(WorkspaceError, match="is no name of a run"):
        run_keeping.delete(catalogue, name)
    assert Workspace(catalogue.workspace.folder).jobs.is_dir()


def test_the_worst_songs_are_those_that_are_furthest_off(catalogue: Catalogue, run_ids):
    assert set(NOISE) < set(run_ids)
    run_id = run_ids["lstm_multitask"]
    pairs = runs.pairs(catalogue, run_id).query("feature == 'energy' and genre_group == 'hip-hop'")
    error = (pairs["predicted"] - pairs["reference"]).set_axis(pairs["track_id"])
    found = errors_by_genre.worst(catalogue, run_id, genre="hip-hop", feature="energy", limit=3)
    assert found["track_id"].tolist() == list(error.abs().sort_values(ascending=False).index[:3])
    assert found["error"].tolist() == pytest.approx(error[found["track_id"]].tolist())
    everywhere = errors_by_genre.worst(catalogue, run_id, genre=None, feature="energy", limit=1000)
    assert len(everywhere) == runs.get(catalogue, run_id)["n_test"]
    with catalogue.lease() as db:
        heard = {row[0] for row in db.execute("SELECT track_id FROM clips WHERE status = 'ok'").fetchall()}
    assert set(everywhere.loc[everywhere["path"].notna(), "track_id"]) == heard & set(everywhere["track_id"])


def test_raw_genres_inside_a_group_share_out_its_songs(catalogue: Catalogue, run_ids):
    with catalogue.lease(write=True) as db:
        db.execute("UPDATE tracks SET genre = 'crunk' WHERE genre = 'hip hop' AND hash(track_id) % 2 = 0")
    run_id = run_ids["lstm_multitask"]
    table = errors_by_genre.inside(catalogue, run_id, genre="hip-hop", feature="energy").set_index("genre")
    pairs = runs.pairs(catalogue, run_id).query("feature == 'energy' and genre_group == 'hip-hop'")
    away = pairs["predicted"] - pairs["reference"]
    assert set(table.index) == {"hip hop", "crunk"}
    assert table["n"].sum() == len(pairs)
    assert (table["mae"] * table["n"]).sum() / len(pairs) == pytest.approx(away.abs().mean())
    assert (table["bias"] * table["n"]).sum() / len(pairs) == pytest.approx(away.mean())
    assert errors_by_genre.inside(catalogue, run_id, genre="hip-hop", feature="energy", at_least=1000).empty
