"""Jobs: in a process of their own, cancellable, found lost when killed, resumed where they stopped."""

import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from songfeat.errors import JobError, TableError, UnknownName, WorkspaceError
from songfeat.specs import get_spec
from store import jobs
from store.catalogue import Catalogue
from store.progress import Cancelled, Progress
from store.shards import Shards
from store.worker import work_here
from store.workspace import Workspace

CLIPS = 40


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.locate(tmp_path / "w")


@pytest.fixture
def scanned(workspace: Workspace, tmp_path: Path) -> Workspace:
    """A workspace with clips that take a while to extract."""
    folder, rng = tmp_path / "music", np.random.default_rng(0)
    folder.mkdir()
    noise = rng.normal(0, 0.1, 20 * 44_100).astype(np.float32)
    for number in range(CLIPS):
        soundfile.write(folder / f"Band - Song {number}.flac", np.roll(noise, number * 100), 44_100)
    assert work_here(workspace, "scan", {"folder": str(folder)})["added"] == CLIPS
    return workspace


def wait_for(condition, seconds: float = 60.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("what was waited for did not happen")


def test_a_job_runs_in_a_process_of_its_own_and_tells_how_far_it_is(scanned: Workspace):
    job_id = jobs.launch(scanned, "extract", {"jobs": 1}, title="Extract")
    done = wait_for(lambda: (job := jobs.get(scanned, job_id)).state == "done" and job)
    assert done.result is not None
    assert done.result["extracted"] == CLIPS
    assert done.step is not None
    assert (done.step.done, done.step.total) == (CLIPS, CLIPS)
    assert [job.job_id for job in jobs.jobs(scanned, kind="extract")] == [job_id]
    assert jobs.live(scanned) == []
    with pytest.raises(JobError, match="nothing left to do"):
        jobs.start(scanned, job_id)


@pytest.mark.slow
def test_a_killed_job_is_lost_and_resumes_without_doubling(scanned: Workspace):
    job_id = jobs.launch(scanned, "extract", {"jobs": 1})
    folder = scanned.jobs / job_id
    wait_for(lambda: (step := jobs.get(scanned, job_id).step) and step.done >= 2)
    kill_worker(folder)
    lost = wait_for(lambda: (job := jobs.get(scanned, job_id)).state == "lost" and job)
    assert not lost.live
    shards = Shards(scanned, get_spec("report"))
    jobs.start(scanned, job_id)
    done = wait_for(lambda: (job := jobs.get(scanned, job_id)).state == "done" and job)
    assert done.result is not None
    assert done.result["failed"] == 0
    assert len(shards.known()) == CLIPS
    assert not [path for path in shards.folder.iterdir() if path.name.startswith(".") and path.stat().st_size == 0]


def kill_worker(folder: Path) -> None:
    """SIGKILL the process that works at a job, found as a scheduler would: by its command line."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                command = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if str(folder).encode() in command:
                os.kill(int(process.name), signal.SIGKILL)
                return
    raise AssertionError("there is no such worker")


def test_a_cancelled_job_stops_and_can_go_on(scanned: Workspace):
    job_id = jobs.launch(scanned, "extract", {"jobs": 1})
    wait_for(lambda: jobs.get(scanned, job_id).step)
    jobs.cancel(scanned, job_id)
    wait_for(lambda: jobs.get(scanned, job_id).state == "cancelled")
    with pytest.raises(JobError, match="nothing to cancel"):
        jobs.cancel(scanned, job_id)
    jobs.start(scanned, job_id)
    wait_for(lambda: jobs.get(scanned, job_id).state == "done")
    assert len(Shards(scanned, get_spec("report")).known()) == CLIPS


def test_extracting_again_does_nothing(scanned: Workspace):
    assert work_here(scanned, "extract", {})["extracted"] == CLIPS
    assert work_here(scanned, "extract", {})["extracted"] == 0


def test_a_failure_is_told_in_words(workspace: Workspace, tmp_path: Path):
    with pytest.raises(TableError, match="no folder"):
        work_here(workspace, "scan", {"folder": str(tmp_path / "nowhere")})
    (job,) = jobs.jobs(workspace)
    assert job.state == "failed"
    assert job.error == {"type": "TableError", "message": f"There is no folder {tmp_path / 'nowhere'}."}


def test_two_cannot_work_at_one_job(scanned: Workspace):
    job_id = jobs.create(scanned, "extract", {})
    with jobs.alive(scanned.jobs / job_id), pytest.raises(JobError, match="running already"):
        jobs.start(scanned, job_id)


def test_unknown_jobs_and_paths_are_refused(workspace: Workspace):
    job_id = jobs.create(workspace, "extract", {})
    with pytest.raises(UnknownName, match=job_id):
        jobs.get(workspace, "nonsense")
    for name in ("../x", "", "a/b"):
        with pytest.raises(WorkspaceError, match="no name of a job"):
            jobs.get(workspace, name)


def test_a_half_written_line_of_progress_is_no_step(workspace: Workspace):
    job_id = jobs.create(workspace, "extract", {})
    progress = Progress(workspace.jobs / job_id)
    progress.update(1, 10, "working")
    with (workspace.jobs / job_id / "progress.jsonl").open("a") as file:
        file.write('{"done": 2, "tot')
    step = jobs.get(workspace, job_id).step
    assert step is not None
    assert step.done == 1


def test_progress_gives_pace_and_time_left(workspace: Workspace):
    steps = []
    progress = Progress(workspace.jobs / jobs.create(workspace, "extract", {}), steps.append)
    for done in range(0, 31, 10):
        progress.update(done, 30, "working")
        time.sleep(0.3)
    assert steps[0].rate is None
    assert steps[-1].done == 30
    assert steps[-1].rate == pytest.approx(30 / (steps[-1].elapsed_s - steps[0].elapsed_s), rel=0.01)
    assert steps[-1].eta_s == 0
    assert steps[1].eta_s == pytest.approx((30 - 10) / steps[1].rate)


def test_progress_learns_that_it_should_stop(workspace: Workspace):
    folder = workspace.jobs / jobs.create(workspace, "extract", {})
    (folder / "cancel").touch()
    with pytest.raises(Cancelled):
        Progress(folder).update(1)


def test_a_catalogue_in_an_unknown_state_is_no_job(workspace: Workspace):
    """What else lies in the folder of jobs is left alone."""
    Catalogue(workspace).version()
    (workspace.jobs / "notes").mkdir()
    (workspace.jobs / "notes" / "readme.json").write_text(json.dumps({}))
    assert jobs.jobs(workspace) == []
