"""A cluster and object storage on this machine: Dask workers in processes of their own, and moto's S3 in this one."""

import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parent.parent
BUCKET = "music"
_GET = re.compile(r"GET /(\S+) HTTP")


class Requests(logging.Handler):
    """How often each object was fetched, as the server's log tells."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        if found := _GET.search(record.getMessage()):
            self.fetched[found[1]] += 1


@contextmanager
def object_storage() -> Iterator[Requests]:
    """An S3 in this process with an empty bucket; the environment names it, for this process and its children."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    requests, log = Requests(), logging.getLogger("werkzeug")
    log.addHandler(requests)
    log.setLevel(logging.INFO)
    log.propagate = False
    server.start()
    _, port = server.get_host_and_port()
    before = dict(os.environ)
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }
    forget_connections()
    try:
        # What an earlier server of this process was told is still known.
        urlopen(Request(f"{os.environ['AWS_ENDPOINT_URL']}/moto-api/reset", method="POST")).close()
        storage().mkdir(BUCKET)
        yield requests
    finally:
        os.environ.clear()
        os.environ.update(before)
        forget_connections()
        log.removeHandler(requests)
        server.stop()


def storage() -> Any:
    """The file system that the tests look at the bucket with."""
    import s3fs

    return s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)


@contextmanager
def scheduler() -> Iterator[str]:
    """A Dask scheduler without workers; gives its address."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=0, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL
    ) as cluster:
        yield cluster.scheduler_address


@contextmanager
def workers(address: str, count: int) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Worker processes of one thread each, that nobody starts again when they die."""
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address]
    options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1", "--death-timeout", "60"]
    started = [
        subprocess.Popen(
            [*command, *options], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL
        )
        for _ in range(count)
    ]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a worker as a machine that fails does."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL)
    process.wait()


def write_songs(folder: Path, count: int, seconds: float = 7.0, rate: int = 16_000) -> Path:
    """A folder of noises, each another."""
    folder.mkdir(parents=True)
    noise = np.random.default_rng(0).normal(0, 0.1, int(seconds * rate)).astype(np.float32)
    for number in range(count):
        soundfile.write(folder / f"Band {number} - Song {number}.wav", np.roll(noise, 1000 * number), rate)
    return folder


def slow_square(number: int, log: Path) -> int:
    """A piece of work that writes down when it ends, one short line at a time."""
    time.sleep(0.1)
    with log.open("a") as file:
        file.write(f"{number}\n")
    return number * number


def die_over(number: int, poison: int) -> int:
    """A piece of work that one number kills."""
    if number == poison:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def each(function: Any, batch: tuple[int, ...]) -> list[int]:
    return [function(number) for number in batch]


def forget_connections() -> None:
    """Make the next look at the storage read the environment anew."""
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
