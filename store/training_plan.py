"""What is to be trained, on what: all that a person may leave open is decided here."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from songfeat import registry
from songfeat.errors import ConfigError
from songfeat.files import whole_file
from songfeat.labels import NUMERIC_INPUTS
from songfeat.specs import get_spec
from songfeat.tasks import task_of
from store import exclusions, label_sources, parentage, training_data
from store.catalogue import Catalogue
from store.progress import Progress
from store.training_history import RUN_ID_FILE


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be trained, on what; the same plan again goes on where it stopped."""

    run_id: str
    model: str
    targets: tuple[str, ...]
    source: str
    split: str
    seed: int
    spec: str | None
    settings: dict[str, str]
    cv: int | None = None


def plan_of(catalogue: Catalogue, params: dict[str, Any], progress: Progress) -> Plan:
    entry = registry.get(params["model"])
    targets = task_of(entry, params.get("targets") or None).features
    settings = {str(key): str(value) for key, value in (params.get("settings") or {}).items()}
    entry.configure(settings)
    sources = params.get("source")
    if not isinstance(sources, str | None):
        params = {**params, "source": label_sources.joined(sources)}
    if entry.parents:
        if params.get("cv"):
            raise ConfigError(
                f"The model {entry.name!r} takes over the split of the runs that it stands on, so that it cannot be"
                " cross-validated."
            )
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
    exclusions.check_sources(catalogue, label_sources.parted(source))
    return Plan(
        run_id=params.get("run_id") or _run_id(progress.folder, entry.name),
        model=entry.name,
        targets=targets,
        source=source,
        split=params.get("split") or "artist",
        seed=int(params.get("seed") or 0),
        spec=spec_name,
        settings=settings,
        cv=int(params["cv"]) if params.get("cv") else None,
    )


def _run_id(job: Path, model: str) -> str:
    """The id of the run that belongs to a job: the same when the job is run again."""
    path = job / RUN_ID_FILE
    if not path.exists():
        with whole_file(path) as temporary:
            temporary.write_text(f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{model}-{uuid.uuid4().hex[:4]}")
    return path.read_text()
