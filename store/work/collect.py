"""The job that collects from a source: songs, values and sound, as far as they can be had.

Sources ask, and keep what was answered; this job puts what they yield into the
catalogue, in batches that may be repeated. So it can be killed at any moment:
when it goes on, answers come from the journal, and merging them again changes
nothing.
"""

import time
from typing import Any

import duckdb
import pandas as pd

from store import clips, provenance, rejects
from store.catalogue import Catalogue
from store.merge import merge
from store.progress import Progress
from store.sources.interface import Reject, Song, Work
from store.sources.registry import Source, get_source
from store.web.journal import Journal
from store.web.patience import Patience
from store.workspace import Workspace

_BATCH = 5_000
_BATCH_AT_LEAST_EVERY_S = 5.0


def run(workspace: Workspace, params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Collect; `params`: `source` (a name) and `options` (by name; defaults where missing)."""
    started = time.monotonic()
    source = get_source(params["source"])
    options = source.read_options(params.get("options") or {})
    workspace.prepare()
    catalogue = Catalogue(workspace)
    work = Work(
        catalogue=catalogue,
        journal=Journal(workspace.answers),
        scope=progress.folder.name,
        progress=progress,
        patience=Patience(check=progress.check),
    )
    arrivals = _Arrivals(catalogue, source)
    try:
        try:
            for record in source.module().collect(options, work):
                arrivals.take(record)
        finally:
            arrivals.save()
            arrivals.save_rejects(_label(source, options))
    finally:
        work.close()
    return {
        "source": source.name,
        **arrivals.counts,
        "rejected": len(arrivals.rejects),
        "rejects_by_reason": arrivals.reasons(),
        "notes": list(dict.fromkeys(work.notes)),
        "asked": sum(client.asked for client in work.clients),
        "seconds": round(time.monotonic() - started, 3),
    }


class _Arrivals:
    """What has come and is on its way into the catalogue."""

    def __init__(self, catalogue: Catalogue, source: Source) -> None:
        self.counts = dict.fromkeys(("songs", "added", "updated", "unchanged", "values", "clips"), 0)
        self.rejects: list[Reject] = []
        self._catalogue, self._source = catalogue, source
        self._waiting: list[Song] = []
        self._saved = time.monotonic()

    def take(self, record: Song | Reject) -> None:
        if isinstance(record, Reject):
            self.rejects.append(record)
            return
        self._waiting.append(record)
        if len(self._waiting) >= _BATCH or time.monotonic() - self._saved > _BATCH_AT_LEAST_EVERY_S:
            self.save()

    def save(self) -> None:
        """Put what waits into the catalogue, all of it or nothing."""
        songs, self._waiting, self._saved = self._waiting, [], time.monotonic()
        if not songs:
            return
        with self._catalogue.lease(write=True) as db:
            merged = merge(db, pd.DataFrame([song.row for song in songs]).rename_axis("row").reset_index())
            track_ids = merged.track_ids.to_list()
            found = self._clips(db, songs, track_ids)
            if found:
                clips.add(db, pd.DataFrame(found))
            provenance.record(db, pd.DataFrame(self._origins(songs, track_ids)))
        given = [song for song in songs if song.row.get("source")]
        arrived = {
            "songs": len(songs) - merged.duplicates,
            "added": merged.added,
            "updated": merged.updated,
            "unchanged": merged.unchanged,
            "values": len(given),
            "clips": len(found),
        }
        self.counts = {name: self.counts[name] + number for name, number in arrived.items()}

    def _clips(self, db: duckdb.DuckDBPyConnection, songs: list[Song], track_ids: list[str]) -> list[dict[str, Any]]:
        """The clips that belong to no other song: the same sound for two songs stays with the first."""
        sounds = [(song.clip, track_id) for song, track_id in zip(songs, track_ids, strict=True) if song.clip]
        owners = clips.owners(db, [clip["sha256"] for clip, _ in sounds])
        own = []
        for clip, track_id in sounds:
            owner = owners.setdefault(clip["sha256"], track_id)
            if owner == track_id:
                own.append({"track_id": track_id, **clip})
            else:
                self.rejects.append(
                    Reject(subject=track_id, column="audio", reason=f"its sound is the same as that of {owner}")
                )
        return own

    def _origins(self, songs: list[Song], track_ids: list[str]) -> list[dict[str, Any]]:
        """One row for each thing that each record gave."""
        rows = []
        for song, track_id in zip(songs, track_ids, strict=True):
            gave = {
                "song": any(song.row.get(name) for name in ("title", "isrc", "genre")),
                "values": song.row.get("source") is not None,
                "sound": song.clip is not None,
            }
            origin = song.origin
            rows += [
                {"track_id": track_id, "source": self._source.name, "gave": name, "request": origin.request,
                 "terms": origin.terms, "asked_at": origin.asked_at}
                for name, given in gave.items() if given
            ]  # fmt: skip
        return rows

    def save_rejects(self, label: str) -> None:
        """Show what could not be had, in the place of what the same collection could not have before."""
        table = pd.DataFrame(
            {"file": label, "line": None, "column": one.column, "value": one.value or one.subject,
             "reason": one.reason if one.value is None else f"{one.subject}: {one.reason}"}
            for one in self.rejects
        )  # fmt: skip
        with self._catalogue.lease(write=True) as db:
            rejects.replace(db, [label], table)

    def reasons(self) -> dict[str, int]:
        """How often each reason turned something away, the commonest first."""
        if not self.rejects:
            return {}
        counted = pd.Series([one.reason for one in self.rejects]).value_counts()
        return {str(reason): int(number) for reason, number in counted.head(20).items()}


def _label(source: Source, options: dict[str, Any]) -> str:
    """What a collection is called among the rejects: its source and what was chosen."""
    chosen = [
        f"{option.name}={', '.join(value) if isinstance(value, tuple) else value}"
        for option in source.options
        if (value := options[option.name]) != option.default
    ]
    return " ".join(["collect", source.name, *chosen])
