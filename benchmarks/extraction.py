"""Extraction to REPORT_SPEC: on all cores against only decoding the same files, on one against a librosa script."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import soundfile
from threadpoolctl import threadpool_limits

from benchmarks.timing import compare, real_data
from songfeat.extraction import extract
from songfeat.specs import REPORT_SPEC, MfccSpec
from songfeat.synth import make_song
from store.work.pool import map_unordered

SYNTHESISED = 60
ON_ONE_CORE = 40
ROUNDS = 3


def run() -> dict[str, object]:
    return _on_all_cores(lambda rate: True, "")


def at_its_rate() -> dict[str, object]:
    return _on_all_cores(lambda rate: rate == REPORT_SPEC.sample_rate, " at 44.1 kHz")


def resampled() -> dict[str, object]:
    return _on_all_cores(lambda rate: rate != REPORT_SPEC.sample_rate, " of other rates, resampled,")


def against_librosa() -> dict[str, object]:
    """One clip after the other on one core."""
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        clips = _clips(Path(folder))
        clips = clips[:: max(1, len(clips) // ON_ONE_CORE)]
        _extract(clips[0], REPORT_SPEC), _with_librosa(clips[0])  # loads the libraries
        return compare(
            lambda: [_extract(clip, REPORT_SPEC) for clip in clips],
            lambda: [_with_librosa(clip) for clip in clips],
            rounds=ROUNDS,
            what=f"MFCCs of {len(clips)} mp3 clips on one core, against librosa's load and feature.mfcc",
        )


def _on_all_cores(wanted: Callable[[int], bool], which: str) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        clips = [clip for clip in _clips(Path(folder)) if wanted(soundfile.info(clip).samplerate)]
        extracting, decoding = partial(_extract, spec=REPORT_SPEC), _decode
        return compare(
            lambda: list(map_unordered(extracting, clips)),
            lambda: list(map_unordered(decoding, clips)),
            rounds=ROUNDS,
            what=f"MFCCs of {len(clips)} mp3 clips{which} on all cores, against only decoding them",
        )


def _clips(folder: Path) -> list[str]:
    if data := real_data():
        return [str(path) for path in sorted((data / "clips").rglob("*.mp3"))]
    for number in range(SYNTHESISED):
        _, samples = make_song(number)
        soundfile.write(folder / f"{number}.mp3", samples, 48_000 if number % 2 else 44_100)
    return [str(path) for path in sorted(folder.glob("*.mp3"))]


def _extract(path: str, spec: MfccSpec) -> int:
    return extract(path, spec).size


def _decode(path: str) -> int:
    samples, _ = soundfile.read(path, dtype="float32")
    return samples.size


def _with_librosa(path: str) -> int:
    """What a script does that wants the same coefficients."""
    import librosa

    spec = REPORT_SPEC
    samples, rate = librosa.load(path, sr=spec.sample_rate, duration=spec.max_seconds)
    return librosa.feature.mfcc(
        y=samples, sr=rate, n_mfcc=spec.n_mfcc, n_fft=spec.n_fft, hop_length=spec.hop_length, n_mels=spec.n_mels,
        htk=True, norm="ortho", mel_norm=None, pad_mode="reflect",
    ).size  # fmt: skip
