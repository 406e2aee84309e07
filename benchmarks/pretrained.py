"""The pretrained model's answers for clips, one after the other, against only decoding and resampling them."""

import tempfile
from pathlib import Path

import soundfile
from threadpoolctl import threadpool_limits

from benchmarks.timing import compare, real_data
from songfeat.audio import AUDIO_SUFFIXES, load_mono
from songfeat.descriptors import SAMPLE_RATE
from songfeat.pretrained.song import WINDOW_SECONDS, predict
from songfeat.synth import make_song

SYNTHESISED = 20
EVERY = 4
"""Of the real clips, which are in the order of their kinds."""


def run() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        clips = _clips(Path(folder))
        predict(clips[0])  # loads the model, which is done once
        return compare(
            lambda: [predict(clip) for clip in clips],
            lambda: [load_mono(clip, sample_rate=SAMPLE_RATE, max_seconds=WINDOW_SECONDS) for clip in clips],
            rounds=3,
            what=f"features of {len(clips)} clips on one thread, against only decoding and resampling them",
        )


def _clips(folder: Path) -> list[Path]:
    if data := real_data():
        return [path for path in sorted((data / "clips").rglob("*")) if path.suffix in AUDIO_SUFFIXES][::EVERY]
    for number in range(SYNTHESISED):
        _, samples = make_song(number)
        soundfile.write(folder / f"{number}.mp3", samples, 44_100)
    return sorted(folder.glob("*.mp3"))
