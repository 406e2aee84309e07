"""What looks odd is found, and only that; what is excluded is trained on by nobody, and each run says so."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from songfeat.cli import main
from songfeat.errors import ConfigError, DataError, UnknownName
from songfeat.labels import TARGETS
from store import clips, exclusions, quality, readiness, runs
from store.catalogue import Catalogue
from store.merge import merge
from store.worker import work_here
from store.workspace import Workspace
from tests.workspaces import fill, song_rows

SONGS = 120


@pytest.fixture
def odd(tmp_path: Path) -> Catalogue:
    """Songs in order, and after them one of each oddity, its name as its track id."""
    catalogue = Catalogue(Workspace(tmp_path / "w"))
    catalogue.workspace.prepare()
    rows = song_rows(SONGS)
    base = rows.iloc[0].to_dict()

    def one(name: str, **changes: object) -> dict[str, object]:
        own = {"track_id": f"demo:{name}", "title": name, "title_key": name, "artist": name, "artist_key": name}
        return {**base, **own, **changes}

    special = [
        {**base, "track_id": "demo:again"},
        one("nought", **dict.fromkeys(TARGETS, 0.0)),
        one("still", tempo=None),
        one("fast", tempo=172.0),
        one("slow", source="table:b", title="fast", title_key="fast", artist="fast", artist_key="fast", tempo=86.1),
        one("nameless", genre=None, genre_group=None),
        one("nobody", artist=None, artist_key=""),
        one("short"), one("quiet"), one("torn"),
    ]  # fmt: skip
    everything = pd.concat([rows, pd.DataFrame(special)], ignore_index=True).assign(row=range(SONGS + len(special)))
    sounds = [_clip(catalogue.workspace, name, seconds, level) for name, seconds, level in (
        ("0", 30.0, 0.3), ("short", 4.0, 0.3), ("quiet", 25.0, 0.002), ("torn", 25.0, 0.3),
    )]  # fmt: skip
    with catalogue.lease(write=True) as db:
        merge(db, everything)
        clips.add(db, pd.DataFrame(sounds))
        clips.mark_broken(db, {sounds[3]["sha256"]: "torn.wav is cut off."})
    return catalogue


def _clip(workspace: Workspace, name: str, seconds: float, level: float) -> dict:
    path = workspace.audio / f"{name}.wav"
    soundfile.write(path, level * np.sin(np.arange(round(seconds * 8000)) / 5), 8000)
    return {
        "sha256": f"{name:0>64}", "track_id": f"demo:{name}", "path": str(path), "bytes": path.stat().st_size,
        "modified_ns": path.stat().st_mtime_ns, "seconds": seconds, "sample_rate": 8000, "channels": 1, "status": "ok",
        "error": None,
    }  # fmt: skip


FOUND = {
    "duplicates": {"again", "slow"},
    "all_zero": {"nought"},
    "no_tempo": {"still"},
    "halved_tempo": {"fast"},
    "no_genre": {"nameless"},
    "no_artist": {"nobody"},
    "short_clip": {"short"},
    "odd_level": {"quiet"},
    "broken_clip": {"torn"},
}


def test_every_oddity_is_found_and_nothing_else(odd: Catalogue):
    assert quality.clips_waiting_to_be_measured(odd) == 3
    assert work_here(odd.workspace, "levels", {"jobs": 1}) == {"clips": 3}
    assert quality.clips_waiting_to_be_measured(odd) == 0
    found = {
        name: {track.removeprefix("demo:") for track in quality.songs(odd, name)["track_id"]} for name in quality.CHECKS
    }
    assert found == FOUND
    counted = quality.summary(odd).set_index("check")["songs"]
    assert counted.to_dict() == {name: len(tracks) for name, tracks in FOUND.items()}
    assert quality.songs(odd, "halved_tempo")["detail"].tolist() == ["demo 172.0, table:b 86.1"]
    assert quality.coverage(odd)["tracks"].sum() == SONGS + 10
    with pytest.raises(UnknownName, match="no_tempo"):
        quality.songs(odd, "no_temp")


def test_levels_are_those_of_the_sound(odd: Catalogue):
    work_here(odd.workspace, "levels", {"jobs": 1})
    table = clips.all_clips(odd).set_index("track_id")
    # A sine of amplitude a has a root mean square of a / √2.
    assert table["level_db"]["demo:0"] == pytest.approx(20 * np.log10(0.3 / np.sqrt(2)), abs=0.05)
    assert pd.isna(table["level_db"]["demo:torn"])


def test_a_run_leaves_out_what_is_excluded_and_says_so(odd: Catalogue):
    left_out = ["demo:nought", "demo:still"]
    assert exclusions.exclude_songs(odd, left_out, "its values are odd") == 2
    assert exclusions.exclude_songs(odd, left_out, "again") == 0
    exclusions.exclude_songs(odd, ["demo:slow"], "another source's")  # which this run would not learn from anyway
    counted = readiness.tracks_by_source(odd, inputs=(), targets=TARGETS, spec=None).set_index("source")["tracks"]
    run_id = work_here(odd.workspace, "train", {"model": "mean", "source": "demo"})["run_id"]
    run = runs.get(odd, run_id)
    assert run["n_train"] + run["n_val"] + run["n_test"] == counted["demo"] == SONGS + 9 - 2
    snapshot = pd.read_parquet(odd.workspace.runs / run_id / "snapshot.parquet")
    assert not set(snapshot.index) & set(left_out)
    table = exclusions.of_runs(odd)
    assert table.to_dict(orient="records") == [{"run_id": run_id, "reason": "its values are odd", "songs": 2}]
    # Still predicted for, as any song that has the inputs.
    with odd.lease() as db:
        parts = db.execute(
            "SELECT DISTINCT track_id, split FROM predictions WHERE list_contains(?, track_id)", [left_out]
        )
        assert sorted(parts.fetchall()) == [(track_id, "other") for track_id in left_out]
    assert exclusions.take_back(odd, left_out) == 2
    again = work_here(odd.workspace, "train", {"model": "mean", "source": "demo"})["run_id"]
    assert runs.get(odd, again)["n_train"] > 0
    assert set(exclusions.of_runs(odd)["run_id"]) == {run_id}


def test_an_excluded_source_is_not_trained_on(odd: Catalogue):
    exclusions.exclude_source(odd, "demo", "its terms bar it")
    for source in ("demo", ["table:b", "demo"]):
        with pytest.raises(DataError, match="excluded from training: its terms bar it"):
            work_here(odd.workspace, "train", {"model": "mean", "source": source})
    assert "demo" not in set(readiness.tracks_by_source(odd, inputs=(), targets=TARGETS, spec=None)["source"])
    exclusions.take_back(odd, ["demo"])
    assert work_here(odd.workspace, "train", {"model": "mean", "source": "demo"})["status"] == "done"


def test_an_exclusion_needs_a_reason_and_a_song(odd: Catalogue):
    with pytest.raises(ConfigError, match="Say why"):
        exclusions.exclude_songs(odd, ["demo:1"], " ")
    with pytest.raises(UnknownName, match="demo:nowhere"):
        exclusions.exclude_songs(odd, ["demo:1", "demo:nowhere"], "odd")
    with pytest.raises(UnknownName, match="table:b"):
        exclusions.exclude_source(odd, "table:c", "odd")
    assert exclusions.listed(odd).empty


def test_the_command_line_finds_excludes_and_takes_back(tmp_path: Path, capsys):
    workspace = fill(tmp_path / "w", songs=60, with_clip=3, with_array=0)

    def ask(*arguments: str, code: int = 0) -> dict:
        capsys.readouterr()
        assert main(["--workspace", str(workspace.folder), *arguments, "--json"]) == code
        return json.loads(capsys.readouterr().out)

    counted = {one["check"]: one["songs"] for one in ask("quality")["checks"]}
    assert counted["short_clip"] == 3
    assert [one["detail"] for one in ask("quality", "short_clip")["songs"]] == ["3.0 s"] * 3
    excluded = ask("exclude", "--check", "short_clip")
    assert (excluded["excluded"], {one["reason"] for one in excluded["exclusions"]}) == (3, {"Short clips"})
    assert len(ask("exclude", "demo:9", "--reason", "hiss", "--source", "table:other")["exclusions"]) == 5
    assert ask("include", "demo:9", "table:other") == {"included": 2}
    assert ask("exclude", "demo:9", code=1)["error"]["type"] == "ConfigError"
    assert [run["excluded"] for run in ask("runs")["runs"]] == [0, 0, 0]
