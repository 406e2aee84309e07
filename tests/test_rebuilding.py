"""Trying out settings on a clip."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from songfeat.errors import ConfigError
from songfeat.specs import REPORT_SPEC
from store.rebuilding import MOST_COLUMNS, MOST_ROWS, attempt, settings, sounds

RATE = 44_100


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "tone.wav"
    time = np.arange(4 * RATE) / RATE
    soundfile.write(
        path, 0.5 * np.sin(2 * np.pi * 440 * time) + np.random.default_rng(0).normal(0, 0.01, 4 * RATE), RATE
    )
    return path


def test_the_reports_settings_are_the_reports_but_for_the_number_of_frames():
    spec = settings(n_mfcc=20, n_fft=4096, hop_length=8192, n_mels=256)
    differing = {name for name, value in spec.as_dict().items() if value != REPORT_SPEC.as_dict()[name]}
    assert differing == {"n_frames"}
    assert spec.n_frames == 1 + 32 * RATE // 8192
    with pytest.raises(ConfigError, match="n_mfcc"):
        settings(n_mfcc=64, n_fft=4096, hop_length=8192, n_mels=40)


def test_an_attempt_says_what_there_is_and_what_is_lost(clip: Path):
    found = attempt(clip, settings(n_mfcc=20, n_fft=4096, hop_length=8192, n_mels=256))
    assert found.shape == (20, 1 + 4 * RATE // 8192)
    assert found.n_samples == 4 * RATE
    assert found.heard_share == 0.5
    assert found.empty_bands == 0
    assert found.levels.shape == found.rebuilt.shape == (MOST_ROWS, found.shape[1])
    assert len(found.seconds) == found.shape[1]
    assert len(found.bands) == MOST_ROWS


def test_short_windows_leave_bands_empty_and_long_pictures_are_averaged(clip: Path):
    found = attempt(clip, settings(n_mfcc=20, n_fft=512, hop_length=256, n_mels=256))
    assert found.heard_share == 1
    assert found.empty_bands > 50
    assert found.levels.shape == (MOST_ROWS, MOST_COLUMNS)
    assert found.seconds[0] < found.seconds[1] < found.seconds[-1] < 4


def test_both_sounds_are_equally_long_and_loud_and_within_full_scale(clip: Path):
    original, rebuilt = sounds(clip, settings(n_mfcc=13, n_fft=1024, hop_length=512, n_mels=40))
    assert original.shape == rebuilt.shape == (4 * RATE,)
    assert np.sqrt(np.mean(np.square(rebuilt))) == pytest.approx(np.sqrt(np.mean(np.square(original))), rel=1e-4)
    assert max(np.abs(original).max(), np.abs(rebuilt).max()) <= 1 + 1e-6
