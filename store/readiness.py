"""What could be learned from the workspace as it is, counted without loading it."""

import pandas as pd

from songfeat.labels import NUMERIC_INPUTS
from songfeat.specs import SPECS, Spec
from store.catalogue import Catalogue
from store.exclusions import EXCLUDED_SONGS, EXCLUDED_SOURCES
from store.shards import Shards


def tracks_by_source(
    catalogue: Catalogue, *, inputs: tuple[str, ...], targets: tuple[str, ...], spec: Spec | None
) -> pd.DataFrame:
    """Per source: tracks that a model with these inputs can learn from. Columns source, tracks; the most first."""
    numeric = " AND ".join(f"r.{name} IS NOT NULL" for name in NUMERIC_INPUTS) if "numeric" in inputs else "true"
    given = " OR ".join(f"r.{name} IS NOT NULL" for name in targets)
    hears = spec is not None and spec.kind in inputs
    sound = "r.track_id IN (SELECT track_id FROM heard)" if hears else "true"
    known = Shards(catalogue.workspace, spec).known() if spec is not None and hears else set()
    # Arrays that came with a table go by the track's id instead of the clip's digest.
    clip = (
        "clips WHERE status = 'ok'"
        if spec is None or spec.by_clip
        else "(SELECT track_id, track_id AS sha256 FROM tracks)"
    )
    with catalogue.lease() as db:
        db.register("extracted", pd.DataFrame({"sha256": pd.Series(sorted(known), dtype="str")}))
        return db.execute(
            f"""
            WITH clip AS (SELECT track_id, min(sha256) AS sha256 FROM {clip} GROUP BY track_id),
                 heard AS (SELECT track_id FROM clip JOIN extracted USING (sha256))
            SELECT r.source, count(*) AS tracks FROM reference r WHERE ({numeric}) AND ({given}) AND {sound}
                AND r.track_id NOT IN ({EXCLUDED_SONGS}) AND r.source NOT IN ({EXCLUDED_SOURCES})
            GROUP BY r.source ORDER BY tracks DESC, r.source"""
        ).df()


def clips_waiting(catalogue: Catalogue, spec: Spec) -> int:
    """How many usable clips have no array of this spec yet."""
    known = Shards(catalogue.workspace, spec).known()
    with catalogue.lease() as db:
        rows = db.execute("SELECT sha256 FROM clips WHERE status = 'ok'").fetchall()
    return sum(sha not in known for (sha,) in rows)


def specs_with_arrays(catalogue: Catalogue, kind: str) -> list[str]:
    """The names of the specs of a kind of which there are arrays, the report's first."""
    folders = {name: Shards(catalogue.workspace, spec).folder for name, spec in SPECS.items() if spec.kind == kind}
    return [name for name, folder in folders.items() if any(folder.glob("part-*.parquet"))]


def shards_stamp(catalogue: Catalogue, spec: Spec) -> int:
    """A number that changes whenever arrays of this spec are added; the catalogue's version does not tell."""
    folder = Shards(catalogue.workspace, spec).folder
    return folder.stat().st_mtime_ns if folder.is_dir() else 0
