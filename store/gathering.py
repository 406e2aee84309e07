"""All that a plan of a training takes, from the catalogue."""

import hashlib
from dataclasses import dataclass

import pandas as pd

from songfeat import registry
from songfeat.examples import Examples
from songfeat.folds import folds
from songfeat.specs import Spec, get_spec
from songfeat.splits import split
from songfeat.tasks import Task, task_of
from songfeat.training import TrainedModel
from store import exclusions, parentage, training_data
from store.catalogue import Catalogue
from store.training_plan import Plan


@dataclass(frozen=True, kw_only=True, eq=False)
class Gathered:
    """What is trained, measured and predicted on.

    Attributes
    ----------
    task : Task
    spec : Spec or None
    examples : Examples
        All that has the inputs, to predict for.
    layout : pandas.DataFrame
        The part of each track that is trained or measured on, in one column, or in one a fold.
    excluded : pandas.Series
        The songs that could be learned from and are kept from it: the reason by track id.
    parents : dict of str to TrainedModel or None
        The models that the new one stands on, by role.
    """

    task: Task
    spec: Spec | None
    examples: Examples
    layout: pd.DataFrame
    excluded: pd.Series
    parents: dict[str, TrainedModel] | None

    @property
    def known(self) -> Examples:
        """The examples that are trained or measured on."""
        return self.examples.select(self.examples.tracks.index.isin(self.layout.index))

    @property
    def snapshot(self) -> pd.DataFrame:
        """All that is learned from and measured on, but arrays: those are named by the spec's digest."""
        known = self.known
        inputs = [frame.add_prefix("input_") for frame in (known.numeric, known.metadata) if frame is not None]
        return pd.concat([known.tracks, self.layout, known.targets, *inputs], axis=1)

    @property
    def digest(self) -> str:
        """Of the snapshot: other data, another digest."""
        hashes = pd.util.hash_pandas_object(self.snapshot)
        return hashlib.sha256(hashes.to_numpy().tobytes()).hexdigest()[:16]


def gather(catalogue: Catalogue, plan: Plan) -> Gathered:
    """Find what the plan says.

    Raises
    ------
    DataError
        If there is too little to learn from, or nothing to tell apart.
    ConfigError
        If a model's parents do not fit.
    """
    entry = registry.get(plan.model)
    task = task_of(entry, plan.targets)
    spec = None if plan.spec is None else get_spec(plan.spec)
    examples, usable = training_data.load(
        catalogue, inputs=entry.inputs_for(spec), targets=task.features, source=plan.source, spec=spec
    )
    excluded = exclusions.reasons(catalogue, usable.index[usable])
    usable &= ~usable.index.isin(excluded.index)
    training_data.check_enough(usable, plan.source)
    training_data.check_answers(task.right_answers(examples.targets[usable]), plan.source)
    ancestors = parentage.ancestry(catalogue, entry, plan.settings) if entry.parents else None
    return Gathered(
        task=task,
        spec=spec,
        examples=examples,
        excluded=excluded,
        layout=_layout(catalogue, plan, ancestors, examples.tracks[usable]),
        parents=parentage.load_parents(catalogue, ancestors) if ancestors else None,
    )


def _layout(
    catalogue: Catalogue, plan: Plan, ancestors: parentage.Ancestry | None, usable: pd.DataFrame
) -> pd.DataFrame:
    """The part of each track, in one column, or in one a fold."""
    if ancestors:
        return parentage.inherited_parts(catalogue, ancestors, usable).to_frame()
    if plan.cv:
        return folds(usable, k=plan.cv, by=plan.split, seed=plan.seed)  # type: ignore[arg-type]
    return split(usable, by=plan.split, seed=plan.seed).to_frame()  # type: ignore[arg-type]
