"""The Free Music Archive data set as published: tables with several header rows, clips in folders of a thousand.

Defferrard et al., "FMA: A Dataset for Music Analysis" (ISMIR 2017).
"""

import ast
import zipfile
import zlib
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import pandas as pd

from songfeat.errors import AudioError, SourceError
from store.sources.folder import examine
from store.sources.interface import Capability, Origin, Reject, Song, Work
from store.sources.payload import number_of
from store.sources.songs import song_row, values_row, year_of
from store.sources.sound_files import SHORTEST_S

ECHONEST = "echonest"
"""Whose the values of echonest.csv are."""

_LARGEST_TABLE = 2 << 30
_TRACKS = {
    ("track", "title"): "title",
    ("artist", "name"): "artist",
    ("album", "title"): "album",
    ("album", "date_released"): "released",
    ("track", "date_created"): "created",
    ("track", "duration"): "duration_s",
    ("track", "genre_top"): "genre_top",
    ("track", "genres"): "genre_ids",
    ("track", "license"): "licence",
    ("track", "listens"): "listens",
}


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """The tables, by track number: `tracks` (columns named above), `values` (Echo Nest's), titles of genres."""

    tracks: pd.DataFrame
    values: pd.DataFrame
    genres: dict[int, str]
    name: str


def collect(options: dict[str, Any], work: Work) -> Iterator[Song | Reject]:
    """Songs with Echo Nest values; where a folder of clips is named, only songs with a clip in it."""
    if not options["metadata"]:
        raise SourceError("Name fma_metadata.zip, or the folder it was unpacked to, as metadata.")
    work.tell(0, None, "reading the metadata")
    metadata = read_metadata(Path(options["metadata"]))
    numbers = metadata.values.index if options["labelled"] else metadata.tracks.index
    asked_at = datetime.now(UTC).isoformat(timespec="seconds")
    paths = _audio(Path(options["audio"])) if options["audio"] else None
    if paths is not None:
        numbers = numbers.intersection(list(paths))
        unknown = sorted(set(paths) - set(metadata.tracks.index))
        yield from (Reject(subject=f"fma:{one}", reason=f"{paths[one].name} is in no metadata") for one in unknown)
    chosen = metadata.tracks.loc[metadata.tracks.index.intersection(numbers)]
    values = metadata.values.to_dict(orient="index")
    for done, track in enumerate(chosen.reset_index(names="number").to_dict(orient="records"), start=1):
        number = int(track["number"])
        licence = _text(track["licence"])
        origin = Origin(request=f"{metadata.name}: track {number}", asked_at=asked_at, terms=licence)
        yield from _song(track, number, values.get(number, {}), metadata, origin, paths)
        work.tell(done, len(chosen), "tracks of the Free Music Archive")


def _song(
    track: Mapping[Hashable, Any],
    number: int,
    values: Mapping[Hashable, Any],
    metadata: Metadata,
    origin: Origin,
    paths: dict[int, Path] | None,
) -> Iterator[Song | Reject]:
    track_id = f"fma:{number}"
    row = song_row(
        track_id,
        title=_text(track["title"]) or "",
        artists=[_text(track["artist"]) or ""],
        album=_text(track["album"]),
        genre=_text(track["genre_top"]) or _first_genre(track["genre_ids"], metadata.genres),
        year=year_of(_text(track["released"])) or year_of(_text(track["created"])),
        duration_s=number_of(track["duration_s"]),
    )
    if not row["title"]:
        yield Reject(subject=track_id, column="title", reason="the track has no title")
        return
    possible, rejects = values_row({str(name): value for name, value in values.items() if pd.notna(value)}, track_id)
    yield from rejects
    if possible:
        row |= {"source": ECHONEST, **possible}
    clip = None
    if paths is not None:
        try:
            clip = _clip(paths[number])
        except AudioError as error:
            yield Reject(subject=track_id, column="audio", value=paths[number].name, reason=str(error))
            return
    yield Song(row=row, clip=clip, origin=origin)


def _clip(path: Path) -> dict[str, Any]:
    file = examine(path)
    if file.info.seconds < SHORTEST_S:
        raise AudioError(f"{path} lasts {file.info.seconds:.1f} s; at least {SHORTEST_S:.0f} s are needed.")
    return {
        "sha256": file.sha256,
        "path": file.path,
        "bytes": file.bytes,
        "modified_ns": file.modified_ns,
        "seconds": file.info.seconds,
        "sample_rate": file.info.sample_rate,
        "channels": file.info.channels,
        "status": "ok",
        "error": None,
    }


def _audio(folder: Path) -> dict[int, Path]:
    """The clips of a folder by track number: ``000/000002.mp3``.

    Raises
    ------
    SourceError
        If there are none.
    """
    found = {int(path.stem): path for path in sorted(folder.glob("[0-9][0-9][0-9]/*.mp3")) if path.stem.isdigit()}
    if not found:
        raise SourceError(f"{folder} holds no clips of the Free Music Archive; expected files such as 000/000002.mp3.")
    return found


def read_metadata(place: Path) -> Metadata:
    """Read the tables of the archive, or of the folder it was unpacked to.

    Raises
    ------
    SourceError
        If a table is missing or is not what FMA publishes.
    """
    if not (place.is_file() or place.is_dir()):
        raise SourceError(f"There is no file or folder {place}.")
    with _table(place, "tracks.csv") as file:
        tracks = _read(file, place, "tracks.csv", header=[0, 1])
    if missing := [column for column in _TRACKS if column not in tracks.columns]:
        raise SourceError(f"tracks.csv in {place} has no column {'/'.join(missing[0])}; expected FMA's own table.")
    with _table(place, "genres.csv") as file:
        genres = _read(file, place, "genres.csv", header=[0])
    with _table(place, "echonest.csv") as file:
        echonest = _read(file, place, "echonest.csv", header=[0, 1, 2])
    if (ECHONEST, "audio_features") not in {column[:2] for column in echonest.columns}:
        raise SourceError(f"echonest.csv in {place} has no columns echonest/audio_features; expected FMA's own table.")
    return Metadata(
        tracks=tracks[list(_TRACKS)].set_axis(list(_TRACKS.values()), axis=1),
        values=echonest[ECHONEST]["audio_features"],
        genres={int(number): str(title) for number, title in genres["title"].items()},  # type: ignore[call-overload]
        name=place.name,
    )


@contextmanager
def _table(place: Path, name: str) -> Iterator[IO[bytes]]:
    """One of the tables, open, in a folder or in an archive with whatever folder in it."""
    try:
        if place.is_dir():
            with (place / name).open("rb") as file:
                yield file
            return
        with zipfile.ZipFile(place) as archive:
            inside = next((one for one in archive.namelist() if Path(one).name == name), None)
            if inside is None:
                raise SourceError(f"{place} holds no {name}; expected fma_metadata.zip.")
            if (size := archive.getinfo(inside).file_size) > _LARGEST_TABLE:
                raise SourceError(f"{name} in {place} would unpack to {size / 1e9:.0f} GB; FMA's own has less than 1.")
            with archive.open(inside) as file:
                yield file
    except FileNotFoundError as error:
        raise SourceError(f"{place} holds no {name}; expected what fma_metadata.zip unpacks to.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise SourceError(f"{place} cannot be unpacked ({error}). Unpack it with 7-Zip and name the folder.") from error


def _read(file: IO[bytes], place: Path, name: str, *, header: list[int]) -> pd.DataFrame:
    try:
        table = pd.read_csv(file, index_col=0, header=header, low_memory=False)
    except (ValueError, pd.errors.ParserError) as error:
        raise SourceError(f"{name} in {place} cannot be read: {str(error).splitlines()[0]}") from error
    return table[~table.index.duplicated()]


def _first_genre(ids: Any, genres: dict[int, str]) -> str | None:
    """The first genre of a list of numbers, which stands in its cell as text."""
    try:
        numbers = ast.literal_eval(ids) if isinstance(ids, str) else []
    except (ValueError, SyntaxError):
        return None
    return next((genres[one] for one in numbers if one in genres), None) if isinstance(numbers, list) else None


def _text(value: Any) -> str | None:
    """A cell in one line; None where it is empty."""
    return " ".join(str(value).split()) or None if pd.notna(value) else None


def probe(work: Work) -> Iterator[Capability]:
    """Nothing to ask: the archive is a file."""
    yield Capability(name="metadata and clips", ok=True, detail="yes, once downloaded from github.com/mdeff/fma")
