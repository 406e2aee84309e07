"""Two processes that train together, started as a person would, against one that trains alone."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from store.catalogue import Catalogue
from store.merge import merge
from store.worker import work_here
from store.workspace import Workspace
from tests.test_train import table

TOGETHER = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "songfeat"]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace.locate(tmp_path / "w")
    with Catalogue(workspace).lease(write=True) as db:
        merge(db, table())
    return workspace


def command(workspace: Workspace, *settings: str) -> list[str]:
    sets = [part for setting in settings for part in ("--set", setting)]
    return [*TOGETHER, "--workspace", str(workspace.folder), "--json", "train", "numeric_mlp", *sets]


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[1])}


def predictions(workspace: Workspace, run_id: str) -> pd.DataFrame:
    return pd.read_parquet(workspace.runs / run_id / "predictions.parquet").set_index("track_id").drop(columns="split")


@pytest.mark.slow
def test_two_processes_give_what_one_gives(workspace: Workspace):
    settings = {"epochs": "6", "batch_size": "33"}
    alone = work_here(workspace, "train", {"model": "numeric_mlp", "settings": settings})
    done = subprocess.run(
        command(workspace, *(f"{name}={value}" for name, value in settings.items())),
        capture_output=True, text=True, env=environment(), timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    together = json.loads(done.stdout)  # one document: only the first process prints
    np.testing.assert_allclose(
        predictions(workspace, together["run_id"]), predictions(workspace, alone["run_id"]), atol=2e-5
    )
    history = [json.loads(line) for line in (workspace.runs / together["run_id"] / "history.jsonl").open()]
    assert [record["epoch"] for record in history] == list(range(1, 7))


@pytest.mark.slow
def test_the_others_stop_when_one_is_killed_and_the_training_goes_on_from_there(workspace: Workspace):
    settings = ("epochs=3000", "patience=3000", "batch_size=8")
    begun = subprocess.Popen(
        command(workspace, *settings),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), start_new_session=True,
    )  # fmt: skip
    try:
        state = wait_for(lambda: next(workspace.runs.glob("*/state.safetensors"), None), begun)
        children = subprocess.run(["pgrep", "-P", str(begun.pid)], capture_output=True, text=True, check=True)
        os.kill(int(children.stdout.split()[-1]), signal.SIGKILL)
        assert begun.wait(timeout=60) != 0
    finally:
        if begun.poll() is None:
            os.killpg(begun.pid, signal.SIGKILL)
    run_id = state.parent.name
    before = len((state.parent / "history.jsonl").read_text().splitlines())
    params = {"model": "numeric_mlp", "run_id": run_id, "settings": dict(one.split("=") for one in settings)}
    resumed = work_here_until(workspace, params, before + 2)
    assert resumed[:before] == list(range(1, before + 1))
    assert len(resumed) >= before + 2


def wait_for(found, process: subprocess.Popen):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()[1]
        if (result := found()) is not None:
            return result
        time.sleep(0.05)
    raise AssertionError("nothing came")


def work_here_until(workspace: Workspace, params: dict, epochs: int) -> list[int]:
    """Go on, until so many epochs are done; gives the epochs that are told of."""
    from store.progress import Cancelled

    path = workspace.runs / params["run_id"] / "history.jsonl"

    def listener(step) -> None:
        if step.done >= epochs:
            raise Cancelled

    with pytest.raises(Cancelled):
        work_here(workspace, "train", params, listener=listener)
    return [json.loads(line)["epoch"] for line in path.read_text().splitlines()]
