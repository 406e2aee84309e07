"""What pages ask of the store besides what the command line asks."""

import json
import threading

import pandas as pd
import pytest

from songfeat.errors import TableError, WorkspaceError
from songfeat.labels import TARGETS
from songfeat.specs import REPORT_SPEC
from store import (
    first_start,
    gathering,
    jobs,
    readiness,
    song_lists,
    table_preview,
    tracks,
    training_data,
    training_history,
    training_plan,
    uploads,
)
from store.catalogue import Catalogue
from store.merge import merge
from store.workspace import Workspace
from tests.workspaces import fill, song_rows

ALL = {"targets": TARGETS, "spec": REPORT_SPEC}


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> Catalogue:
    return Catalogue(fill(tmp_path_factory.mktemp("filled"), songs=80, with_clip=6, with_array=4))


@pytest.fixture
def empty(tmp_path) -> Catalogue:
    return Catalogue(Workspace(tmp_path / "w"))


def started(monkeypatch) -> list[str]:
    """Creates jobs without starting a process for them; gives the kinds."""
    kinds: list[str] = []
    monkeypatch.setattr(jobs, "start", lambda workspace, job_id: kinds.append(jobs.get(workspace, job_id).kind))
    return kinds


@pytest.mark.parametrize("inputs", [(), ("numeric",), ("mfcc",), ("numeric", "mfcc")])
def test_what_could_be_learned_is_what_training_loads(filled: Catalogue, inputs: tuple[str, ...]):
    table = readiness.tracks_by_source(filled, inputs=inputs, **ALL)
    for source, count in zip(table["source"], table["tracks"], strict=True):
        _, usable = training_data.load(filled, inputs=inputs, source=source, **ALL)
        assert usable.sum() == count
    assert table["source"][0] == training_data.choose_source(filled, inputs=inputs, **ALL)
    assert table["tracks"][0] == (4 if "mfcc" in inputs else 80)


def test_nothing_can_be_learned_from_nothing(empty: Catalogue):
    assert readiness.tracks_by_source(empty, inputs=("mfcc",), **ALL).empty
    assert readiness.clips_waiting(empty, REPORT_SPEC) == 0
    assert readiness.shards_stamp(empty, REPORT_SPEC) == 0


def test_specs_with_arrays_are_told_by_their_kind(filled: Catalogue, empty: Catalogue):
    assert readiness.specs_with_arrays(filled, "mfcc") == ["report"]
    assert readiness.specs_with_arrays(filled, "logmel") == readiness.specs_with_arrays(empty, "mfcc") == []


def test_clips_wait_until_they_have_an_array(filled: Catalogue):
    assert readiness.clips_waiting(filled, REPORT_SPEC) == 2
    assert readiness.shards_stamp(filled, REPORT_SPEC) > 0


def test_without_a_query_songs_to_hear_come_first(filled: Catalogue):
    songs = song_lists.pick_list(filled, " ")
    assert len(songs) == 50
    assert songs["has_clip"].sum() == 6
    assert songs["has_clip"][:6].all()
    assert list(songs.columns) == list(song_lists.pick_list(filled, "song 7").columns)


def test_among_the_others_songs_that_a_run_was_tested_on_come_first(tmp_path):
    catalogue = Catalogue(fill(tmp_path, songs=20, with_clip=0, with_array=0))
    with catalogue.lease(write=True) as db:
        db.execute("DELETE FROM predictions WHERE track_id IN ('demo:0', 'demo:1')")
        tested = db.execute("SELECT DISTINCT track_id FROM predictions WHERE split = 'test'").fetchall()
    listed = list(song_lists.pick_list(catalogue, "")["track_id"])
    assert 0 < len(tested) < 18
    assert {(track_id,) for track_id in listed[: len(tested)]} == set(tested)
    assert set(listed[-2:]) == {"demo:0", "demo:1"}


def test_only_songs_with_a_clip(filled: Catalogue):
    assert len(song_lists.pick_list(filled, "", with_clip=True)) == 6
    assert list(song_lists.pick_list(filled, "song 5", with_clip=True)["title"]) == ["Song 5"]
    assert song_lists.pick_list(filled, "song 79", with_clip=True).empty


def test_a_song_by_its_id(filled: Catalogue):
    assert list(tracks.by_id(filled, "demo:3")["title"]) == ["Song 3"]
    assert tracks.by_id(filled, "demo:999").empty


def test_the_demo_starts_once_however_many_ask(empty: Catalogue, monkeypatch):
    kinds = started(monkeypatch)
    empty.version()
    threads = [threading.Thread(target=first_start.start_demo, args=(empty,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kinds == ["demo"]
    (job,) = jobs.jobs(empty.workspace)
    assert job.params == {"songs": first_start.DEMO_SONGS}


def test_a_cancelled_demo_does_not_come_back(empty: Catalogue, monkeypatch):
    kinds = started(monkeypatch)
    job_id = jobs.create(empty.workspace, "demo", {})
    jobs.write_status(empty.workspace.jobs / job_id, state="cancelled")
    assert first_start.start_demo(empty) is None
    assert kinds == []


def test_no_demo_beside_a_persons_own_songs(filled: Catalogue, monkeypatch):
    kinds = started(monkeypatch)
    assert first_start.start_demo(filled) is None
    assert kinds == []


def test_a_history_is_read_while_it_is_written(empty: Catalogue):
    folder = empty.workspace.runs / "r1"
    folder.mkdir(parents=True)
    lines = [
        {"epoch": epoch, "train_loss": 1 / epoch, "val_loss": 2 / epoch, "val_mae": {"energy": 0.1 * epoch}}
        for epoch in (1, 2)
    ]
    (folder / "history.jsonl").write_text("\n".join(map(json.dumps, lines)) + '\n{"epoch": 3, "tr')
    history = training_history.read(empty.workspace, "r1")
    assert history.epochs == 2
    assert history.losses.to_dict("list") == {
        "epoch": [1, 1, 2, 2], "part": ["train", "val"] * 2, "loss": [1, 2, 0.5, 1],
    }  # fmt: skip
    assert history.errors.to_dict("list") == {"epoch": [1, 2], "feature": ["energy"] * 2, "value": [0.1, 0.2]}


def test_a_run_without_a_history(empty: Catalogue):
    history = training_history.read(empty.workspace, "r2")
    assert history.epochs == 0
    assert history.losses.empty
    with pytest.raises(WorkspaceError):
        training_history.read(empty.workspace, "../r2")


def test_what_the_mean_predictor_scores_where_a_run_is_tuned(empty: Catalogue):
    folder = empty.workspace.runs / "r1"
    folder.mkdir(parents=True)
    assert training_history.mean_errors(empty, "r1", fold=None) == {}
    songs = {
        "part": ["train", "train", "val", "val", "test"],
        "fold-1": ["val", "train", "train", "train", "test"],
        "energy": [0.2, 0.4, 0.5, 0.1, 0.9],
        "valence": [0.5, None, None, 0.9, 0.9],
    }
    pd.DataFrame(songs).to_parquet(folder / "snapshot.parquet")
    found = training_history.mean_errors(empty, "r1", fold=None)
    assert found == {"energy": pytest.approx(0.2), "valence": pytest.approx(0.4)}  # means 0.3 and 0.5
    assert training_history.mean_errors(empty, "r1", fold="fold-1")["energy"] == pytest.approx(1 / 3 - 0.2)


def test_a_history_says_of_which_fold_it_is(empty: Catalogue):
    folder = empty.workspace.runs / "r1" / "fold-2"
    folder.mkdir(parents=True)
    (folder / "history.jsonl").write_text('{"epoch": 1, "train_loss": 1, "val_loss": 1, "val_mae": {}}\n')
    assert training_history.read(empty.workspace, "r1").fold == "fold-2"


@pytest.mark.parametrize("by", ["artist", "random"])
def test_a_preview_is_what_a_training_gathers(filled: Catalogue, by: str):
    found = readiness.preview(filled, inputs=("numeric",), **ALL, source="demo", by=by, seed=3)
    plan = training_plan.Plan(
        run_id="r", model="ridge_numeric", targets=TARGETS, source="demo", split=by, seed=3, spec=None, settings={}
    )
    layout = gathering.gather(filled, plan).layout["part"]
    assert found.parts == layout.value_counts().to_dict()
    assert (found.tracks, found.artists) == (80, 40)
    assert found.genres.sum() == 80
    assert len(found.genres) == 5
    assert [note[:4] for note in found.notes] == ["Only"], "about twelve songs to test on"


def test_a_preview_warns_of_one_genre_and_of_few_artists(tmp_path):
    catalogue = Catalogue(Workspace(tmp_path))
    rows = song_rows(4)  # two artists
    with catalogue.lease(write=True) as db:
        merge(db, rows.assign(genre="pop", genre_group="pop"))
    found = readiness.preview(catalogue, inputs=(), targets=TARGETS, spec=None, source="demo", by="artist", seed=0)
    assert found.parts == {}
    few, one_genre = found.notes
    assert "too few artists" in few
    assert one_genre.startswith("pop makes up 100% of these songs")
    rows = song_rows(400).assign(genre_group=["pop"] * 200 + ["jazz/blues"] * 200, source="even")
    with catalogue.lease(write=True) as db:
        merge(db, rows)
    found = readiness.preview(catalogue, inputs=(), targets=TARGETS, spec=None, source="even", by="artist", seed=0)
    assert found.notes == (), "half is not over half, and 60 are enough to test on"
    assert sum(found.parts.values()) == 400


def test_the_run_of_a_job(empty: Catalogue):
    job = jobs.get(empty.workspace, jobs.create(empty.workspace, "train", {}))
    assert training_history.run_of(job) is None
    (job.folder / "run_id.txt").write_text("r1\n")
    assert training_history.run_of(job) == "r1"


@pytest.mark.parametrize(
    "name", ["songs.csv", "../../songs.csv", "/etc/songs.csv", "C:\\tables\\songs.csv", "..\\..\\songs.csv"]
)
def test_an_upload_stays_inside_whatever_it_is_called(tmp_path, name: str):
    workspace = Workspace(tmp_path)
    path = uploads.save_table(workspace, name, b"title,energy\nOne,0.5\n")
    assert path.parent == tmp_path / "uploads"
    assert path.suffix == ".csv"
    assert path.read_bytes() == b"title,energy\nOne,0.5\n"
    assert uploads.shown_name(path) == "songs.csv"
    assert uploads.save_table(workspace, "again.csv", b"title,energy\nOne,0.5\n") == path


@pytest.mark.parametrize(("name", "content"), [("run.exe", b"x"), ("songs", b"x"), ("", b"x"), ("songs.csv", b"")])
def test_an_upload_that_is_no_table_is_refused(tmp_path, name: str, content: bytes):
    with pytest.raises(TableError):
        uploads.save_table(Workspace(tmp_path), name, content)
    assert not (tmp_path / "uploads").exists()


def test_other_files_keep_their_names(tmp_path):
    assert uploads.shown_name(tmp_path / "mine.csv") == "mine.csv"


def test_a_preview_shows_columns_with_examples(tmp_path):
    path = tmp_path / "songs.csv"
    path.write_text("Song,Singer,Oomph\n,X,0.1\nOne,Y,0.2\n")
    head = table_preview.read_head([path])
    assert (head.rows, head.columns) == (2, ["Song", "Singer", "Oomph"])
    mapping, fields = table_preview.preview(head, {"energy": "Oomph", "artist": "Singer"})
    assert mapping.columns == {"title": "Song", "artist": "Singer", "energy": "Oomph"}
    assert list(fields["example"]) == ["One", "X", "0.1"]
