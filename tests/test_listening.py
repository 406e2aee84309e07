"""What a clip looks like."""

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from songfeat.errors import AudioError
from songfeat.extraction import extract
from songfeat.specs import REPORT_SPEC
from store.listening import Sound, envelope, listen


@given(samples=st.integers(1, 5000), bins=st.integers(1, 900), seed=st.integers(0, 99))
def test_an_envelope_keeps_every_peak(samples: int, bins: int, seed: int):
    mono = np.random.default_rng(seed).normal(size=samples).astype(np.float32)
    table = envelope(mono, 1000, bins=bins)
    assert len(table) == min(samples, bins)
    assert table["high"].max() == mono.max()
    assert table["low"].min() == mono.min()
    assert (table["low"] <= table["high"]).all()
    assert table["seconds"].is_monotonic_increasing
    assert table["seconds"].iloc[-1] < samples / 1000


def test_a_short_clip_has_the_frames_it_fills(tmp_path):
    path, seconds = tmp_path / "tone.wav", 4.0
    time = np.arange(int(seconds * 44_100)) / 44_100
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * 440 * time), 44_100)
    sound = listen(path, REPORT_SPEC)
    frames = sound.coefficients.shape[1]
    assert frames == len(sound.frame_seconds) == 1 + int(seconds * 44_100) // 8192
    assert sound.frame_seconds[-1] <= seconds
    whole = extract(path, REPORT_SPEC)
    np.testing.assert_array_equal(sound.coefficients, whole[:, :frames])
    assert not whole[:, frames:].any()
    assert sound.levels.shape == (REPORT_SPEC.n_mels, frames)
    loudest = sound.levels[:, frames // 2].argmax()  # bands of the HTK scale, 1.7 mel wide at the least
    mels = 2595 * np.log10(1 + np.array([440, 22_050]) / 700)
    assert loudest == pytest.approx(mels[0] / mels[1] * (REPORT_SPEC.n_mels + 1) - 1, abs=1)
    assert sound.envelope["high"].max() == pytest.approx(0.5, abs=0.01)


def test_the_table_and_the_relative_values_are_over_time():
    coefficients = np.array([[1.0, 3.0], [5.0, 5.0]], dtype=np.float32)
    sound = Sound(
        envelope=envelope(np.ones(9), 3),
        frame_seconds=np.arange(2.0),
        levels=np.zeros((3, 2)),
        coefficients=coefficients,
    )
    np.testing.assert_allclose(sound.relative, [[-1, 1], [0, 0]])
    assert sound.table.to_dict("list") == {
        "coefficient": [0, 1], "mean": [2, 5], "deviation": [1, 0], "lowest": [1, 5], "highest": [3, 5],
    }  # fmt: skip


def test_a_file_that_is_gone_is_named(tmp_path):
    with pytest.raises(AudioError, match=r"gone\.mp3"):
        listen(tmp_path / "gone.mp3", REPORT_SPEC)
