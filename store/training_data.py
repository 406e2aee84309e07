"""From catalogue and shards to the examples that a model is trained on and predicts for."""

import pandas as pd

from songfeat import metadata
from songfeat.errors import DataError
from songfeat.examples import Examples
from songfeat.labels import FEATURES, NUMERIC_INPUTS
from songfeat.registry import METADATA
from songfeat.specs import Spec
from store import clips
from store.catalogue import Catalogue
from store.label_sources import COMPLETE, labels_query, parted
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
    """Every track that has the inputs, with the values that its source gives for the targets.

    Parameters
    ----------
    catalogue : Catalogue
    inputs : tuple of str
        The kinds that a model needs: ``"numeric"``, ``"metadata"``, that of the spec.
    targets : tuple of str
    source : str
        Whose values to learn, of several as :func:`store.label_sources.joined`
        names them: then each track has all its values from the first that
        knows it. Numeric inputs are of the same source where that has them,
        else another's.
    spec : Spec or None
        What arrays are computed to; None for a model that hears nothing.

    Returns
    -------
    examples : songfeat.examples.Examples
        Targets are NaN where the source says nothing. What is known of tracks
        includes decade and label_source, ``""`` where not known.
    usable : pandas.Series of bool
        By track id, which of them can be learned from: those with at least
        one target, whose numeric inputs are of the same source.
    """
    tracks = _tracks(catalogue, source, targets, inputs)
    numeric = own = None
    if "numeric" in inputs:
        numeric = _numeric(catalogue, tracks["label_source"])
        tracks = tracks[tracks.index.isin(numeric.index)]
        own = numeric["source"].reindex(tracks.index) == tracks["label_source"]
    arrays = {}
    if spec is not None and spec.kind in inputs:
        shards = Shards(catalogue.workspace, spec)
        keys = clips.one_a_track(catalogue) if spec.by_clip else tracks.index.to_series()
        keys = keys[keys.isin(list(shards.known()))]
        tracks = tracks[tracks.index.isin(keys.index)]
        arrays[spec.kind] = shards.gather(list(keys.loc[tracks.index]))
    usable = tracks[list(targets)].notna().any(axis=1)
    if own is not None:
        usable &= own.loc[tracks.index]
    examples = Examples(
        tracks=tracks[["artist", "genre", "decade", "label_source"]],
        targets=tracks[list(targets)],
        numeric=None if numeric is None else numeric.loc[tracks.index, list(NUMERIC_INPUTS)],
        metadata=_metadata(catalogue, tracks["label_source"]) if METADATA in inputs else None,
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


def check_answers(right: pd.DataFrame, source: str) -> None:
    """Refuse to train where there is nothing to tell apart.

    Raises
    ------
    DataError
        If an answer is known for no track, or is the same for all.
    """
    for name in right.columns:
        known = right[name].dropna()
        if known.empty:
            raise DataError(f"The source {source!r} gives no value of {name} for any track with all the inputs.")
        if known.nunique() == 1:
            raise DataError(
                f"The source {source!r} gives the value {known.iloc[0]:g} of {name} for all {len(known)} tracks, so"
                " that there is nothing to learn about it. Leave it out of the targets, or choose another source."
            )


def _tracks(catalogue: Catalogue, source: str, targets: tuple[str, ...], inputs: tuple[str, ...]) -> pd.DataFrame:
    with catalogue.lease() as db:
        table = db.execute(
            f"""
            SELECT t.track_id, t.artist_key AS artist, coalesce(t.genre_group, '') AS genre,
                   coalesce((t.year // 10 * 10) || 's', '') AS decade, coalesce(r.source, '') AS label_source,
                   {", ".join(f"r.{name}" for name in targets)}
            FROM tracks t LEFT JOIN ({labels_query(targets, inputs)}) r USING (track_id)
            ORDER BY t.track_id""",
            {"sources": parted(source)},
        ).df()
    return table.set_index("track_id")


def _numeric(catalogue: Catalogue, label_source: pd.Series) -> pd.DataFrame:
    """Complete numeric inputs and their source, one row a track, the source of its label before others."""
    with catalogue.lease() as db:
        db.register("labels", label_source.reset_index())
        table = db.execute(
            f"""
            SELECT DISTINCT ON (track_id) track_id, r.source, {", ".join(NUMERIC_INPUTS)}
            FROM reference r JOIN labels l USING (track_id) WHERE {COMPLETE}
            ORDER BY track_id, r.source = l.label_source DESC, r.source"""
        ).df()
        db.unregister("labels")
    return table.set_index("track_id")


def _metadata(catalogue: Catalogue, label_source: pd.Series) -> pd.DataFrame:
    """What else is known of these tracks; features by the source of each one's label."""
    own = [name for name in metadata.COLUMNS if name in FEATURES]
    rest = [name for name in metadata.COLUMNS if name not in FEATURES]
    with catalogue.lease() as db:
        db.register("labels", label_source.reset_index())
        table = db.execute(
            f"""
            SELECT track_id, {", ".join(f"r.{name}" for name in own)}, {", ".join(f"t.{name}" for name in rest)}
            FROM labels l JOIN tracks t USING (track_id)
            LEFT JOIN reference r ON r.track_id = l.track_id AND r.source = l.label_source"""
        ).df()
        db.unregister("labels")
    return table.set_index("track_id").loc[label_source.index, list(metadata.COLUMNS)]
