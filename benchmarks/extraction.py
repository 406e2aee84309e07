"""Extraction to REPORT_SPEC, against the same number of processes that only decode the same files."""

import tempfile
from functools import partial
from pathlib import Path

import soundfile

from benchmarks.timing import compare, real_data
from songfeat.extraction import extract
from songfeat.specs import REPORT_SPEC, MfccSpec
from songfeat.synth import make_song
from store.work.pool import map_unordered

SYNTHESISED = 60


def run() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        clips = _clips(Path(folder))
        extracting, decoding = partial(_extract, spec=REPORT_SPEC), _decode
        return compare(
            lambda: list(map_unordered(extracting, clips)),
            lambda: list(map_unordered(decoding, clips)),
            rounds=3,
            what=f"MFCCs of {len(clips)} mp3 clips on all cores, against only decoding them",
        )


def _clips(folder: Path) -> list[str]:
    if data := real_data():
        return [str(path) for path in sorted((data / "clips").rglob("*.mp3"))]
    for number in range(SYNTHESISED):
        _, samples = make_song(number)
        soundfile.write(folder / f"{number}.mp3", samples, 44_100)
    return [str(path) for path in sorted(folder.glob("*.mp3"))]


def _extract(path: str, spec: MfccSpec) -> int:
    return extract(path, spec).size


def _decode(path: str) -> int:
    samples, _ = soundfile.read(path, dtype="float32")
    return samples.size
