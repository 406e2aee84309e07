"""The job that brings tables of songs and reference values into the catalogue."""

from pathlib import Path
from typing import Any

import pandas as pd

from store import label_sources, rejects
from store.catalogue import Catalogue
from store.merge import Merged, merge
from store.progress import Progress
from store.sources.table_files import join_tables, read_table
from store.sources.table_layout import Mapping, guess_mapping
from store.sources.table_rows import CleanRows, clean
from store.sources.table_statistics import keep
from store.workspace import Workspace


class _DryRunDone(Exception):  # noqa: N818 - ends a transaction that must leave nothing behind
    pass


def run(workspace: Workspace, params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Import; `params`: `files`, and optionally `source`, `map` (field to column) and `dry_run`."""
    files = [Path(name).resolve() for name in params["files"]]
    progress.update(0, 3, "reading")
    rows, mapping = read_rows(files, params.get("map") or {})
    incoming = as_incoming(rows, source=params.get("source"), otherwise=f"table:{files[0].name.split('.')[0]}")
    progress.update(1, 3, "merging")
    catalogue, dry_run = Catalogue(workspace), bool(params.get("dry_run"))
    # The rows of a single table need not say which file they are of.
    turned_away = rows.rejects.assign(file=rows.rejects["file"].where(rows.rejects["file"] != "", str(files[0])))
    result: dict[str, Any] = {}
    try:
        with catalogue.lease(write=True) as db:
            merged = merge(db, incoming)
            result = _summary(
                rows, merged, mapping, source=", ".join(sorted(incoming["source"].unique())), dry_run=dry_run
            )
            rejects.replace(db, [str(path) for path in files], turned_away)
            if dry_run:
                raise _DryRunDone
    except _DryRunDone:
        progress.check()
    if rows.statistics and not dry_run:
        result["statistics"] = keep(catalogue, rows.statistics, merged.track_ids)
    progress.update(3, 3, "done")
    return result


def read_rows(files: list[Path], overrides: dict[str, str]) -> tuple[CleanRows, Mapping]:
    """Read, map and check one table, or several that are joined on their id.

    Raises
    ------
    TableError
        If a file is no table of tracks, or `overrides` names what is not there.
    """
    frames = {path: read_table(path) for path in files}
    frame = join_tables(frames, overrides) if len(frames) > 1 else next(iter(frames.values()))
    table = " + ".join(map(str, files))
    mapping = guess_mapping(list(frame.columns), frame.head(500), overrides, table=table)
    return clean(frame, mapping), mapping


def as_incoming(rows: CleanRows, *, source: str | None, otherwise: str) -> pd.DataFrame:
    """Checked rows in the form in which the catalogue merges them.

    Their values are those of `source`; where none is given, of the one that
    each row itself names in `label_source`, and `otherwise` where it names none.

    Raises
    ------
    ConfigError
        If a source's name could be taken for several.
    """
    values = rows.reference.drop(columns=["track_id"], errors="ignore")
    incoming = rows.tracks.merge(values, on="row", how="left")
    # "spotify:name+artist": whose value it is, then how the song was found.
    own = incoming["label_source"].astype("string").str.split(":").str[0].str.strip()
    incoming["source"] = source or own.where(own != "").fillna(otherwise)
    label_sources.check_names(incoming["source"].unique())
    return incoming


def _summary(rows: CleanRows, merged: Merged, mapping: Mapping, *, source: str, dry_run: bool) -> dict[str, Any]:
    reasons = rows.rejects["reason"].value_counts()
    return {
        "rows": rows.rows,
        "added": merged.added,
        "updated": merged.updated,
        "unchanged": merged.unchanged,
        "duplicates": merged.duplicates,
        "rejected": len(rows.rejects),
        "rejects_by_reason": {str(reason): int(count) for reason, count in reasons.items()},
        "mapping": dict(mapping.columns),
        "layout": mapping.layout,
        "unused_columns": list(mapping.unused),
        "source": source,
        "dry_run": dry_run,
    }
