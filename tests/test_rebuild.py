"""A catalogue that was lost or cut is made anew from what jobs and runs recorded, and says what is missing."""

import json
import shutil
from pathlib import Path

import pytest

from songfeat.cli import main
from songfeat.errors import CatalogueDamaged, WorkspaceError
from store.catalogue import Catalogue
from store.doctor import checks
from store.integrity import check_catalogue
from store.worker import work_here
from store.workspace import Workspace
from tests.living import SONGS, arrays, content, live


@pytest.fixture
def mine(original: Workspace, tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path / "w")
    shutil.copytree(original.folder, workspace.folder)
    return workspace


def lose(workspace: Workspace) -> None:
    workspace.catalogue.unlink()


def cut(workspace: Workspace) -> None:
    with workspace.catalogue.open("r+b") as file:
        file.truncate(workspace.catalogue.stat().st_size // 2)


@pytest.mark.parametrize("harm", [lose, cut])
def test_all_comes_back(original: Workspace, mine: Workspace, harm):
    harm(mine)
    result = work_here(mine, "rebuild", {})
    assert content(mine) == content(original)
    assert arrays(mine) == arrays(original)
    assert [check["name"] for check in checks(mine) if check["ok"] is False] == []
    (only,) = result["not_rebuilt"]
    assert "first came in" in only
    assert (result["set_aside"] is None) == (harm is lose)
    if result["set_aside"]:
        assert Path(result["set_aside"]).exists()
    assert sorted(path.name for path in mine.folder.glob("rebuilt*")) == []


def test_pages_do_not_take_it_for_what_they_have_seen(mine: Workspace):
    seen = Catalogue(mine)
    before = seen.version()
    work_here(mine, "rebuild", {"force": True})
    assert seen.version() > before + 1_000_000


def test_a_cut_catalogue_is_told_with_the_way_out(mine: Workspace, capsys: pytest.CaptureFixture[str]):
    cut(mine)
    assert main(["--workspace", str(mine.folder), "song", "song 1"]) == 1
    assert "songfeat rebuild" in capsys.readouterr().err
    with pytest.raises(CatalogueDamaged):
        check_catalogue(Catalogue(mine))
    failed = {check["name"]: check["detail"] for check in checks(mine) if check["ok"] is False}
    assert "songfeat rebuild" in failed["catalogue"]
    assert main(["--workspace", str(mine.folder), "rebuild", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"] == 2


def test_a_sound_catalogue_is_left_alone(original: Workspace, mine: Workspace):
    with pytest.raises(WorkspaceError, match="nothing to rebuild"):
        work_here(mine, "rebuild", {})
    assert content(mine) == content(original)


@pytest.mark.slow
def test_what_no_table_gives_any_more_comes_from_what_runs_learned(original: Workspace, tmp_path: Path):
    workspace = live(Workspace(tmp_path / "w"), tmp_path / "sources")
    before = content(workspace)
    lose(workspace)
    (tmp_path / "sources" / "songs.csv").unlink()
    result = work_here(workspace, "rebuild", {})
    gone, titles, _ = result["not_rebuilt"]
    assert "songs.csv" in gone
    assert (
        titles == f"Titles, names of artists and albums of {SONGS} tracks, which only the snapshots of runs still know."
    )
    after = content(workspace)
    for name in ("runs", "scores", "predictions", "clips"):
        assert after[name] == before[name]
    with Catalogue(workspace).lease() as db:
        assert db.execute("SELECT count(*) FROM reference WHERE energy IS NOT NULL").fetchall() == [(SONGS - 1,)]
        assert db.execute("SELECT count(DISTINCT artist_key) FROM tracks WHERE title IS NULL").fetchall() == [
            (SONGS // 2,)
        ]
    shutil.rmtree(tmp_path / "sources")
    assert work_here(workspace, "train", {"model": "mean", "source": "spotify"})["status"] == "done"


def test_a_run_that_changed_on_disk_is_not_taken_in(mine: Workspace):
    run = sorted(mine.runs.iterdir())[0]
    scores = run / "scores.parquet"
    data = bytearray(scores.read_bytes())
    data[len(data) // 2] ^= 1
    scores.write_bytes(data)
    lose(mine)
    result = work_here(mine, "rebuild", {})
    assert result["runs"] == 1
    assert any(run.name in line and "scores.parquet" in line for line in result["not_rebuilt"])


def test_nothing_to_rebuild_from(tmp_path: Path):
    workspace = Workspace(tmp_path / "w")
    with pytest.raises(WorkspaceError, match="records no runs"):
        work_here(workspace, "rebuild", {})
    assert not workspace.catalogue.exists()
