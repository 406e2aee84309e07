"""Folders of audio: found, fingerprinted, labelled by file name; never moved or changed."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from songfeat.audio import AUDIO_SUFFIXES
from songfeat.errors import TableError
from store import clips, overview, rejects, tracks
from store.catalogue import Catalogue
from store.worker import work_here
from store.workspace import Workspace


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(Workspace.locate(tmp_path / "w"))


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    (folder / "album").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ("Band - One.mp3", "album/02 Other - Two.flac", "three.ogg", "four.wav"):
        soundfile.write(folder / name, rng.normal(0, 0.1, 3 * 44_100).astype(np.float32), 44_100)
    return folder


def scan(catalogue: Catalogue, folder: Path, **params) -> dict:
    return work_here(catalogue.workspace, "scan", {"folder": str(folder), **params})


def fingerprints(folder: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def test_files_are_found_named_and_left_alone(catalogue: Catalogue, music: Path):
    before = fingerprints(music)
    result = scan(catalogue, music)
    assert (result["files"], result["added"], result["rejected"]) == (4, 4, 0)
    found = clips.all_clips(catalogue)
    assert set(found["sha256"]) == set(before.values())
    assert set(found["track_id"]) == {f"local:{digest}" for digest in before.values()}
    assert found["seconds"].between(2.9, 3.2).all()
    one = tracks.search(catalogue, "one band").iloc[0]
    assert (one["title"], one["artist"], bool(one["has_clip"])) == ("One", "Band", True)
    assert tracks.search(catalogue, "two other").iloc[0]["title"] == "Two"
    assert fingerprints(music) == before


def test_again_changes_nothing_and_a_moved_file_is_no_new_song(catalogue: Catalogue, music: Path):
    scan(catalogue, music)
    again = scan(catalogue, music)
    assert (again["added"], again["unchanged"]) == (0, 4)
    (music / "three.ogg").rename(music / "album" / "drei.ogg")
    moved = scan(catalogue, music)
    assert (moved["added"], moved["unchanged"]) == (0, 4)
    assert overview.counts(catalogue)["tracks"] == 4
    assert any(path.endswith("drei.ogg") for path in clips.all_clips(catalogue)["path"])


def test_a_broken_file_is_recorded_and_the_rest_goes_on(catalogue: Catalogue, music: Path):
    (music / "empty.mp3").touch()
    (music / "text.mp3").write_text("this is no music\n" * 200)
    result = scan(catalogue, music)
    assert (result["added"], result["rejected"]) == (4, 2)
    reasons = rejects.newest(catalogue).set_index("file")["reason"]
    assert "empty" in reasons[str(music / "empty.mp3")]
    assert str(music / "text.mp3") in reasons
    (music / "empty.mp3").unlink()
    (music / "text.mp3").unlink()
    scan(catalogue, music)
    assert len(rejects.newest(catalogue)) == 2, "what was rejected of files that are gone stays on record"


def test_what_only_decoding_shows_is_recorded_by_extraction(catalogue: Catalogue, music: Path):
    soundfile.write(music / "silence.wav", np.zeros(3 * 44_100, dtype=np.float32), 44_100)
    soundfile.write(music / "short.wav", np.full(8_000, 0.1, dtype=np.float32), 44_100)
    scan(catalogue, music)
    result = work_here(catalogue.workspace, "extract", {})
    assert (result["clips"], result["extracted"], result["failed"]) == (6, 4, 2)
    found = clips.all_clips(catalogue).set_index("path")
    assert "silent" in found.loc[str(music / "silence.wav"), "error"]
    assert "0.18 s" in found.loc[str(music / "short.wav"), "error"]
    assert found["status"].value_counts().to_dict() == {"ok": 4, "broken": 2}
    assert work_here(catalogue.workspace, "extract", {})["failed"] == 0, "a known broken clip is not tried again"


def test_a_table_of_names_alone_gives_no_reference_values(catalogue: Catalogue, music: Path, tmp_path: Path):
    labels = tmp_path / "names.csv"
    pd.DataFrame({"clip": ["Band - One.mp3"], "artist": ["The Band"], "title": ["One"]}).to_csv(labels, index=False)
    result = scan(catalogue, music, labels=str(labels))
    assert (result["added"], result["labelled"]) == (4, 0)
    with catalogue.lease() as db:
        assert db.execute("SELECT count(*) FROM reference").fetchall() == [(0,)]


def test_labels_are_joined_by_file_name(catalogue: Catalogue, music: Path, tmp_path: Path):
    labels = tmp_path / "labels.csv"
    rows = {
        "clip": ["Band - One.mp3", "02 Other - Two.flac", "not there.mp3"],
        "artist": ["The Band", "The Other", "Nobody"],
        "title": ["Number One", "Number Two", "Zero"],
        "label_source": ["spotify:name", "echonest:id", "spotify:name"],
        "spotify_id": ["A" * 22, "", "C" * 22],
        "danceability": [0.1, 0.2, 0.3],
        "energy": [0.4, 5, 0.6],
    }
    pd.DataFrame(rows).to_csv(labels, index=False)
    result = scan(catalogue, music, labels=str(labels))
    assert (result["added"], result["labelled"]) == (4, 2)
    with catalogue.lease() as db:
        found = db.execute(
            "SELECT source, track_id, title, danceability, energy FROM reference JOIN tracks USING (track_id)"
            " JOIN clips USING (track_id) ORDER BY source"
        ).fetchall()
    (echonest, spotify) = found
    assert (echonest[0], echonest[2], echonest[3], echonest[4]) == ("echonest", "Number Two", 0.2, None)
    assert spotify == ("spotify", "spotify:" + "A" * 22, "Number One", 0.1, 0.4)
    assert rejects.newest(catalogue)["value"].tolist() == ["5.0"]
    assert scan(catalogue, music, labels=str(labels))["added"] == 0
    assert overview.counts(catalogue)["tracks"] == 4


def test_labels_of_a_known_song_bring_the_clip_to_it(catalogue: Catalogue, music: Path, tmp_path: Path):
    songs = tmp_path / "songs.csv"
    pd.DataFrame({"track_id": ["A" * 22], "track_name": ["One"], "artist": ["Band"], "energy": [0.5]}).to_csv(songs)
    work_here(catalogue.workspace, "import", {"files": [str(songs)], "source": "spotify"})
    scan(catalogue, music)
    found = clips.all_clips(catalogue).set_index("path")
    assert found.loc[str(music / "Band - One.mp3"), "track_id"] == "spotify:" + "A" * 22


def test_what_cannot_be_scanned_is_said(catalogue: Catalogue, music: Path, tmp_path: Path):
    with pytest.raises(TableError, match="no folder"):
        scan(catalogue, tmp_path / "nowhere")
    other = tmp_path / "other.csv"
    other.write_text("clip,artist,title,energy\nelsewhere.mp3,A,B,0.5\n")
    with pytest.raises(TableError, match="None of the files"):
        scan(catalogue, music, labels=str(other))
    other.write_text("artist,title,energy\nA,B,0.5\n")
    with pytest.raises(TableError, match="no column of file names"):
        scan(catalogue, music, labels=str(other))


def test_an_empty_folder_is_no_error(catalogue: Catalogue, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    assert scan(catalogue, tmp_path / "empty")["files"] == 0


@pytest.mark.slow
@pytest.mark.real
def test_real_clips_find_their_labels_and_are_extracted(catalogue: Catalogue, real_data: Path, tmp_path: Path):
    source, folder = real_data / "clips" / "labelled", tmp_path / "some"
    folder.mkdir()
    # Links to every twelfth clip: real files where a person may have linked them.
    chosen = [path for path in sorted(source.iterdir()) if path.suffix in AUDIO_SUFFIXES][::12]
    for path in chosen:
        (folder / path.name).symlink_to(path)
    result = scan(catalogue, folder, labels=str(real_data / "clips" / "labelled.csv"))
    assert (result["files"], result["labelled"], result["rejected"]) == (len(chosen), len(chosen), 0)
    assert work_here(catalogue.workspace, "extract", {})["extracted"] == len(chosen)
