"""Files that were damaged by chance, read in a process of its own: ``python -m tests.fuzzing FOLDER KIND FIRST LAST``.

A case is a number: it decides which seed is taken and what is done to its bytes,
so that a failure can be looked at again. The process tells of each case when it
begins and how it ended; `run` starts it, and starts it anew behind a case that
ended it.
"""

import faulthandler
import gzip
import io
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from songfeat.errors import SongfeatError

ROOT = Path(__file__).resolve().parent.parent
HANG_S = 10.0
"""No case may take as much of a processor; one that waits without end is stopped after six times that."""
MOST_BYTES = 1 << 30
"""What a process may hold in memory after any number of cases."""
_ADDRESS_SPACE = 8 << 30
_RATE = 16_000
_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)


@dataclass
class Outcome:
    """What came of many cases; `faults` names those that did what no file should be able to do."""

    cases: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    faults: dict[int, str] = field(default_factory=dict)
    slowest_s: float = 0.0
    """Of a processor, which says the same on a busy machine."""
    most_bytes: int = 0

    def __str__(self) -> str:
        ends = ", ".join(f"{name} {count}" for name, count in self.ends.most_common())
        return (
            f"{self.cases} cases: {ends}; slowest {self.slowest_s:.2f} s, most memory {self.most_bytes / 1e6:.0f} MB,"
            f" faults {self.faults or 'none'}"
        )


def run(kind: str, cases: range, folder: Path) -> Outcome:
    """Put cases of a kind (``audio`` or ``table``) through Songfeat, in a process of their own."""
    outcome, case = Outcome(), cases.start
    folder.mkdir(parents=True, exist_ok=True)
    while case < cases.stop:
        with (folder / "stderr.txt").open("w") as errors:
            command = [sys.executable, "-m", "tests.fuzzing", str(folder), kind, str(case), str(cases.stop)]
            with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
                assert process.stdout is not None
                case = _follow(process.stdout, outcome, case)
        if process.returncode:
            said = (folder / "stderr.txt").read_text().strip().splitlines()
            outcome.faults[case] = f"the process ended with {process.returncode}: {' | '.join(said[:3])}"
            outcome.cases += 1
            case += 1
    return outcome


def _follow(lines: io.TextIOBase, outcome: Outcome, case: int) -> int:
    """Take in what a process tells; gives the case that it was at when it ended."""
    for line in lines:
        told = json.loads(line)
        case = told["case"] + 1
        outcome.cases += 1
        outcome.ends[told["end"]] += 1
        outcome.slowest_s = max(outcome.slowest_s, told["seconds"])
        outcome.most_bytes = max(outcome.most_bytes, told["bytes"])
        if told["fault"]:
            outcome.faults[told["case"]] = told["fault"][:300]
    return case


def case_file(kind: str, case: int, folder: Path) -> Path:
    """Write the file of a case."""
    chance = random.Random(f"{kind} {case}")
    seeds = _SEEDS[kind]()
    name = chance.choice(sorted(seeds))
    data = mutate(seeds[name], seeds[chance.choice(sorted(seeds))], chance)
    path = folder / f"case.{name.split('.', 1)[1]}"
    path.write_bytes(data)
    return path


def mutate(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Do one to four kinds of damage; `other` is where foreign bytes come from."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        if len(changed) < 2:
            break
        chance.choice(_DAMAGE)(changed, other, chance)
    return bytes(changed)


def _place(data: bytearray, chance: random.Random) -> int:
    """Anywhere, but half of the time where headers are."""
    return chance.randrange(min(len(data), 128) if chance.random() < 0.5 else len(data))


def _flip(data: bytearray, _other: bytes, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 4, 32))):
        data[_place(data, chance)] ^= 1 << chance.randrange(8)


def _cut(data: bytearray, _other: bytes, chance: random.Random) -> None:
    del data[_place(data, chance) :]


def _remove(data: bytearray, _other: bytes, chance: random.Random) -> None:
    start = _place(data, chance)
    del data[start : start + chance.randint(1, 512)]


def _repeat(data: bytearray, _other: bytes, chance: random.Random) -> None:
    start = _place(data, chance)
    block = bytes(data[start : start + chance.randint(1, 512)])
    data[start:start] = block * chance.randint(1, 50)


def _splice(data: bytearray, other: bytes, chance: random.Random) -> None:
    start, theirs = _place(data, chance), chance.randrange(len(other))
    length = chance.randint(1, 2048)
    data[start : start + chance.choice((0, length))] = other[theirs : theirs + length]


def _blank(data: bytearray, _other: bytes, chance: random.Random) -> None:
    start, length = _place(data, chance), chance.randint(1, 1024)
    length = min(length, len(data) - start)
    data[start : start + length] = chance.choice((b"\0", b"\xff", b"0", b",", b'"', b"\n")) * length


def _field(data: bytearray, _other: bytes, chance: random.Random) -> None:
    """Write an extreme number where a header may hold one."""
    size, order = chance.choice((1, 2, 4, 8)), chance.choice(("little", "big"))
    number = chance.choice(_EXTREMES) & (1 << 8 * size) - 1
    start = chance.randrange(min(len(data), 128))
    data[start : start + size] = number.to_bytes(size, order)


def _text(data: bytearray, _other: bytes, chance: random.Random) -> None:
    """Write what tables stumble over."""
    odd = (b'"', b"\r", b"\0", b"\xff\xfe", b"nan", b"1e999", b"-", b"[" * 2000, b"{", b"\xe2\x80\xae", b"\xed\xa0\x80")
    start = _place(data, chance)
    data[start:start] = chance.choice(odd)


_DAMAGE: tuple[Callable[[bytearray, bytes, random.Random], None], ...] = (
    _flip, _cut, _remove, _repeat, _splice, _blank, _field, _field, _text,
)  # fmt: skip


@cache
def _audio_seeds() -> dict[str, bytes]:
    """A small real file of every format that is decoded."""
    time_s = np.arange(int(1.5 * _RATE)) / _RATE
    rng = np.random.default_rng(0)
    sound = 0.3 * np.sin(2 * np.pi * 220 * time_s) + rng.normal(0, 0.05, len(time_s))
    stereo = np.stack([sound, -0.5 * sound], axis=1).astype(np.float32)
    kinds = {
        "wav.wav": ("WAV", "PCM_16"), "float.wav": ("WAV", "FLOAT"), "adpcm.wav": ("WAV", "IMA_ADPCM"),
        "aiff.aiff": ("AIFF", "PCM_16"), "flac.flac": ("FLAC", "PCM_16"), "vorbis.ogg": ("OGG", "VORBIS"),
        "opus.opus": ("OGG", "OPUS"), "mp3.mp3": ("MP3", "MPEG_LAYER_III"),
    }  # fmt: skip
    seeds = {}
    for name, (container, subtype) in kinds.items():
        file = io.BytesIO()
        soundfile.write(file, stereo, _RATE, format=container, subtype=subtype)
        seeds[name] = file.getvalue()
    tags = b"TIT2\0\0\0\7\0\0\0A song" + b"TPE1\0\0\0\5\0\0\0Band" + b"TDRC\0\0\0\5\0\0\x001999"
    seeds["tagged.mp3"] = b"ID3\3\0\0" + bytes([0, 0, 0, len(tags)]) + tags + seeds["mp3.mp3"]
    return seeds | {"aac.m4a": _m4a(stereo)}


def _m4a(stereo: np.ndarray) -> bytes:
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=_RATE, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(stereo.T), format="fltp", layout="stereo")
        frame.sample_rate = _RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return file.getvalue()


@cache
def _table_seeds() -> dict[str, bytes]:
    """A small table in every form that is read."""
    count = 40
    frame = pd.DataFrame(
        {
            "track_id": [f"{number:022d}" for number in range(count)],
            "title": [f'Song "{number}", the größte' for number in range(count)],
            "artist": [f"Band {number // 2}" for number in range(count)],
            "energy": [number / count for number in range(count)],
            "tempo": [60.0 + number for number in range(count)],
            "key": [number % 12 for number in range(count)],
            "release_date": [f"{1980 + number}-05-01" for number in range(count)],
        }
    )
    csv, parquet = frame.to_csv(index=False), io.BytesIO()
    frame.to_parquet(parquet)
    return {
        "csv.csv": csv.encode(), "tsv.tsv": frame.to_csv(index=False, sep="\t").encode(),
        "gz.csv.gz": gzip.compress(csv.encode(), mtime=0), "utf16.csv": csv.encode("utf-16"),
        "lines.jsonl": frame.to_json(orient="records", lines=True).encode(),
        "list.json": frame.to_json(orient="records").encode(), "parquet.parquet": parquet.getvalue(),
    }  # fmt: skip


_SEEDS = {"audio": _audio_seeds, "table": _table_seeds}


def _read_audio(path: Path, _folder: Path) -> str:
    """All that a scan and an extraction do with a file."""
    from songfeat.extraction import extract
    from songfeat.specs import REPORT_SPEC
    from store.sources.folder import examine, song_of
    from store.work.measure_levels import level_db

    song_of(examine(path), path)
    level_db(str(path))
    array = extract(path, REPORT_SPEC)
    if array.shape != REPORT_SPEC.shape or not np.isfinite(array).all():
        raise AssertionError(f"an array {array.shape} that is not finite or of another shape")
    return "read"


def _read_table(path: Path, folder: Path) -> str:
    """What the job of an import does."""
    from store.progress import Progress
    from store.work.import_tables import run as import_tables
    from store.workspace import Workspace

    job = folder / "job"
    job.mkdir(exist_ok=True)
    import_tables(Workspace(folder / "w"), {"files": [str(path)], "source": "user"}, Progress(job))
    return "read"


def _files_open(expected: int) -> int:
    """How many files this process has open; threads of libraries get a moment to let go of theirs."""
    for _ in range(20):
        held = len(os.listdir("/proc/self/fd"))
        if held <= expected:
            break
        time.sleep(0.05)
    return held


_READ = {"audio": _read_audio, "table": _read_table}


def most_bytes() -> int:
    """The most memory that this process has held; what getrusage says counts what its parent held at the start."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def main() -> None:
    """Go through cases and tell of each in a line; whatever is no SongfeatError is a fault."""
    folder, kind, first, last = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.register(signal.SIGPROF, chain=True)
    _SEEDS[kind]()
    open_before = _files_open(0)
    for case in range(first, last):
        path = case_file(kind, case, folder)
        started, fault = time.process_time(), ""
        faulthandler.dump_traceback_later(6 * HANG_S, exit=True)
        signal.setitimer(signal.ITIMER_PROF, HANG_S)
        try:
            end = _READ[kind](path, folder)
        except SongfeatError as error:
            end = type(error).__name__
            if "\n" in str(error):
                fault = f"not one line: {error}"
        except BaseException as error:  # noqa: BLE001 - reported
            end, fault = type(error).__name__, f"{path.suffix} {type(error).__name__}: {error}"
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_PROF, 0)
        seconds, held = time.process_time() - started, _files_open(open_before)
        if held > open_before:
            fault = fault or f"{held - open_before} files left open"
        most = most_bytes()
        if most > MOST_BYTES:
            fault = fault or f"{most / 1e9:.1f} GB held"
        told = {"case": case, "end": end, "fault": fault, "seconds": seconds, "bytes": most}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        if most > MOST_BYTES:
            sys.exit(3)


if __name__ == "__main__":
    main()
