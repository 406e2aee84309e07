"""The job that trains one model, measures it and predicts for every track that has its inputs."""

import hashlib
import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from songfeat import checkpoint, registry
from songfeat.errors import ConfigError
from songfeat.examples import Examples
from songfeat.files import whole_file
from songfeat.labels import NUMERIC_INPUTS
from songfeat.predictor import Predictor
from songfeat.specs import get_spec
from songfeat.splits import PARTS, split
from songfeat.tasks import Task, task_of
from songfeat.training import TrainedModel, train_model
from songfeat.training_state import EpochRecord, TrainingState
from store import parentage, runs, training_data
from store.answers import records
from store.catalogue import Catalogue
from store.progress import Progress
from store.training_history import RUN_ID_FILE
from store.workspace import Workspace, read_json, write_json

OTHER = "other"
"""The part of tracks that are predicted for, but neither trained nor measured on."""

_STATE_FILE = "state.safetensors"


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """What is to be trained, on what; the same plan again goes on where it stopped."""

    run_id: str
    model: str
    targets: tuple[str, ...]
    source: str
    split: str
    seed: int
    spec: str | None
    settings: dict[str, str]


def run(workspace: Workspace, params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Train; `params`: `model`, and optionally `targets`, `source`, `split`, `spec`, `seed`, `settings`, `run_id`."""
    started = time.monotonic()
    catalogue = Catalogue(workspace)
    plan = _plan(catalogue, params, progress)
    entry = registry.get(plan.model)
    task = task_of(entry, plan.targets)
    spec = None if plan.spec is None else get_spec(plan.spec)
    train_config = entry.configure(plan.settings)[1]
    stage = f"training {plan.model}"
    progress.update(0, None, "gathering tracks")
    examples, usable = training_data.load(
        catalogue, inputs=entry.inputs_for(spec), targets=task.features, source=plan.source, spec=spec
    )
    training_data.check_enough(usable, plan.source)
    ancestors = parentage.ancestry(catalogue, entry, plan.settings) if entry.parents else None
    if ancestors is None:
        known = examples.select(usable.to_numpy())
        parts = split(known.tracks, by=plan.split, seed=plan.seed)  # type: ignore[arg-type]
    else:
        parts = parentage.inherited_parts(catalogue, ancestors, examples.tracks[usable])
        known = examples.select(examples.tracks.index.isin(parts.index))
    folder = workspace.runs / plan.run_id
    digest = _open_folder(folder, plan, _snapshot(known, parts))
    history: list[EpochRecord] = []

    def on_epoch(record: EpochRecord) -> None:
        history.append(record)
        _write_history(folder, history)
        progress.update(record.epoch, train_config.epochs if train_config else None, stage)

    with _status(folder):
        resume = _resume(folder, history)
        progress.update(len(history), train_config.epochs if train_config else None, stage)
        trained = train_model(
            plan.model,
            known,
            parts,
            targets=task.features,
            spec=spec,
            settings=plan.settings,
            seed=plan.seed,
            parents=parentage.load_parents(catalogue, ancestors) if ancestors else None,
            on_epoch=on_epoch,
            on_state=lambda state: state.save(folder / _STATE_FILE),
            resume=resume,
        )
        seconds = time.monotonic() - started
        finished = _measure(plan, task, trained, examples, parts, progress, digest=digest, seconds=seconds)
        checkpoint.save(
            folder,
            trained,
            split={"by": plan.split, "seed": plan.seed},
            data_digest=digest,
            scores=finished.scores.query("split == 'test' and genre == 'all'"),
        )
        with whole_file(folder / "predictions.parquet") as temporary:
            finished.predictions.to_parquet(temporary, index=False)
        with catalogue.lease(write=True) as db:
            runs.save(db, finished)
    (folder / _STATE_FILE).unlink(missing_ok=True)
    headline = finished.scores.query("split == 'test' and genre == 'all'")
    return {"run_id": plan.run_id, "status": "done", "scores": records(headline)}


def _plan(catalogue: Catalogue, params: dict[str, Any], progress: Progress) -> _Plan:
    entry = registry.get(params["model"])
    targets = task_of(entry, params.get("targets") or None).features
    settings = {str(key): str(value) for key, value in (params.get("settings") or {}).items()}
    entry.configure(settings)
    if entry.parents:
        ancestors = parentage.ancestry(catalogue, entry, settings)
        ancestors.agree(params)
        params = {**params, **{name: getattr(ancestors, name) for name in ("source", "split", "seed", "spec")}}
    spec_name = None if entry.sound is None else params.get("spec") or entry.default_spec
    spec = None if spec_name is None else get_spec(spec_name)
    if "numeric" in entry.inputs and (both := [name for name in targets if name in NUMERIC_INPUTS]):
        raise ConfigError(f"The model {entry.name!r} is told {', '.join(both)}, so that it cannot be asked for it too.")
    source = params.get("source") or training_data.choose_source(
        catalogue, inputs=entry.inputs_for(spec), targets=targets, spec=spec
    )
    return _Plan(
        run_id=params.get("run_id") or _run_id(progress.folder, entry.name),
        model=entry.name,
        targets=targets,
        source=source,
        split=params.get("split") or "artist",
        seed=int(params.get("seed") or 0),
        spec=spec_name,
        settings=settings,
    )


def _run_id(job: Path, model: str) -> str:
    """The id of the run that belongs to a job: the same when the job is run again."""
    path = job / RUN_ID_FILE
    if not path.exists():
        with whole_file(path) as temporary:
            temporary.write_text(f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{model}-{uuid.uuid4().hex[:4]}")
    return path.read_text()


def _snapshot(known: Examples, parts: pd.Series) -> pd.DataFrame:
    """All that is learned from and measured on, but arrays: those are named by the spec's digest."""
    numeric = [] if known.numeric is None else [known.numeric.add_prefix("input_")]
    return pd.concat([known.tracks, parts.rename("part"), known.targets, *numeric], axis=1)


def _open_folder(folder: Path, plan: _Plan, snapshot: pd.DataFrame) -> str:
    """Make the run's folder, or find it as this plan left it; gives the digest of the data.

    What another plan or other data left there is of no use to this one.
    """
    digest = hashlib.sha256(pd.util.hash_pandas_object(snapshot).to_numpy().tobytes()).hexdigest()[:16]
    config = json.loads(json.dumps({**asdict(plan), "data_digest": digest}))
    path = folder / "config.json"
    if not path.exists() or read_json(path) != config:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _STATE_FILE).unlink(missing_ok=True)
        with whole_file(folder / "snapshot.parquet") as temporary:
            snapshot.to_parquet(temporary)
        write_json(path, config)
    return digest


def _resume(folder: Path, history: list[EpochRecord]) -> TrainingState | None:
    path = folder / _STATE_FILE
    if not path.exists():
        return None
    state = TrainingState.load(path)
    history.extend(state.history)
    return state


def _write_history(folder: Path, history: list[EpochRecord]) -> None:
    with whole_file(folder / "history.jsonl") as temporary:
        temporary.write_text("".join(json.dumps(asdict(record)) + "\n" for record in history))


@contextmanager
def _status(folder: Path) -> Iterator[None]:
    write_json(folder / "status.json", {"state": "running"})
    try:
        yield
    except BaseException as error:
        write_json(folder / "status.json", {"state": "stopped", "reason": type(error).__name__})
        raise
    write_json(folder / "status.json", {"state": "done"})


def _measure(
    plan: _Plan,
    task: Task,
    trained: TrainedModel,
    examples: Examples,
    parts: pd.Series,
    progress: Progress,
    *,
    digest: str,
    seconds: float,
) -> runs.FinishedRun:
    progress.update(0, 1 + len(PARTS), "measuring")
    predicted = Predictor(trained).predict(examples)
    right = task.pose(examples).targets
    train = right.loc[parts.index[parts == "train"]]
    tables = []
    for done, part in enumerate(PARTS, start=1):
        progress.update(done, 1 + len(PARTS), "measuring")
        chosen = parts.index[parts == part]
        scores = task.evaluate(predicted.loc[chosen], right.loc[chosen], train, tracks=examples.tracks.loc[chosen])
        tables.append(scores.assign(split=part))
    test = parts.index[parts == "test"]
    sizes = parts.value_counts()
    spec = trained.preparation.spec
    return runs.FinishedRun(
        run={
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
            **{f"n_{part}": int(sizes[part]) for part in PARTS},
            "epochs": len(trained.history),
            "seconds": round(seconds, 3),
            "near_constant": list(task.near_constant(predicted.loc[test], right.loc[test])),
        },
        scores=pd.concat(tables, ignore_index=True),
        predictions=predicted.assign(split=parts.reindex(predicted.index).fillna(OTHER)).reset_index(),
    )


def _settings(trained: TrainedModel) -> dict[str, Any]:
    """Everything that was or could have been chosen, by name."""
    return {**asdict(trained.config), **(asdict(trained.train_config) if trained.train_config else {})}
