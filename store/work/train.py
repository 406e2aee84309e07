"""The job that trains one model, measures it and predicts for every track that has its inputs."""

import json
import shutil
import time
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from songfeat import checkpoint, distributed, registry
from songfeat.errors import DataError
from songfeat.files import whole_file
from songfeat.folds import folds_in
from songfeat.training import TrainedModel, train_model
from store import exclusions, run_record, runs, training_folder
from store.answers import records
from store.catalogue import Catalogue
from store.cross_validation import train_folds
from store.gathering import Gathered, gather
from store.measuring import headline, measured
from store.progress import Progress
from store.training_folder import Outcome, Training, train_once
from store.training_plan import Plan, plan_of
from store.workspace import Workspace, read_json, write_json


def run(workspace: Workspace, params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Train.

    `params`: `model`, and optionally `targets`, `source` (or several, of which
    each track takes the first that knows it), `split`, `cv` (the number of
    folds of a cross-validation), `spec`, `seed`, `settings`, `run_id`.
    """
    started = time.monotonic()
    catalogue = Catalogue(workspace)
    plan = plan_of(catalogue, params, progress)
    folder = workspace.runs / plan.run_id
    progress.update(0, None, "gathering tracks")
    found = gather(catalogue, plan)
    _open_folder(folder, plan, found)
    training = _training(plan, found)
    distributed.share(json.dumps({**asdict(plan), "data_digest": training.digest}))
    with training_folder.status(folder):
        outcome = train_folds(folder, training, progress) if plan.cv else train_once(folder, training, progress)
        described = _described(plan, outcome, digest=training.digest, seconds=time.monotonic() - started)
        finished = measured(catalogue, described, training, outcome, progress)
        top = headline(finished.scores)
        if not plan.cv:
            checkpoint.save(folder, outcome.trained, split=training.split, data_digest=training.digest, scores=top)
        run_record.keep(folder, finished)
        with catalogue.lease(write=True) as db:
            runs.save(db, finished)
            exclusions.record_run(db, plan.run_id, found.excluded)
    training_folder.forget_state(folder)
    return {"run_id": plan.run_id, "status": "done", "scores": records(top)}


def assist(workspace: Workspace) -> str:
    """Take the share of another process than the first in a training that the first one has planned; gives the run id.

    Raises
    ------
    ProcessLost
        If the first one has stopped.
    DataError
        If it has other data.
    """
    shared = json.loads(distributed.share(""))
    digest = shared.pop("data_digest")
    plan = Plan(**{**shared, "targets": tuple(shared["targets"])})
    found = gather(Catalogue(workspace), plan)
    if found.digest != digest:
        raise DataError(
            f"The catalogue in {workspace.folder} changed while the processes gathered tracks; start again."
        )
    training_folder.assist(workspace.runs / plan.run_id, _training(plan, found))
    return plan.run_id


def _training(plan: Plan, found: Gathered) -> Training:
    train_config = registry.get(plan.model).configure(plan.settings)[1]
    return Training(
        task=found.task,
        examples=found.examples,
        layout=found.layout,
        fit=partial(
            train_model,
            plan.model,
            found.known,
            targets=found.task.features,
            spec=found.spec,
            settings=plan.settings,
            seed=plan.seed,
            parents=found.parents,
        ),
        epochs=train_config.epochs if train_config else None,
        stage=f"training {plan.model}",
        split={"by": plan.split, "seed": plan.seed},
        digest=found.digest,
    )


def _open_folder(folder: Path, plan: Plan, found: Gathered) -> None:
    """Make the run's folder, or find it as this plan left it.

    What another plan or other data left there is of no use to this one.
    """
    config = json.loads(json.dumps({**asdict(plan), "data_digest": found.digest}))
    path = folder / "config.json"
    if path.exists() and read_json(path) == config:
        return
    folder.mkdir(parents=True, exist_ok=True)
    training_folder.forget_state(folder)
    for fold in folds_in(folder):
        shutil.rmtree(fold)
    with whole_file(folder / "snapshot.parquet") as temporary:
        found.snapshot.to_parquet(temporary)
    write_json(path, config)


def _described(plan: Plan, outcome: Outcome, *, digest: str, seconds: float) -> dict[str, Any]:
    """What a run was, but for what is found by measuring."""
    trained = outcome.trained
    spec = trained.preparation.spec
    return {
        "run_id": plan.run_id,
        "model": plan.model,
        "inputs": list(trained.preparation.inputs),
        "targets": list(trained.targets),
        "source": plan.source,
        "split": plan.split,
        "seed": plan.seed,
        "spec": plan.spec,
        "spec_digest": spec.digest if spec else None,
        "config": json.dumps(_settings(trained)),
        "data_digest": digest,
        "epochs": outcome.epochs,
        "seconds": round(seconds, 3),
        "folds": plan.cv,
        "finished_at": datetime.now().isoformat(),
    }


def _settings(trained: TrainedModel) -> dict[str, Any]:
    """Everything that was or could have been chosen, by name."""
    return {**asdict(trained.config), **(asdict(trained.train_config) if trained.train_config else {})}
