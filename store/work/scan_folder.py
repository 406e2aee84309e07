"""The job that finds a folder's audio files and, if asked, the reference values that a table gives for them."""

from pathlib import Path
from typing import Any

import pandas as pd

from songfeat.errors import AudioError, TableError
from songfeat.files import printable
from store import clips, rejects
from store.catalogue import Catalogue
from store.merge import merge
from store.progress import Progress
from store.sources.folder import AudioFile, audio_files, examine, song_of, stamp
from store.work.import_tables import as_incoming, read_rows
from store.work.pool import map_unordered
from store.workspace import Workspace

_LABEL_SOURCE = "user"


def run(workspace: Workspace, params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Scan; `params`: `folder`, and optionally `labels` (a table) and `source` (whose values it holds)."""
    folder, labels = Path(params["folder"]).resolve(), params.get("labels")
    if not folder.is_dir():
        raise TableError(f"There is no folder {folder}.")
    catalogue = Catalogue(workspace)
    paths = list(audio_files(folder))
    known = _known(catalogue)
    todo = [path for path in paths if labels or known.get(str(path)) != stamp(path)]
    files, broken = _examined(todo, progress, unchanged := len(paths) - len(todo))
    songs = pd.DataFrame([song_of(file) for file in files])
    songs["sha256"] = [file.sha256 for file in files]
    songs["clip"] = [file.path.relative_to(folder).as_posix() for file in files]
    rows, label_rejects = _with_labels(songs, Path(labels).resolve(), params) if labels else (songs, pd.DataFrame())
    turned_away = pd.concat([_as_rejects(broken), label_rejects], ignore_index=True)
    with catalogue.lease(write=True) as db:
        added = 0
        if len(rows):
            rows = rows.reset_index(drop=True).rename_axis("row").reset_index()
            merged = merge(db, rows)
            by_clip = dict(zip(rows["sha256"], rows["row"].map(merged.track_ids), strict=True))
            added = clips.add(db, _as_clips(files, by_clip))
        scanned = [*map(printable, paths), *([str(Path(labels).resolve())] if labels else [])]
        rejects.replace(db, scanned, turned_away)
    labelled = 0 if "source" not in rows else int(rows["source"].notna().sum())
    return {
        "files": len(paths),
        "added": added,
        "unchanged": unchanged + len({file.sha256 for file in files}) - added,
        "rejected": len(broken),
        "labelled": labelled,
        "rejects_by_reason": turned_away["reason"].value_counts().to_dict() if len(turned_away) else {},
        "errors": broken,
    }


def _known(catalogue: Catalogue) -> dict[str, tuple[int, int]]:
    """Size and time of the files that the catalogue knows."""
    table = clips.all_clips(catalogue)
    stamps = zip(table["bytes"].astype(int), table["modified_ns"].astype(int), strict=True)
    return dict(zip(table["path"].astype(str), stamps, strict=True))


def _examined(todo: list[Path], progress: Progress, known: int) -> tuple[list[AudioFile], dict[str, str]]:
    """The files to bring in, in the order of `todo`, and the broken ones by name with their reason."""
    total = known + len(todo)
    found: dict[Path, AudioFile | str | None] = dict.fromkeys(todo)
    progress.update(known, total, "reading files")
    results = map_unordered(_examine, todo, lost=_lost)
    for done, (path, result) in enumerate(results, start=known + 1):
        found[path] = result
        progress.update(done, total, "reading files")
    files = [result for result in found.values() if isinstance(result, AudioFile)]
    return files, {printable(path): result for path, result in found.items() if isinstance(result, str)}


def _lost(path: Path, why: str) -> str:
    return f"{path} cannot be read: {why}."


def _examine(path: Path) -> AudioFile | str:
    """A file, or why it cannot be used."""
    try:
        return examine(path)
    except AudioError as error:
        return str(error)


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
            "path": str(file.path),
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
