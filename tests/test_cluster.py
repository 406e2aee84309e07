"""Work on a Dask cluster, sound and arrays on object storage: the same results, whatever dies on the way."""

import importlib.util
import json
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import places
from songfeat import locations
from songfeat.audio import load, read_info
from songfeat.cli import main
from songfeat.errors import AudioError, ClusterError, ConfigError, MissingFile, ShardError, StorageError
from songfeat.extraction import extract
from songfeat.files import sha256_of
from songfeat.pretrained.song import predict
from songfeat.specs import REPORT_SPEC
from store import clips, jobs
from store.catalogue import Catalogue
from store.progress import Cancelled
from store.shards import Shards
from store.work import cluster as clusters
from store.work.batches import map_batches
from store.work.pool import map_unordered, threads
from store.worker import work, work_here
from store.workspace import SHARDS_VARIABLE, Workspace
from tests import clustering
from tests.clustering import BUCKET
from tests.living import arrays

if any(importlib.util.find_spec(name) is None for name in ("distributed", "s3fs", "moto", "flask")):
    pytest.skip("songfeat[cluster] and moto are not installed", allow_module_level=True)

SONGS = 12
URL = f"s3://{BUCKET}/songs"


@pytest.fixture(scope="module")
def storage() -> Iterator[clustering.Requests]:
    with clustering.object_storage() as requests:
        yield requests


@pytest.fixture(scope="module")
def address(storage: clustering.Requests) -> Iterator[str]:
    """A scheduler with two workers."""
    with clustering.scheduler() as address, clustering.workers(address, 2):
        yield address


@pytest.fixture(scope="module")
def folder(storage: clustering.Requests, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Songs in a folder, and the same below the URL, with a file beside them that is no sound."""
    folder = clustering.write_songs(tmp_path_factory.mktemp("music") / "songs", SONGS)
    (folder / "broken.mp3").write_bytes(b"no sound")
    clustering.storage().put(f"{folder}/", f"{BUCKET}/songs", recursive=True)
    return folder


@pytest.fixture(scope="module")
def local(folder: Path) -> Workspace:
    """What comes of the folder on this machine alone."""
    workspace = Workspace(folder.parent / "local")
    work_here(workspace, "scan", {"folder": str(folder)})
    work_here(workspace, "extract", {"jobs": 1})
    return workspace


@pytest.fixture
def shared(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace whose arrays lie on object storage, in a place of its own."""
    monkeypatch.setenv(SHARDS_VARIABLE, f"s3://{BUCKET}/{tmp_path.name}/features")
    return Workspace(tmp_path / "shared")


def test_songs_on_object_storage_go_through_the_cluster_as_a_folder_does_here(
    address: str, local: Workspace, shared: Workspace, capsys: pytest.CaptureFixture[str]
):
    def songfeat(*arguments: str) -> dict:
        capsys.readouterr()
        assert main(["--workspace", str(shared.folder), *arguments, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    scanned = songfeat("scan", URL, "--dask", address)
    assert (scanned["files"], scanned["added"], scanned["rejected"]) == (SONGS + 1, SONGS, 1)
    assert list(scanned["errors"]) == [f"{URL}/broken.mp3"]
    ours, theirs = (clips.all_clips(Catalogue(one)).drop(columns="added_at") for one in (shared, local))
    assert ours["path"].str.startswith(f"{URL}/Band ").all()
    same = ["sha256", "track_id", "bytes", "seconds", "sample_rate", "channels", "status"]
    assert ours[same].equals(theirs[same])
    assert songfeat("scan", URL)["unchanged"] == SONGS
    extracted = songfeat("extract", "--dask", address)
    assert (extracted["extracted"], extracted["failed"]) == (SONGS, 0)
    assert arrays(shared) == arrays(local)
    assert not list(shared.features.glob("*/part-*"))
    assert songfeat("extract", "--dask", address)["extracted"] == 0
    assert songfeat("predict", "--library", "--dask", address)["songs"] == SONGS
    with Catalogue(shared).lease() as db:
        told = db.execute("SELECT track_id, feature, value FROM predictions ORDER BY ALL").df()
    assert work_here(local, "predict_library", {})["songs"] == SONGS
    with Catalogue(local).lease() as db:
        assert told.equals(db.execute("SELECT track_id, feature, value FROM predictions ORDER BY ALL").df())


def test_a_table_of_predictions_for_a_url_has_a_row_a_file_errors_too(address: str, folder: Path, tmp_path: Path):
    out = tmp_path / "features.csv"
    result = work_here(Workspace(tmp_path / "w"), "predict", {"files": [URL], "out": str(out), "dask": address})
    assert (result["files"], result["failed"], result["rows"]) == (SONGS + 1, 1, SONGS + 1)
    heard = next(one for one in result["predictions"] if one["file"].endswith("Song 3.wav"))
    assert heard["values"] == predict(folder / "Band 3 - Song 3.wav").as_dict()["values"]


def test_a_team_shares_arrays_and_computes_each_once(address: str, shared: Workspace, local: Workspace, tmp_path: Path):
    work_here(shared, "scan", {"folder": URL})
    work_here(shared, "extract", {"dask": address})
    colleague = Workspace(tmp_path / "colleague")
    work_here(colleague, "scan", {"folder": URL})
    assert work_here(colleague, "extract", {"dask": address})["extracted"] == 0
    assert arrays(colleague) == arrays(local)


def test_a_shared_disk_serves_as_well_and_must_be_named_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(SHARDS_VARIABLE, str(tmp_path / "shared"))
    array = np.ones(REPORT_SPEC.shape, np.float32)
    Shards(Workspace(tmp_path / "one"), REPORT_SPEC).write({"a": array})
    np.testing.assert_array_equal(Shards(Workspace(tmp_path / "other"), REPORT_SPEC).load(["a"])["a"], array)
    monkeypatch.setenv(SHARDS_VARIABLE, "shared")
    with pytest.raises(ConfigError, match="whole path"):
        Shards(Workspace(tmp_path / "one"), REPORT_SPEC)


def test_what_two_workers_wrote_twice_counts_once_and_damage_is_refused(shared: Workspace):
    shards = Shards(shared, REPORT_SPEC)
    one, two = np.ones(REPORT_SPEC.shape, np.float32), np.full(REPORT_SPEC.shape, 2, np.float32)
    shards.write({"a": one})
    name = shards.write({"a": one, "b": two})
    assert shards.write({"a": one, "b": two}) == name
    assert shards.known() == {"a", "b"}
    np.testing.assert_array_equal(shards.gather(["b", "a"]), [two, one])
    storage = clustering.storage()
    url = shards.place.where(name)
    storage.pipe_file(url, storage.cat_file(url).replace(b"PAR1", b"PAR2"))
    with pytest.raises(ShardError, match="Remove it there"):
        shards.load(["b"])
    assert list(shards.load(["c"])) == []


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_only_what_it_was_at(storage: clustering.Requests, tmp_path: Path):
    """Items whose results had come are not done again; of the others no more than were under way."""
    numbers, log, received, at_kill = range(60), tmp_path / "log", [], []
    with clustering.scheduler() as address, clustering.workers(address, 2) as (first, _):
        work = partial(clustering.slow_square, log=log)
        for item, result in map_unordered(work, numbers, workers=clusters.cluster(address)):
            assert result == item * item
            received.append(item)
            if len(received) == 20:
                clustering.kill(first)
                at_kill = list(received)
    assert sorted(received) == list(numbers)
    done = Counter(map(int, log.read_text().split()))
    assert all(done[item] == 1 for item in at_kill)
    assert sum(done.values()) - len(numbers) <= 2 * 3  # workers times tasks under way for each


@pytest.mark.slow
def test_an_extraction_that_loses_a_worker_ends_as_one_that_does_not(
    storage: clustering.Requests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    songs = 48
    folder = clustering.write_songs(tmp_path / "long", songs, seconds=10)
    clustering.storage().put(f"{folder}/", f"{BUCKET}/long", recursive=True)
    calm = {sha256_of(path): extract(path, REPORT_SPEC).tobytes() for path in folder.iterdir()}
    monkeypatch.setenv(SHARDS_VARIABLE, f"s3://{BUCKET}/{tmp_path.name}/features")
    workspace = Workspace(tmp_path / "w")
    work_here(workspace, "scan", {"folder": f"s3://{BUCKET}/long"})
    before = storage.fetched.copy()
    with clustering.scheduler() as address, clustering.workers(address, 2) as (first, _):
        at_kill = []

        def watch(step) -> None:
            if step.done and not at_kill:
                at_kill.append(step.done)
                clustering.kill(first)

        result = work_here(workspace, "extract", {"dask": address}, listener=watch)
    assert 0 < at_kill[0] < songs
    assert (result["extracted"], result["failed"]) == (songs, 0)
    assert arrays(workspace) == calm
    fetched = {name: n - before[name] for name, n in storage.fetched.items() if name.startswith(f"{BUCKET}/long/")}
    assert len(fetched) == songs
    # The killed worker held at most one batch of those that had not come back.
    assert sum(fetched.values()) <= songs + (songs - at_kill[0])


def test_a_cancelled_job_stops_the_cluster_and_goes_on_later(address: str, shared: Workspace):
    work_here(shared, "scan", {"folder": URL})
    folder = shared.jobs / jobs.create(shared, "extract", {"dask": address})
    with pytest.raises(Cancelled):
        work(folder, lambda _: (folder / "cancel").touch())
    assert jobs.get(shared, folder.name).state == "cancelled"
    jobs.prepare_again(jobs.get(shared, folder.name))
    work(folder)
    assert len(Shards(shared, REPORT_SPEC).known()) == SONGS


@pytest.mark.slow
def test_storage_that_is_gone_ends_the_job_and_calls_no_clip_broken(
    address: str, shared: Workspace, monkeypatch: pytest.MonkeyPatch
):
    work_here(shared, "scan", {"folder": URL})
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    clustering.forget_connections()
    with pytest.raises(StorageError, match="cannot be read or written now"):
        work_here(shared, "extract", {"jobs": 1})
    clustering.forget_connections()
    assert (clips.all_clips(Catalogue(shared))["status"] == "ok").all()


def test_a_song_that_is_gone_or_too_large_is_said_in_words(folder: Path):
    with pytest.raises(MissingFile, match=f"There is no file {URL}/none.mp3"):
        load(f"{URL}/none.mp3")
    clustering.storage().pipe_file(f"{BUCKET}/other/empty.mp3", b"")
    with pytest.raises(AudioError, match="is empty"):
        load(f"s3://{BUCKET}/other/empty.mp3")
    with pytest.raises(AudioError, match="more than 1,000 bytes"):
        locations.at_hand(f"{URL}/Band 3 - Song 3.wav", most_bytes=1000)


def test_odd_names_and_every_format_read_from_storage_as_from_a_file(folder: Path, tmp_path: Path):
    import soundfile

    noise = np.random.default_rng(1).normal(0, 0.1, (44_100, 2)).astype(np.float32)
    for suffix in ("mp3", "flac", "ogg", "wav", "aiff"):
        path = tmp_path / f"a [1] * é #?::x.{suffix}"
        soundfile.write(path, noise, 44_100)
        clustering.storage().put_file(str(path), f"{BUCKET}/odd/{path.name}")
        url = f"s3://{BUCKET}/odd/{path.name}"
        assert read_info(url) == read_info(path)
        np.testing.assert_array_equal(load(url).samples, load(path).samples)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.org/a.mp3", "not from http"),
        ("https://example.org/a.mp3", "not from https"),
        ("simplecache::s3://music/a.mp3", "not from"),
        ("ftp://host/a.mp3", "not from ftp"),
        ("memory://a.mp3", "not from memory"),
        ("s3://KEY:SECRET@music/a.mp3", "holds credentials"),
        ("s3://", "names no place"),
        ("s3://music/a\nb.mp3", "names no place"),
    ],
)
def test_only_known_kinds_of_storage_are_read_and_no_credentials_in_urls(url: str, words: str):
    with pytest.raises(ConfigError, match=words) as refused:
        load(url)
    assert "SECRET" not in str(refused.value)


def test_a_file_url_is_a_path(folder: Path):
    assert locations.resolved("file:///music/a%20b.mp3") == Path("/music/a b.mp3")
    assert not locations.is_url(folder)


def test_storage_without_its_package_says_what_to_install():
    with pytest.raises(ConfigError, match="install gcsfs"):
        load("gs://music/a.mp3")


@pytest.mark.parametrize(
    "address", ["http://host:1", "host:8786", "tcp://host", "inproc://1/2/3", "tcp://a:1,tcp://b:2"]
)
def test_only_addresses_of_schedulers_are_taken(address: str):
    with pytest.raises(ConfigError, match="no address of a Dask scheduler"):
        list(map_unordered(abs, [1], workers=clusters.cluster(address)))


def test_a_cluster_that_is_not_there_or_has_another_songfeat_is_said_in_words(
    address: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(clusters, "_CONNECT_S", 1.0)
    with pytest.raises(ClusterError, match=r"no Dask scheduler at tcp://127\.0\.0\.1:9"):
        list(map_unordered(abs, [1], workers=clusters.cluster("tcp://127.0.0.1:9")))
    with clustering.scheduler() as lonely, pytest.raises(ClusterError, match="has no workers"):
        list(map_unordered(abs, [1], workers=clusters.cluster(lonely)))
    monkeypatch.setattr(clusters, "__version__", "99")
    with pytest.raises(ClusterError, match="not 99"):
        list(map_unordered(abs, [-1], workers=clusters.cluster(address)))


def test_files_that_only_workers_cannot_see_are_no_broken_clips(folder: Path):
    clusters.check_seen_by_workers(["/nowhere/a.mp3", f"{URL}/none.mp3"])
    with pytest.raises(ClusterError, match="A worker does not see"):
        clusters.check_seen_by_workers([str(folder / "broken.mp3")])


def test_batches_grow_to_what_takes_seconds_and_hold_every_item_once():
    sizes, seen = [], []
    for batch, total in map_batches(
        sum, range(1000), hire=partial(threads, 1), check=lambda: None, lost=lambda item, why: -1, most=64
    ):
        assert sum(batch) == total
        sizes.append(len(batch))
        seen += batch
    assert sorted(seen) == list(range(1000))
    assert max(sizes) == 64
    assert sizes[0] == 8


def test_waiting_work_learns_that_it_should_stop():
    begun = threading.Event()

    def check() -> None:
        if begun.is_set():
            raise Cancelled

    release = threading.Event()

    def wait(_: int) -> None:
        begun.set()
        release.wait(20)

    stopper = threading.Timer(1.0, release.set)
    stopper.start()
    with pytest.raises(Cancelled):
        list(map_unordered(wait, range(10), workers=threads(1), check=check))
    stopper.cancel()


def test_a_song_on_object_storage_is_heard_and_looked_at_on_its_pages(
    shared: Workspace, monkeypatch: pytest.MonkeyPatch
):
    work_here(shared, "scan", {"folder": URL})
    monkeypatch.setenv("SONGFEAT_WORKSPACE", str(shared.folder))
    monkeypatch.setenv("SONGFEAT_NO_DEMO", "1")
    track = clips.all_clips(Catalogue(shared))["track_id"].iloc[0]
    for page in (places.SONG, places.MFCC):
        at = AppTest.from_file("../app.py", default_timeout=60).switch_page(page)
        at.query_params["track"] = track
        at.run()
        assert not at.exception
        assert not at.error
        assert at.get("audio")


@pytest.mark.soak
def test_a_clip_that_kills_every_worker_costs_no_other_its_place(storage: clustering.Requests):
    """Dask gives up on a task when too many workers died; the others of its batch are done alone."""
    import dask

    results: dict[int, object] = {}
    fewer = dask.config.set({"distributed.scheduler.allowed-failures": 1})  # instead of 3
    with fewer, clustering.scheduler() as address, clustering.workers(address, 6):
        for batch, result in map_batches(
            partial(clustering.each, partial(clustering.die_over, poison=5)),
            range(10),
            hire=lambda: clusters.cluster(address),
            check=lambda: None,
            lost=lambda item, why: [f"{item}: {why}"],
            most=4,
        ):
            results |= dict(zip(batch, result, strict=True))
    assert "2 workers died" in str(results.pop(5))
    assert results == {number: number * number for number in range(10) if number != 5}
