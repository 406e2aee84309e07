"""The job that trains whatever of the report's systems is not trained yet on the present data."""

from typing import Any

from songfeat import registry
from songfeat.errors import DataError
from songfeat.specs import get_spec
from store import report, runs, training_data
from store.catalogue import Catalogue
from store.gathering import gather
from store.progress import Progress, Within
from store.report_plan import SYSTEMS
from store.training_plan import plan_of
from store.work import extract, train
from store.workspace import Workspace


def run(workspace: Workspace, params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Train; `params` may hold `source` and `seed`.

    A system whose inputs or values the library lacks is left out, with the
    reason; those that stand on it are too.
    """
    catalogue = Catalogue(workspace)
    source = params.get("source") or _source(catalogue)
    seed = int(params.get("seed") or 0)
    left_out: dict[str, str] = {}
    trained = []
    for number, system in enumerate(SYSTEMS.values(), start=1):
        part = Within(progress, f"{number} of {len(SYSTEMS)}, {system.title}")
        missing = [SYSTEMS[key].title for key in system.parents.values() if key in left_out]
        if missing:
            left_out[system.key] = f"It stands on what is left out: {', '.join(missing)}."
            continue
        asked = report.training_of(system, source=source, seed=seed)
        try:
            _extract(workspace, asked, part)
            if _is_current(catalogue, asked, part):
                continue
            train.run(workspace, asked, part)
            trained.append(system.key)
        except DataError as error:
            left_out[system.key] = str(error)
    return {"source": source, "seed": seed, "trained": trained, "left_out": left_out}


def _source(catalogue: Catalogue) -> str:
    """The source with most tracks that can be heard; if there are none, with most numbers."""
    entry = registry.get(SYSTEMS["rnn_multi_task"].model)
    spec = get_spec(str(entry.default_spec))
    try:
        return training_data.choose_source(catalogue, inputs=entry.inputs, targets=entry.default_targets, spec=spec)
    except DataError:
        numeric = registry.get(SYSTEMS["numeric_sigmoid"].model)
        return training_data.choose_source(catalogue, inputs=numeric.inputs, targets=numeric.default_targets, spec=None)


def _extract(workspace: Workspace, asked: dict[str, Any], progress: Progress) -> None:
    """Make sure that the arrays are there; where they are, this takes no time."""
    spec = asked["spec"] or registry.get(asked["model"]).default_spec
    if spec is not None:
        extract.run(workspace, {"spec": spec}, progress)


def _is_current(catalogue: Catalogue, asked: dict[str, Any], progress: Progress) -> bool:
    """Whether it is trained already, on the present data."""
    known = runs.all_runs(catalogue).set_index("run_id")
    if asked["run_id"] not in known.index:
        return False
    plan = plan_of(catalogue, asked, progress)
    return bool(known.loc[asked["run_id"], "data_digest"] == gather(catalogue, plan).digest)
