"""A large collection with faults: everything that can be had arrives once, the rest is told, killed or not."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from songfeat.cli import main
from store import jobs
from store.catalogue import Catalogue
from store.worker import work, work_here
from store.workspace import Workspace
from tests.providers import CLIENT_ID, GENRES, SECRET, Providers, library, serve
from tests.test_jobs import kill_worker, wait_for

TRACKS, PREVIEWS = 2000, 100
PASSING = ("429", "500", "html", "truncated", "reset", "cut", "429 with nonsense", "empty")
NEVER = ("offset=50&", "offset=120&")
"""Pages of jazz that are never answered."""


def misbehave(target: str, nth: int) -> str | None:
    """Every twentieth question meets one or two faults first; some are never answered."""
    if "jazz" in target and any(page in target for page in NEVER):
        return "500"
    if target.startswith(("/api/token", "/v1/audio-features")):
        return None
    digest = int(hashlib.sha256(target.split("exp=")[0].encode()).hexdigest(), 16)
    if digest % 20 == 0 and nth < 1 + digest % 2:
        faults = PASSING if target.startswith("/v1") else [fault for fault in PASSING if fault not in ("cut",)]
        return faults[digest // 20 % len(faults)]
    return None


@pytest.fixture(scope="module")
def server():
    with pytest.MonkeyPatch.context() as environment, serve(Providers(library(TRACKS), plan=misbehave)) as providers:
        environment.setenv("SONGFEAT_PROVIDERS_URL", providers.url)
        environment.setenv("SPOTIPY_CLIENT_ID", CLIENT_ID)
        environment.setenv("SPOTIPY_CLIENT_SECRET", SECRET)
        providers.unknown_to_reccobeats = {track.id for track in providers.tracks[::50]}
        providers.unknown_to_deezer = providers.unknown_to_itunes = set(range(0, TRACKS, 9))
        yield providers


SEARCH = {"source": "spotify", "options": {"total": 2 * TRACKS}}
VALUES = {"source": "reccobeats", "options": {}}
SOUND = {"source": "previews", "options": {"limit": PREVIEWS}}


def obtainable(providers: Providers) -> set[str]:
    """The tracks on pages that are answered at last."""
    found = set()
    for genre in GENRES:
        for offset in range(0, len(providers.by_genre[genre]), 10):
            if not (genre == "jazz" and f"offset={offset}&" in NEVER):
                found |= {track.id for track in providers.by_genre[genre][offset : offset + 10]}
    return found


def forget(providers: Providers) -> None:
    providers.log.clear()
    providers.seen.clear()


def killed_and_resumed(workspace: Workspace, params: dict[str, Any], providers: Providers, at: str, after: int) -> Any:
    """The result of a job whose worker is killed when it has asked so often, and then resumed."""
    job_id = jobs.launch(workspace, "collect", params)
    wait_for(lambda: len(providers.asked(at)) >= after)
    kill_worker(workspace.jobs / job_id)
    wait_for(lambda: jobs.get(workspace, job_id).state == "lost")
    jobs.start(workspace, job_id)
    job = wait_for(lambda: (one := jobs.get(workspace, job_id)).state not in jobs.LIVE and one)
    assert job.state == "done", job.error
    return job.result


@pytest.fixture(scope="module")
def undisturbed(server: Providers, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, list[dict[str, Any]]]:
    workspace = Workspace(tmp_path_factory.mktemp("undisturbed") / "w")
    forget(server)
    return workspace, [work_here(workspace, "collect", params) for params in (SEARCH, VALUES, SOUND)]


@pytest.fixture(scope="module")
def killed(
    server: Providers, undisturbed: tuple[Workspace, Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Workspace, Counter[str]]:
    """The same collection, killed twice; and how often each question was answered."""
    workspace = Workspace(tmp_path_factory.mktemp("killed") / "w")
    forget(server)
    server.pause_s = 0.004
    killed_and_resumed(workspace, SEARCH, server, "/v1/search", 60)
    work_here(workspace, "collect", VALUES)
    killed_and_resumed(workspace, SOUND, server, "/dzp/", 30)
    server.pause_s = 0.0
    return workspace, Counter(f"{one.path}?{one.query.split('exp=')[0]}" for one in server.log if one.fault is None)


def everything(workspace: Workspace) -> dict[str, list[tuple[Any, ...]]]:
    queries = {
        "tracks": "SELECT track_id, title, artist, genres, isrc, year, duration_s FROM tracks ORDER BY ALL",
        "values": "SELECT * EXCLUDE (fetched_at) FROM reference ORDER BY ALL",
        "clips": "SELECT track_id, sha256, bytes, seconds FROM clips ORDER BY ALL",
        "rejects": "SELECT * EXCLUDE (seen_at) FROM rejects ORDER BY ALL",
        "provenance": "SELECT track_id, source, gave, request FROM provenance ORDER BY ALL",
    }
    with Catalogue(workspace).lease() as db:
        return {name: db.execute(query).fetchall() for name, query in queries.items()}


def test_everything_that_can_be_had_arrives_once_and_the_rest_is_told(undisturbed, server: Providers):
    workspace, (songs, values, sound) = undisturbed
    found = everything(workspace)
    expected = obtainable(server)
    assert len(expected) > TRACKS - 21
    assert sorted(row[0] for row in found["tracks"]) == sorted(f"spotify:{one}" for one in expected)
    assert songs["rejected"] == len(NEVER)
    assert values["values"] == len(expected - server.unknown_to_reccobeats)
    assert values["rejected"] == len(expected & server.unknown_to_reccobeats)
    assert sound["clips"] + sound["rejected"] == PREVIEWS
    assert sound["rejected"] >= PREVIEWS // 12
    assert len({row[1] for row in found["clips"]}) == sound["clips"]
    assert len(found["rejects"]) == songs["rejected"] + values["rejected"] + sound["rejected"]


@pytest.mark.slow
def test_being_killed_changes_nothing(undisturbed, killed):
    before, after = everything(undisturbed[0]), everything(killed[0])
    for name, rows in before.items():
        if name == "rejects":  # a refusal names how it was asked, not only of what
            assert [row[:4] for row in after[name]] == [row[:4] for row in rows]
        elif name == "clips":
            assert {row[0] for row in after[name]} == {row[0] for row in rows}
        else:
            assert after[name] == rows, name


def test_being_killed_leaves_no_half_files_and_asks_nothing_twice(killed):
    workspace, answered = killed
    with Catalogue(workspace).lease() as db:
        digests = dict(db.execute("SELECT path, sha256 FROM clips").fetchall())
    kept = {str(path) for path in workspace.audio.iterdir() if not path.name.startswith(".")}
    assert set(digests) <= kept
    for path in kept:
        assert Path(path).stem == hashlib.sha256(Path(path).read_bytes()).hexdigest()
    twice = [question for question, times in answered.items() if times > 1 and not question.startswith("/api/token")]
    # What was on its way when the worker was killed has to be asked for again: one page, and eight previews.
    assert len([one for one in twice if one.startswith("/v1")]) <= 1
    assert len([one for one in twice if not one.startswith("/v1")]) <= 2 * 8


def test_a_cancelled_collection_goes_on_when_it_is_asked_for_again(server: Providers, tmp_path: Path, capsys):
    forget(server)
    server.pause_s = 0.004
    workspace = Workspace(tmp_path / "w")
    command = ["--workspace", str(workspace.folder), "collect", "spotify", "--genres", "pop", "rock", "--total", "300"]
    job_id = jobs.launch(
        workspace, "collect", {"source": "spotify", "options": {"genres": ["pop", "rock"], "total": 300}}
    )
    wait_for(lambda: len(server.asked("/v1/search")) >= 8)
    jobs.cancel(workspace, job_id)
    wait_for(lambda: jobs.get(workspace, job_id).state == "cancelled")
    server.pause_s = 0.0
    capsys.readouterr()
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["songs"] == 300
    assert [job.job_id for job in jobs.jobs(workspace)] == [job_id]
    answered = Counter(one.query for one in server.asked("/v1/search") if one.fault is None)
    assert max(answered.values()) == 1


def test_a_limit_is_of_the_job_however_often_it_is_resumed(server: Providers, tmp_path: Path):
    workspace = Workspace(tmp_path / "w")
    work_here(workspace, "collect", {"source": "spotify", "options": {"genres": ["pop"], "total": 40}})
    for params in ({"source": "previews", "options": {"limit": 5}}, {"source": "reccobeats", "options": {"limit": 5}}):
        done = work_here(workspace, "collect", params)
        before = everything(workspace)
        (job,) = (one for one in jobs.jobs(workspace) if one.params == params)
        # As if the job had been killed after it had brought everything, and before it could say so.
        jobs.write_status(job.folder, state="running")
        again = work(job.folder)
        assert everything(workspace) == before
        assert [again[name] for name in ("values", "clips", "rejected")] == [
            done[name] for name in ("values", "clips", "rejected")
        ]


def test_the_command_line_lists_sources_and_their_rights(capsys):
    assert main(["sources", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["sources"]
    assert {"spotify", "fma", "table", "folder"} <= {one["name"] for one in listed}
    assert "bars training" in listed[0]["rights"]
