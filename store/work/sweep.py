"""The job that searches over a model's settings, and trains the model once with the best that it found.

Every trial learns from the training part and is judged on the validation part:
its value is the mean over the targets of the mean absolute error, each divided
by that of always answering the training mean for the same tracks. 1 is no
better than that, 0 is perfect. The tracks of the test part are set aside before
the first trial, so the scores of the run at the end are as honest as those of
any other run. The value of the best trial is not: it is the best of many.

Settings are drawn by a tree-structured Parzen estimator (Bergstra et al.,
2011), after each epoch a trial is given up if it is worse than the median of
the trials before it was at that epoch (Golovin et al., 2017). The first trial
has the model's defaults. What a trial draws follows from the seed, its number
and the trials before it, so a search that was stopped goes on as if it had not.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from songfeat import registry
from songfeat.errors import ConfigError, DataError
from songfeat.examples import Examples
from songfeat.predictor import Predictor
from songfeat.registry import ModelEntry
from songfeat.search_space import Space, space_of, starting_point
from songfeat.specs import Spec
from songfeat.tasks import Task
from songfeat.training import TrainedModel, train_model
from songfeat.training_state import EpochRecord
from store import sweeps
from store.catalogue import Catalogue
from store.gathering import gather
from store.progress import Progress
from store.sweeps import Sweep, Trial
from store.training_plan import Plan, plan_of
from store.work import train
from store.workspace import Workspace

if TYPE_CHECKING:
    import optuna

_WARM_UP = 0.2
"""The part of the epochs before which no trial is given up: a small learning rate starts slowly."""


def run(workspace: Workspace, params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Search; `params`: `model`, `trials`, and optionally what a training takes; its `settings` are not searched."""
    catalogue = Catalogue(workspace)
    count = params["trials"]
    if not isinstance(count, int) or count < 1:
        raise ConfigError(f"trials must be a whole number, 1 or more, got {count!r}.")
    entry = registry.get(params["model"])
    space = space_of(entry, params.get("settings") or {})
    plan = plan_of(catalogue, params, progress)
    # The job's own id: the same when the job is run again.
    sweep_id = progress.folder.name
    trials = _search(catalogue, sweep_id, plan, entry, space, count, progress)
    best = sweeps.best(trials)
    if best is None:
        raise ConfigError(
            f"None of the {len(trials)} trials of {entry.name!r} was finished. The last one: {trials[-1].error}"
        )
    chosen = {
        "model": plan.model,
        "targets": list(plan.targets),
        "source": plan.source,
        "split": plan.split,
        "spec": plan.spec,
        "seed": plan.seed,
        "settings": {**plan.settings, **best.settings},
    }
    finished = train.run(workspace, chosen, progress)
    return {
        "sweep_id": sweep_id,
        "model": plan.model,
        "trials": [_shown(trial, "number", "settings", "value", "state", "seconds") for trial in trials],
        "best": _shown(best, "number", "settings", "value"),
        "run_id": finished["run_id"],
        "scores": finished["scores"],
    }


def _shown(trial: Trial, *names: str) -> dict[str, Any]:
    return {name: getattr(trial, name) for name in names}


@dataclass(frozen=True, kw_only=True, eq=False)
class _Ground:
    """What every trial learns from and is judged on; there are no tracks of the test part in it.

    Attributes
    ----------
    examples, parts
        Of the training and the validation part.
    right : pandas.DataFrame
        The right answers for the validation part.
    unit : pandas.Series
        By answer, the mean absolute error of always answering the training mean.
    digest : str
        Of the data.
    """

    task: Task
    spec: Spec | None
    examples: Examples
    parts: pd.Series
    parents: dict[str, TrainedModel] | None
    right: pd.DataFrame
    unit: pd.Series
    digest: str

    def value_of(self, trained: TrainedModel) -> float:
        predicted = Predictor(trained).predict(self.examples.select((self.parts == "val").to_numpy()))
        return self.relative((predicted - self.right).abs().mean())

    def relative(self, errors: pd.Series) -> float:
        """The mean of errors, each in its unit; answers of which nothing is known in the validation part are left."""
        return float((errors / self.unit).mean())


def _ground(catalogue: Catalogue, plan: Plan) -> _Ground:
    found = gather(catalogue, plan)
    parts = found.layout.iloc[:, 0]
    parts = parts[parts != "test"]
    known = found.examples.select(found.examples.tracks.index.isin(parts.index))
    right = found.task.pose(known).targets
    val = right[parts == "val"]
    unit = (val - right[parts == "train"].mean()).abs().mean()
    if not (unit > 0).any():
        raise DataError(
            f"The validation part has no values of {', '.join(plan.targets)} that differ from the training part's"
            " mean, so nothing can be compared on it."
        )
    return _Ground(
        task=found.task,
        spec=found.spec,
        examples=known,
        parts=parts,
        parents=found.parents,
        right=val,
        unit=unit[unit > 0],
        digest=found.digest,
    )


def _search(
    catalogue: Catalogue, sweep_id: str, plan: Plan, entry: ModelEntry, space: Space, count: int, progress: Progress
) -> list[Trial]:
    """All trials, those that ended before included."""
    progress.update(0, None, "gathering tracks")
    ground = _ground(catalogue, plan)
    trials = sweeps.begin(
        catalogue,
        Sweep(
            sweep_id=sweep_id,
            model=plan.model,
            targets=plan.targets,
            source=plan.source,
            split=plan.split,
            seed=plan.seed,
            spec=plan.spec,
            fixed=plan.settings,
            digest=_digest(ground, space),
        ),
    )
    train_config = entry.configure(plan.settings)[1]
    epochs = train_config.epochs if train_config else 1
    start = starting_point(entry, space)

    def tell(number: int, epoch: int) -> None:
        progress.update(number * epochs + epoch, count * epochs, f"searching settings of {plan.model}")

    for number in range(len(trials), count):
        tell(number, 0)
        study = _study(trials, space, seed=plan.seed, warm_up=round(_WARM_UP * epochs))
        if number == 0:
            study.enqueue_trial(start)
        trial = _attempt(study.ask(space), plan, ground, tell)
        sweeps.add(catalogue, sweep_id, trial)
        trials.append(trial)
    tell(count, 0)
    return trials


def _digest(ground: _Ground, space: Space) -> str:
    from optuna.distributions import distribution_to_json

    drawn = [f"{name}: {distribution_to_json(distribution)}" for name, distribution in space.items()]
    return hashlib.sha256("\n".join([ground.digest, *drawn]).encode()).hexdigest()[:16]


def _study(trials: list[Trial], space: Space, *, seed: int, warm_up: int) -> "optuna.Study":
    """A study that knows these trials and draws the next one; made anew for each, so that none depends on a stop."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    own_seed = np.random.SeedSequence([seed % 2**32, len(trials)]).generate_state(1)
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=int(own_seed[0])),
        pruner=optuna.pruners.MedianPruner(n_warmup_steps=warm_up),
    )
    states = {
        sweeps.DONE: optuna.trial.TrialState.COMPLETE,
        sweeps.PRUNED: optuna.trial.TrialState.PRUNED,
        sweeps.FAILED: optuna.trial.TrialState.FAIL,
    }
    study.add_trials(
        optuna.trial.create_trial(
            state=states[trial.state],
            value=trial.value,
            params=trial.settings,
            distributions=space,
            intermediate_values=dict(enumerate(trial.val_errors, start=1)),
        )
        for trial in trials
    )
    return study


def _attempt(asked: "optuna.Trial", plan: Plan, ground: _Ground, tell: Callable[[int, int], None]) -> Trial:
    """Train with the settings that were drawn, until the end or until it is not worth it."""
    import optuna

    started = time.monotonic()
    val_errors: list[float] = []

    def on_epoch(record: EpochRecord) -> None:
        tell(asked.number, record.epoch)
        val_errors.append(ground.relative(pd.Series(record.val_mae)))
        asked.report(val_errors[-1], record.epoch)
        if asked.should_prune():
            raise optuna.TrialPruned

    value = error = None
    try:
        trained = train_model(
            plan.model,
            ground.examples,
            ground.parts,
            targets=ground.task.features,
            spec=ground.spec,
            settings={**plan.settings, **asked.params},
            seed=plan.seed,
            parents=ground.parents,
            on_epoch=on_epoch,
        )
        value, state = ground.value_of(trained), sweeps.DONE
    except optuna.TrialPruned:
        state = sweeps.PRUNED
    except ConfigError as unfit:
        state, error = sweeps.FAILED, str(unfit)
    return Trial(
        number=asked.number,
        settings=asked.params,
        value=value,
        state=state,
        seconds=round(time.monotonic() - started, 3),
        error=error,
        val_errors=tuple(val_errors),
    )
