"""Whose reference values a run learns from: one source, or several of which each track takes the first that knows it.

The sources of a run are written as one name, such as ``"spotify + echonest"``, in their order.
"""

from collections.abc import Iterable, Sequence

import pandas as pd

from songfeat.errors import ConfigError
from songfeat.labels import NUMERIC_INPUTS
from store.catalogue import Catalogue

_JOINT = " + "

COMPLETE = " AND ".join(f"{name} IS NOT NULL" for name in NUMERIC_INPUTS)
"""Whether a row of reference values holds all numeric inputs, in SQL."""


def joined(sources: Iterable[str]) -> str:
    """Several sources as one name.

    Raises
    ------
    ConfigError
        If one is named twice.
    """
    names = list(sources)
    if twice := [name for name in names if names.count(name) > 1]:
        raise ConfigError(f"The source {twice[0]!r} is named twice.")
    return _JOINT.join(names)


def check_names(sources: Iterable[str]) -> None:
    """Refuse a name that :func:`parted` would take for several.

    Raises
    ------
    ConfigError
    """
    if doubtful := [name for name in sources if _JOINT in name]:
        raise ConfigError(
            f"A source may not hold {_JOINT!r} in its name, which joins the names of several: {doubtful[0]!r}."
        )


def parted(name: str) -> list[str]:
    """The sources of which :func:`joined` made a name."""
    return name.split(_JOINT)


def labels_query(
    targets: Sequence[str], inputs: Sequence[str], *, several: bool = True, among: str = "reference"
) -> str:
    """One row of reference values a track, from the first of ``$sources`` that has a value of a target, in SQL.

    For a model that sees numbers, a source that gives all of them comes before those that do not. Where `$sources`
    are not `several`, nothing has to be chosen, which is twice as fast. `among` may name a part of the reference
    values instead of all.
    """
    known = " OR ".join(f"{name} IS NOT NULL" for name in targets)
    if not several:
        return f"SELECT * FROM {among} WHERE list_contains($sources, source) AND ({known})"
    complete = f"({COMPLETE}) DESC, " if "numeric" in inputs else ""
    return (
        f"SELECT DISTINCT ON (track_id) * FROM {among} WHERE list_contains($sources, source) AND ({known})"
        f" ORDER BY track_id, {complete}list_position($sources, source)"
    )


def values_by_source(catalogue: Catalogue, features: Sequence[str]) -> dict[str, pd.DataFrame]:
    """The values that each source gives for these features: by source, a frame by track id of those with any."""
    known = " OR ".join(f"{name} IS NOT NULL" for name in features)
    with catalogue.lease() as db:
        table = db.execute(
            f"SELECT source, track_id, {', '.join(features)} FROM reference WHERE {known} ORDER BY source, track_id"
        ).df()
    return {str(source): rows.set_index("track_id")[list(features)] for source, rows in table.groupby("source")}
