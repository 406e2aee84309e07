"""The finished runs that a training stands on, and the split that follows from theirs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from songfeat.errors import ConfigError, DataError
from songfeat.registry import ModelEntry
from songfeat.splits import PARTS, artist_groups
from store import runs
from store.catalogue import Catalogue
from store.prediction import open_run

if TYPE_CHECKING:
    from songfeat.training import TrainedModel

_SHARED = ("source", "split", "seed")
"""What parents have in common, and what stands on them takes over."""


@dataclass(frozen=True, kw_only=True)
class Ancestry:
    """The runs that a model stands on.

    Attributes
    ----------
    runs : mapping of str to str
        Their ids by role.
    source, split, seed, spec
        Theirs, and therefore the model's own; `spec` is a name, None if none of them hears.
    """

    runs: Mapping[str, str]
    source: str
    split: str
    seed: int
    spec: str | None

    def agree(self, params: Mapping[str, Any]) -> None:
        """Refuse what was asked for if the parents have it otherwise.

        Raises
        ------
        ConfigError
            If a parameter is given and differs.
        """
        for name in (*_SHARED, "spec"):
            own, asked = getattr(self, name), params.get(name)
            if asked is not None and asked != own:
                raise ConfigError(
                    f"{name} {asked!r} does not fit: the runs that this model stands on have {own!r}, and it shares"
                    " that with them. Leave it out, or choose other runs."
                )


def ancestry(catalogue: Catalogue, entry: ModelEntry, settings: Mapping[str, str]) -> Ancestry:
    """The runs that the settings name for each role of a model's parents.

    Raises
    ------
    ConfigError
        If a role has no run, or the runs do not share source, split and seed.
    UnknownName
        If there is no such run.
    """
    config = entry.configure(settings)[0]
    named = {role: getattr(config, role) for role in entry.parents}
    if missing := [role for role, run_id in named.items() if not run_id]:
        raise ConfigError(
            f"The model {entry.name!r} stands on trained models, but it is not said which:"
            f" {' and '.join(missing)}. Name finished runs: {' '.join(f'--set {role}=RUN' for role in entry.parents)}."
            f" There are: {_fitting(catalogue, entry)}."
        )
    found = {role: runs.get(catalogue, run_id) for role, run_id in named.items()}
    if several := [run_id for role, run_id in named.items() if pd.notna(found[role]["folds"])]:
        raise ConfigError(
            f"The run {several[0]} is a cross-validation: it has a model for each fold, and none to stand on. Name a"
            " run of one split."
        )
    first = next(iter(found.values()))
    for name in _SHARED:
        if len({str(run[name]) for run in found.values()}) > 1:
            each = ", ".join(f"{role} has {run[name]}" for role, run in found.items())
            raise ConfigError(f"The runs that {entry.name!r} stands on must share their {name}: {each}.")
    specs = [str(run["spec"]) for run in found.values() if run["spec"]]
    return Ancestry(
        runs=named,
        source=str(first["source"]),
        split=str(first["split"]),
        seed=int(first["seed"]),
        spec=specs[0] if specs else None,
    )


def fitting(catalogue: Catalogue, kinds: Collection[str]) -> list[str]:
    """The runs that see one of these kinds and nothing else, so that a model can stand on them; newest first."""
    table = runs.all_runs(catalogue)
    fits = table["inputs"].map(lambda inputs: len(inputs) == 1 and inputs[0] in kinds) & table["folds"].isna()
    return list(table[fits]["run_id"])


def _fitting(catalogue: Catalogue, entry: ModelEntry) -> str:
    found = fitting(catalogue, set(entry.parents.values()))
    return ", ".join(found[:6]) or "none yet, so train a network of each kind first"


def load_parents(catalogue: Catalogue, ancestors: Ancestry) -> "dict[str, TrainedModel]":
    """The trained models, by role; raises as :func:`store.prediction.open_run` does."""
    return {role: open_run(catalogue, run_id).trained for role, run_id in ancestors.runs.items()}


def inherited_parts(catalogue: Catalogue, ancestors: Ancestry, tracks: pd.DataFrame) -> pd.Series:
    """The part of each track, such that nothing that a parent learnt from is tuned on or tested on.

    A group (an artist, or a track where the split is random) is trained on if
    any parent trained on one of its tracks, else tuned on if any parent was
    tuned by one. Tracks that no parent knew are missing.

    Raises
    ------
    DataError
        If that leaves a part without tracks.
    """
    with catalogue.lease() as db:
        known = db.execute(
            """
            SELECT track_id, min(list_position($parts, split)) AS place FROM predictions
            WHERE list_contains($runs, run_id) AND list_contains($parts, split) GROUP BY track_id""",
            {"parts": list(PARTS), "runs": list(ancestors.runs.values())},
        ).df()
    places = known.set_index("track_id")["place"].reindex(tracks.index)
    groups = artist_groups(tracks["artist"]) if ancestors.split == "artist" else tracks.index.to_series()
    shared = places.groupby(groups.to_numpy()).transform("min").dropna()
    parts = shared.map(dict(enumerate(PARTS, start=1))).rename("part")
    if missing := [part for part in PARTS if part not in set(parts)]:
        raise DataError(
            f"No track with all inputs is left for the part {missing[0]!r} once those that the runs"
            f" {' and '.join(ancestors.runs.values())} learnt from are set aside."
        )
    return parts
