"""What pages read again and again, remembered until the catalogue changes. The only file that caches."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st

from songfeat.locations import Fetched, at_hand
from songfeat.pretrained.song import SongAnswer, predict
from songfeat.specs import MfccSpec, get_spec
from store import agreement as agreements
from store import (
    browsing,
    clips,
    comparing,
    distributions,
    errors_by_genre,
    exclusions,
    listening,
    neighbours,
    overview,
    parentage,
    predicted,
    prediction,
    quality,
    readiness,
    rebuilding,
    rejects,
    report,
    run_intervals,
    run_keeping,
    runs,
    scatter,
    slices,
    song_lists,
    sound_profiles,
    table_preview,
    tracks,
    training_history,
)
from store import clip_statistics as how_clips_sound
from store import sound_map as sound_maps
from store.catalogue import Catalogue
from store.workspace import Workspace

R = TypeVar("R")


@st.cache_resource(max_entries=4, show_spinner=False)
def _catalogue(folder: str) -> Catalogue:
    return Catalogue(Workspace(Path(folder)))


def catalogue() -> Catalogue:
    """The catalogue that this process shows."""
    return _catalogue(str(Workspace.locate().folder))


def workspace() -> Workspace:
    return catalogue().workspace


@st.cache_data(max_entries=128, max_size="256mb", show_spinner=False)
def _read(
    _function: Callable[..., Any],
    name: str,  # as the function itself is not part of the key
    folder: str,
    version: int,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
) -> Any:
    return _function(_catalogue(folder), *arguments, **options)


def _by_version(function: Callable[..., R]) -> Callable[..., R]:
    """The same function without its first argument, the catalogue, asked once for each version of that."""

    @wraps(function)
    def read(*arguments: Any, **options: Any) -> R:
        ours = catalogue()
        name = f"{function.__module__}.{function.__qualname__}"
        return _read(function, name, str(ours.workspace.folder), ours.version(), arguments, options)

    return read


counts = _by_version(overview.counts)
coverage_by_source = _by_version(overview.coverage_by_source)
tracks_by_genre = _by_version(overview.tracks_by_genre)
sources = _by_version(overview.sources)
all_runs = _by_version(runs.all_runs)
best_by_target = _by_version(runs.best_by_target)
scores = _by_version(runs.scores)
pairs = _by_version(runs.pairs)
comparison = _by_version(comparing.compare)
predicted_over_reference = _by_version(predicted.agreement)
residuals = _by_version(predicted.residuals)
calibration = _by_version(predicted.calibration)
predicted_songs = _by_version(predicted.songs)
slice_scores = _by_version(slices.scores)
replay = _by_version(report.replay)
mean_errors = _by_version(training_history.mean_errors)
fitting_runs = _by_version(parentage.fitting)
run_notes = _by_version(run_keeping.notes)
run_differences = _by_version(run_keeping.differences)
raw_genres = _by_version(errors_by_genre.inside)
worst_songs = _by_version(errors_by_genre.worst)
clips_to_measure = _by_version(quality.clips_waiting_to_be_measured)
quality_summary = _by_version(quality.summary)
quality_songs = _by_version(quality.songs)
genres_by_decade = _by_version(quality.coverage)
exclusions_listed = _by_version(exclusions.listed)
exclusions_of_runs = _by_version(exclusions.of_runs)
agreement = _by_version(agreements.scores)
agreement_pairs = _by_version(agreements.pairs)
track_count = _by_version(browsing.count)
track_page = _by_version(browsing.page)
years = _by_version(browsing.years)
shares = _by_version(distributions.shares)
spread = _by_version(distributions.summary)
correlations = _by_version(distributions.correlations)
cloud = _by_version(scatter.cloud)
standing = _by_version(neighbours.standing)
similar = _by_version(neighbours.similar)
nearest = _by_version(neighbours.nearest)
intervals_of_run = _by_version(run_intervals.of_run)
scatter_songs = _by_version(scatter.songs)
songs_in_squares = _by_version(scatter.songs_in_squares)
song = _by_version(tracks.song)
owner_of_clip = _by_version(clips.owner)
pick_list = _by_version(song_lists.pick_list)
song_row = _by_version(tracks.by_id)
newest_rejects = _by_version(rejects.newest)
genre_members = _by_version(sound_profiles.genre_members)
target_values = _by_version(sound_maps.target_values)


@st.cache_data(max_entries=128, show_spinner=False)
def _ready(
    folder: str, version: int, stamp: int, spec: str | None, inputs: tuple[str, ...], targets: tuple[str, ...]
) -> Any:
    of_spec = None if spec is None else get_spec(spec)
    return readiness.tracks_by_source(_catalogue(folder), inputs=inputs, targets=targets, spec=of_spec)


def tracks_by_source(spec: str | None, inputs: tuple[str, ...], targets: tuple[str, ...]) -> Any:
    """Per source the tracks that a model with these inputs can learn from; new arrays count at once."""
    ours = catalogue()
    return _ready(str(ours.workspace.folder), ours.version(), _stamp(spec), spec, inputs, targets)


@st.cache_data(max_entries=32, show_spinner=False)
def _preview(folder: str, version: int, stamp: int, spec: str | None, options: dict[str, Any]) -> Any:
    return readiness.preview(_catalogue(folder), spec=None if spec is None else get_spec(spec), **options)


def training_preview(spec: str | None, **options: Any) -> readiness.Preview:
    """What a training would learn from; options as :func:`store.readiness.preview` takes them."""
    ours = catalogue()
    return _preview(str(ours.workspace.folder), ours.version(), _stamp(spec), spec, options)


def _stamp(spec: str | None) -> int:
    return 0 if spec is None else readiness.shards_stamp(catalogue(), get_spec(spec))


@st.cache_data(max_entries=8, show_spinner=False)
def _waiting(folder: str, version: int, stamp: int, spec: str) -> int:
    return readiness.clips_waiting(_catalogue(folder), get_spec(spec))


def clips_waiting(spec: str) -> int:
    """The clips that lack an array of this spec."""
    ours = catalogue()
    return _waiting(str(ours.workspace.folder), ours.version(), readiness.shards_stamp(ours, get_spec(spec)), spec)


@st.cache_data(max_entries=4, max_size="256mb", show_spinner="Reading arrays …")
def _clip_statistics(folder: str, version: int, stamp: int, spec: str) -> Any:
    return how_clips_sound.statistics(_catalogue(folder), get_spec(spec))


def clip_statistics(spec: str) -> Any:
    """How each song's clip sounds in a few numbers; see :func:`store.clip_statistics.statistics`."""
    ours = catalogue()
    stamp = readiness.shards_stamp(ours, get_spec(spec))
    return _clip_statistics(str(ours.workspace.folder), ours.version(), stamp, spec)


def specs_with_arrays(kind: str) -> list[str]:
    """The names of the specs of a kind of which there are arrays; looked up each time, as that costs nothing."""
    return readiness.specs_with_arrays(catalogue(), kind)


@st.cache_data(max_entries=32, show_spinner=False)
def _similar_by_sound(folder: str, version: int, stamp: int, spec: str, track_id: str) -> Any:
    return neighbours.similar_by_sound(_catalogue(folder), clip_statistics(spec), track_id)


def similar_by_sound(track_id: str, spec: str) -> Any:
    """The songs that sound most like one, by arrays of this spec."""
    ours = catalogue()
    stamp = readiness.shards_stamp(ours, get_spec(spec))
    return _similar_by_sound(str(ours.workspace.folder), ours.version(), stamp, spec, track_id)


@st.cache_data(max_entries=8, max_size="256mb", show_spinner="Fetching the sound …")
def fetched(url: str) -> bytes:
    """The content of a clip on object storage, to be played; a file of more than 64 MiB is refused, in words."""
    found = at_hand(url, most_bytes=64 << 20)
    return found.content if isinstance(found, Fetched) else found.read_bytes()


@st.cache_data(max_entries=32, show_spinner=False)
def _listen(path: str, digest: str, spec: str) -> listening.Sound:
    return listening.listen(path, get_spec(spec))


def listen(path: str, digest: str, spec: str) -> listening.Sound:
    """What a clip looks like; `digest` says which content of the file is meant."""
    return _listen(path, digest, spec)


@st.cache_data(max_entries=32, show_spinner="Computing what is kept …")
def attempt(path: str, digest: str, spec: MfccSpec) -> rebuilding.Attempt:
    """What a choice of settings keeps of a clip; `digest` says which content of the file is meant."""
    return rebuilding.attempt(path, spec)


@st.cache_data(max_entries=8, show_spinner=False)
def sounds(path: str, digest: str, spec: MfccSpec) -> Any:
    """A clip and what its MFCCs keep of it, to be heard."""
    return rebuilding.sounds(path, spec)


@st.cache_data(max_entries=8, max_size="64mb", show_spinner="Placing songs …")
def _sound_map(folder: str, version: int, stamp: int, spec: str, method: str) -> sound_maps.SoundMap:
    return sound_maps.sound_map(_catalogue(folder), clip_statistics(spec), method)


def sound_map(spec: str, method: str) -> sound_maps.SoundMap:
    """Where songs lie by how they sound; new arrays count at once."""
    ours = catalogue()
    return _sound_map(
        str(ours.workspace.folder), ours.version(), readiness.shards_stamp(ours, get_spec(spec)), spec, method
    )


@st.cache_data(max_entries=4, max_size="64mb", show_spinner="Reading the table …")
def _table_head(files: tuple[str, ...], stamps: tuple[int, ...]) -> table_preview.TableHead:
    return table_preview.read_head([Path(name) for name in files])


def table_head(files: list[str]) -> table_preview.TableHead:
    """The head of tables, read again when a file changes."""
    stamps = tuple(Path(name).stat().st_mtime_ns if Path(name).exists() else 0 for name in files)
    return _table_head(tuple(files), stamps)


@st.cache_data(max_entries=32, show_spinner="Listening …")
def try_file(path: str, digest: str) -> SongAnswer:
    """What the shipped model says of a file; `digest` says which content of it is meant."""
    return predict(path)


@st.cache_data(max_entries=32, show_spinner="Listening …")
def _try_run(folder: str, version: int, run_id: str, path: str, digest: str) -> prediction.FileAnswer:
    return prediction.answer_file(_catalogue(folder), Path(path), run_id)


def try_run(path: str, digest: str, run_id: str) -> prediction.FileAnswer:
    """What a run says of a file; `digest` says which content of it is meant."""
    ours = catalogue()
    return _try_run(str(ours.workspace.folder), ours.version(), run_id, path, digest)
