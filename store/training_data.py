"""From catalogue and shards to the examples that a model is trained on and predicts for."""

import numpy as np
import pandas as pd

from songfeat.errors import DataError
from songfeat.examples import Examples
from songfeat.labels import NUMERIC_INPUTS
from songfeat.specs import Spec
from store.catalogue import Catalogue
from store.readiness import tracks_by_source
from store.shards import Shards

MINIMUM_TRACKS = 50


def load(
    catalogue: Catalogue,
    *,
    inputs: tuple[str, ...],
    targets: tuple[str, ...],
    source: str,
    spec: Spec | None,
) -> tuple[Examples, pd.Series]:
    """Every track that has the inputs, with the values that `source` gives for the targets.

    Parameters
    ----------
    catalogue : Catalogue
    inputs : tuple of str
        The kinds that a model needs: ``"numeric"``, that of the spec.
    targets : tuple of str
    source : str
        Whose values to learn. Numeric inputs of a track are this source's too
        where it has them, else another's.
    spec : Spec or None
        What arrays are computed to; None for a model that hears nothing.

    Returns
    -------
    examples : songfeat.examples.Examples
        Targets are NaN where `source` says nothing.
    usable : pandas.Series of bool
        By track id, which of them can be learned from: those with at least
        one target, whose numeric inputs are of the same source.
    """
    tracks = _tracks(catalogue, source, targets)
    numeric = own = None
    if "numeric" in inputs:
        numeric = _numeric(catalogue, source)
        tracks = tracks.join(numeric[["own"]], how="inner")
        own = tracks.pop("own").astype(bool)
    arrays = {}
    if spec is not None and spec.kind in inputs:
        clips = _clips(catalogue)
        found = Shards(catalogue.workspace, spec).load(clips)
        with_array = clips[clips.isin(list(found))]
        tracks = tracks[tracks.index.isin(with_array.index)]
        digests = with_array.loc[tracks.index]
        arrays[spec.kind] = _stack(found, digests, spec)
    usable = tracks[list(targets)].notna().any(axis=1)
    if own is not None:
        usable &= own.loc[tracks.index]
    examples = Examples(
        tracks=tracks[["artist", "genre"]],
        targets=tracks[list(targets)],
        numeric=None if numeric is None else numeric.loc[tracks.index, list(NUMERIC_INPUTS)],
        arrays=arrays,
    )
    return examples, usable


def choose_source(catalogue: Catalogue, *, inputs: tuple[str, ...], targets: tuple[str, ...], spec: Spec | None) -> str:
    """The source from which a model with these inputs can learn from most tracks.

    Raises
    ------
    DataError
        If there is none with enough tracks; the message says what is missing.
    """
    counts = tracks_by_source(catalogue, inputs=inputs, targets=targets, spec=spec)
    if counts.empty:
        hears = spec is not None and spec.kind in inputs
        needs = "clips with extracted arrays" if hears else f"all of {', '.join(NUMERIC_INPUTS)}"
        raise DataError(
            f"No source has tracks with {needs} and a value of {' or '.join(targets)}. Import a table"
            f"{', scan a folder and extract its clips' if hears else ''} first."
        )
    return str(counts["source"].iloc[0])


def check_enough(usable: pd.Series, source: str) -> None:
    """Refuse to train on a handful of tracks.

    Raises
    ------
    DataError
        If fewer than :data:`MINIMUM_TRACKS` can be learned from.
    """
    if (count := int(usable.sum())) < MINIMUM_TRACKS:
        raise DataError(
            f"The source {source!r} has {count} tracks with all the inputs and a target; at least {MINIMUM_TRACKS}"
            " are needed to train and to measure."
        )


def _tracks(catalogue: Catalogue, source: str, targets: tuple[str, ...]) -> pd.DataFrame:
    with catalogue.lease() as db:
        table = db.execute(
            f"""
            SELECT t.track_id, t.artist_key AS artist, coalesce(t.genre_group, '') AS genre,
                   {", ".join(f"r.{name}" for name in targets)}
            FROM tracks t LEFT JOIN (SELECT * FROM reference WHERE source = ?) r USING (track_id)
            ORDER BY t.track_id""",
            [source],
        ).df()
    return table.set_index("track_id")


def _numeric(catalogue: Catalogue, source: str) -> pd.DataFrame:
    """Complete numeric inputs, one row a track, those of `source` first; `own` says which are."""
    complete = " AND ".join(f"{name} IS NOT NULL" for name in NUMERIC_INPUTS)
    with catalogue.lease() as db:
        table = db.execute(
            f"""
            SELECT DISTINCT ON (track_id) track_id, source = $source AS own, {", ".join(NUMERIC_INPUTS)}
            FROM reference WHERE {complete} ORDER BY track_id, source = $source DESC, source""",
            {"source": source},
        ).df()
    return table.set_index("track_id")


def _clips(catalogue: Catalogue) -> pd.Series:
    """One usable clip a track: its digest, by track id."""
    with catalogue.lease() as db:
        table = db.execute(
            "SELECT track_id, min(sha256) AS sha256 FROM clips WHERE status = 'ok' GROUP BY track_id ORDER BY track_id"
        ).df()
    return table.set_index("track_id")["sha256"]


def _stack(found: dict[str, np.ndarray], digests: pd.Series, spec: Spec) -> np.ndarray:
    if digests.empty:
        return np.empty((0, *spec.shape), dtype=np.float32)
    return np.stack([found[digest] for digest in digests])
