"""The job that finds a folder's audio files and, if asked, the reference values that a table gives for them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from songfeat.errors import AudioError, MissingFile, TableError
from songfeat.files import printable
from songfeat.labels import REFERENCE_COLUMNS
from songfeat.locations import at_hand, resolved
from store import clips, rejects
from store.catalogue import Catalogue
from store.merge import merge
from store.progress import Progress
from store.sources.folder import AudioFile, FoundFile, examine, found_files, song_of
from store.work.cluster import check_seen_by_workers, cluster
from store.work.import_tables import as_incoming, read_rows
from store.work.pool import map_unordered, processes, threads
from store.workspace import Workspace

_LABEL_SOURCE = "user"
_THREADS_ON_STORAGE = 16  # which mostly wait for it


@dataclass(frozen=True, kw_only=True)
class Examined:
    """A file with the song that it holds, or why it cannot be used; `missing` if it is not there any more."""

    file: AudioFile | None = None
    song: dict[str, object] | None = None
    error: str = ""
    missing: bool = False


def run(workspace: Workspace, params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Scan; `params`: `folder` (a path or URL), and perhaps `labels` (a table), `source` (of its values) and `dask`."""
    folder, labels = resolved(params["folder"]), params.get("labels")
    if isinstance(folder, Path) and not folder.is_dir():
        raise TableError(f"There is no folder {folder.resolve()}.")
    catalogue = Catalogue(workspace)
    found = found_files(folder.resolve() if isinstance(folder, Path) else folder)
    if not (found or isinstance(folder, Path)):
        raise TableError(f"There is no audio file below {folder}.")
    # A labels table speaks of files that may be known already, so those are read again.
    known = {} if labels else _known(catalogue)
    todo = [one for one in found if known.get(one.path) != (one.bytes, one.modified_ns)]
    examined = _examine(todo, len(found), progress, params.get("dask"), on_storage=not isinstance(folder, Path))
    files = [one.file for one in examined.values() if one.file]
    broken = {printable(path): one.error for path, one in examined.items() if one.error}
    names = {one.path: one.name for one in found}
    songs = _songs(examined, names)
    rows, label_rejects = _with_labels(songs, Path(labels).resolve(), params) if labels else (songs, pd.DataFrame())
    turned_away = pd.concat([_as_rejects(broken), label_rejects], ignore_index=True)
    with catalogue.lease(write=True) as db:
        added = 0
        if len(rows):
            rows = rows.reset_index(drop=True).rename_axis("row").reset_index()
            merged = merge(db, rows)
            by_clip = dict(zip(rows["sha256"], rows["row"].map(merged.track_ids), strict=True))
            added = clips.add(db, _as_clips(files, by_clip))
        scanned = [*map(printable, names), *([str(Path(labels).resolve())] if labels else [])]
        rejects.replace(db, scanned, turned_away)
    given = rows.reindex(columns=["source", *REFERENCE_COLUMNS]).notna()
    return {
        "files": len(found),
        "added": added,
        "unchanged": len(found) - len(todo) + len({file.sha256 for file in files}) - added,
        "rejected": len(broken),
        "labelled": int((given["source"] & given[list(REFERENCE_COLUMNS)].any(axis=1)).sum()),
        "rejects_by_reason": turned_away["reason"].value_counts().to_dict() if len(turned_away) else {},
        "errors": broken,
    }


def _songs(examined: dict[str, Examined], names: dict[str, str]) -> pd.DataFrame:
    """What the files say of their songs, with `sha256` and `clip`, their names in the folder."""
    usable = [one for one in examined.values() if one.file]
    songs = pd.DataFrame([one.song for one in usable])
    songs["sha256"] = [one.file.sha256 for one in usable if one.file]
    songs["clip"] = [names[one.file.path] for one in usable if one.file]
    return songs


def _known(catalogue: Catalogue) -> dict[str, tuple[int, int]]:
    """Size and time of the files that the catalogue knows."""
    table = clips.all_clips(catalogue)
    stamps = zip(table["bytes"].astype(int), table["modified_ns"].astype(int), strict=True)
    return dict(zip(table["path"].astype(str), stamps, strict=True))


def _examine(
    todo: list[FoundFile], total: int, progress: Progress, dask: str | None, *, on_storage: bool
) -> dict[str, Examined]:
    """Each file by its path, in the order of `todo`."""
    seen: dict[str, Examined] = {}
    note = "reading files"
    progress.update(total - len(todo), total, note)
    # A file that kills its decoder kills who is at it: a process of its own, so that the scan goes on.
    here = threads(_THREADS_ON_STORAGE) if on_storage else processes()
    workers = cluster(dask) if dask else here
    for one, examined in map_unordered(examine_one, todo, workers=workers, check=progress.check, lost=_lost):
        if dask and examined.missing:
            check_seen_by_workers([one.path])
        seen[one.path] = examined
        progress.update(total - len(todo) + len(seen), total, note)
    return {one.path: seen[one.path] for one in todo}


def examine_one(found: FoundFile) -> Examined:
    """Read a file, in a worker; only what is known of it travels back."""
    try:
        sound = at_hand(found.path)
        file = examine(sound, modified_ns=found.modified_ns)
        return Examined(file=file, song=song_of(file, sound))
    except AudioError as error:
        return Examined(error=str(error), missing=isinstance(error, MissingFile))


def _lost(found: FoundFile, why: str) -> Examined:
    return Examined(error=f"{printable(found.path)} cannot be read: {why}.")


def _with_labels(songs: pd.DataFrame, labels: Path, params: dict[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join songs to the rows of a labels table by file name; what the table says wins over tags.

    Raises
    ------
    TableError
        If the table has no column of file names, or none of them is in the folder.
    """
    checked, mapping = read_rows([labels], params.get("map") or {})
    if "clip" not in mapping.columns:
        raise TableError(f"{labels} has no column of file names; name it with --map clip=COLUMN.")
    rows = as_incoming(checked, source=params.get("source"), otherwise=_LABEL_SOURCE)
    rows = rows.drop_duplicates("clip").set_index("clip")
    by_path = songs["clip"].where(songs["clip"].isin(rows.index), songs["clip"].str.rsplit("/").str[-1])
    spoken_of = by_path.isin(rows.index).to_numpy()
    if not spoken_of.any():
        raise TableError(f"None of the files that {labels} names is in the folder.")
    joined = rows.loc[by_path[spoken_of]].reset_index(names="clip").drop(columns=["row", "line"], errors="ignore")
    joined["sha256"] = songs.loc[spoken_of, "sha256"].to_numpy()
    tags = songs[spoken_of].reset_index(drop=True)
    for name in ("title", "artist", "title_key", "artist_key", "album", "genre", "genre_group", "year", "isrc"):
        joined[name] = joined[name].where(joined[name].notna() & (joined[name] != ""), tags[name])
    return pd.concat([joined, songs[~spoken_of]], ignore_index=True), checked.rejects.assign(file=str(labels))


def _as_clips(files: list[AudioFile], track_of: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sha256": file.sha256,
            "track_id": track_of[file.sha256],
            "path": file.path,
            "bytes": file.bytes,
            "modified_ns": file.modified_ns,
            "seconds": file.info.seconds,
            "sample_rate": file.info.sample_rate,
            "channels": file.info.channels,
            "status": "ok",
            "error": None,
        }
        for file in files
    )


def _as_rejects(broken: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        {"file": path, "line": None, "column": None, "value": None, "reason": reason} for path, reason in broken.items()
    )
