"""Faults many times over, and large or hostile files: ``make soak``; each says in the end what it saw."""

import multiprocessing
import random
import statistics
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks import sessions
from songfeat.extraction import extract
from songfeat.specs import REPORT_SPEC
from store.catalogue import Catalogue
from store.doctor import checks
from store.work.measure_levels import level_db
from store.worker import work_here
from store.workspace import Workspace
from tests import fuzzing
from tests.killing import KINDS, Prepared, kill_and_finish, outcome, prepare
from tests.workspaces import fill

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]
KILLS = 50
HAMMERS, HAMMER_S, VISITORS = 8, 60.0, 10
FUZZ = {"audio": 6_000, "table": 4_000}
GB = 1 << 30


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory):
    @cache
    def once(kind: str) -> Prepared:
        return prepare(kind, tmp_path_factory.mktemp(kind))

    return once


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tenth", range(10))
def test_kills_at_random_moments_cost_nothing(kind: str, tenth: int, prepared, tmp_path: Path):
    calm, chance, killed = prepared(kind), random.Random(f"{kind} {tenth}"), 0
    for number in range(KILLS // 10):
        share = (tenth + chance.random()) / 10
        workspace, in_time = kill_and_finish(calm, tmp_path / str(number), share)
        killed += in_time
        assert [check for check in checks(workspace) if check["ok"] is False] == []
        assert outcome(calm, workspace) == calm.result
    say(f"{kind}, {tenth * 10} to {tenth * 10 + 10} % of {calm.seconds:.1f} s: {killed} of {number + 1} killed at work")


def _hammer(folder: str, name: int) -> tuple[int, list[float]]:
    """Write and read as fast as the others let; gives the rows written and the seconds waited for each lease."""
    catalogue, rows, waits, chance = Catalogue(Workspace(Path(folder))), 0, [], random.Random(name)
    end = time.monotonic() + HAMMER_S
    while time.monotonic() < end:
        asked, write = time.monotonic(), chance.random() < 0.5
        with catalogue.lease(write=write) as db:
            waits.append(time.monotonic() - asked)
            if write:
                db.execute(
                    "INSERT INTO rejects SELECT ?, range, NULL, NULL, 'a reason', now() FROM range(7)", [str(name)]
                )
                rows += 7
            else:
                db.execute("SELECT file, count(*) FROM rejects GROUP BY ALL").fetchall()
    return rows, waits


def test_eight_processes_lose_nothing_while_the_dashboard_is_browsed(tmp_path: Path):
    workspace = fill(tmp_path / "w")
    places = sessions.addresses(workspace)
    with (
        sessions.served(workspace, tmp_path / "server.log") as port,
        multiprocessing.get_context("spawn").Pool(HAMMERS) as pool,
    ):
        hammering = pool.starmap_async(_hammer, [(str(workspace.folder), number) for number in range(HAMMERS)])
        visit = sessions.browse(port, places, sessions=VISITORS, seconds=HAMMER_S, pause_s=1.0)
        done = hammering.get()
    assert visit.errors == []
    with Catalogue(workspace).lease() as db:
        kept = db.execute("SELECT count(*) FROM rejects WHERE reason = 'a reason'").fetchall()[0][0]
    assert kept == sum(rows for rows, _ in done)
    waits = sorted(wait for _, one in done for wait in one)
    assert min(len(one) for _, one in done) > 0, "nobody starves"
    p95 = waits[int(0.95 * len(waits))]
    say(
        f"{HAMMERS} processes, {HAMMER_S:.0f} s: {len(waits)} leases, {kept} rows, all kept; a lease was waited for"
        f" {statistics.median(waits):.3f} s (median), {p95:.3f} s (p95), {waits[-1]:.2f} s (most)"
    )
    say(f"meanwhile {VISITORS} sessions in the dashboard: {visit}")


def test_a_hundred_sessions_meet_no_error(tmp_path: Path):
    workspace = Workspace(tmp_path / "w")
    work_here(workspace, "demo", {})
    places = sessions.addresses(workspace)
    with sessions.served(workspace, tmp_path / "server.log") as port:
        visit = sessions.browse(
            port, places, sessions=sessions.SESSIONS, seconds=sessions.SECONDS, pause_s=sessions.PAUSE_S
        )
    assert visit.errors == []
    assert len(visit.seconds) >= sessions.SESSIONS, "everybody was shown something"
    say(f"{sessions.SESSIONS} sessions, {sessions.SECONDS:.0f} s: {visit}")


@pytest.mark.parametrize(("kind", "cases"), FUZZ.items())
def test_ten_thousand_damaged_files_do_no_harm(kind: str, cases: int, tmp_path: Path):
    outcome = fuzzing.run(kind, range(cases), tmp_path)
    say(f"{kind}: {outcome}")
    assert outcome.faults == {}
    assert outcome.cases == cases


def _in_a_process_of_its_own(function, *arguments) -> tuple[object, float, int]:
    """The result, the seconds, and the most memory in bytes."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (function, arguments))


def _measured(function, arguments) -> tuple[object, float, int]:
    started = time.monotonic()
    result = function(*arguments)
    return result, time.monotonic() - started, fuzzing.most_bytes()


def _shape(path: str) -> tuple[int, ...]:
    return extract(path, REPORT_SPEC).shape


def _silent_hours(path: Path, hours: float, rate: int) -> None:
    """FLAC keeps constant blocks in a few bytes: hours of (nearly) nothing are a small file."""
    block = np.zeros(rate * 60, dtype=np.int16)
    with soundfile.SoundFile(path, "w", rate, 1, format="FLAC", subtype="PCM_16") as file:
        noise = np.random.default_rng(0).integers(-3000, 3000, rate * 40).astype(np.int16)
        file.write(noise)
        for _ in range(round(hours * 60)):
            file.write(block)


@pytest.mark.parametrize(("hours", "rate"), [(3, 44_100), (72, 8_000)])
def test_a_long_file_costs_no_more_than_the_part_that_is_needed(hours: float, rate: int, tmp_path: Path):
    path = tmp_path / "long.flac"
    _silent_hours(path, hours, rate)
    shape, seconds, most = _in_a_process_of_its_own(_shape, str(path))
    assert shape == REPORT_SPEC.shape
    assert most < GB
    level, level_seconds, level_most = _in_a_process_of_its_own(level_db, str(path))
    assert isinstance(level, float)
    assert level_most < GB
    say(
        f"{hours} h in {path.stat().st_size / 1e6:.1f} MB: extracted in {seconds:.1f} s with {most / 1e6:.0f} MB,"
        f" its level measured in {level_seconds:.1f} s with {level_most / 1e6:.0f} MB"
    )


def _import(folder: str, table: str) -> dict[str, object]:
    return work_here(Workspace(Path(folder)), "import", {"files": [table], "source": "spotify"})


def test_a_table_of_two_gigabytes(tmp_path: Path):
    table, number = tmp_path / "large.csv", 0
    filler = "x" * 900
    with table.open("w") as file:
        file.write("title,artist,energy,comment\n")
        while file.tell() < 2 * GB:
            file.writelines(f"Song {n},Band {n // 7},0.5,{filler}\n" for n in range(number, number + 10_000))
            number += 10_000
    result, seconds, most = _in_a_process_of_its_own(_import, str(tmp_path / "w"), str(table))
    assert result["added"] == number
    say(f"2 GB CSV of {number:,} rows: imported in {seconds:.0f} s with {most / GB:.2f} GB")
