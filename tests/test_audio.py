"""Decoding, mixing and resampling: formats, parts of files, and what is wrong with a file."""

import math
import sys
import tracemalloc

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from songfeat.audio import AUDIO_SUFFIXES, AudioInfo, Waveform, load, load_mono, read_info, resample, to_mono
from songfeat.errors import AudioError, ConfigError

RATE = 44_100
CODECS = [
    # suffix, soundfile's format and subtype, largest error of a sample after a round trip
    (".wav", "WAV", "FLOAT", 1e-7),
    (".flac", "FLAC", "PCM_16", 1e-4),
    (".aiff", "AIFF", "PCM_16", 1e-4),
    (".mp3", "MP3", None, 0.02),
    (".ogg", "OGG", "VORBIS", 0.02),
    (".opus", "OGG", "OPUS", 0.06),
]


def chirp(seconds, rate=RATE, channels=1, amplitude=0.3):
    """A tone that rises from 100 to 1,000 Hz, so that each moment differs from the others; (n, channels)."""
    time = np.arange(round(seconds * rate)) / rate
    tone = amplitude * np.sin(2 * np.pi * (100 + 450 * time / seconds) * time)
    return np.stack([tone / (1 + channel) for channel in range(channels)], axis=1).astype(np.float32)


def write_m4a(path, samples, codec="aac", options=None):
    with av.open(path, "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=RATE, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = RATE, 0
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)


def cut_file(path, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


@pytest.mark.parametrize(("suffix", "file_format", "subtype", "tolerance"), CODECS)
def test_what_was_written_is_read(tmp_path, suffix, file_format, subtype, tolerance):
    rate = 48_000 if subtype == "OPUS" else RATE
    samples, path = chirp(3, rate, channels=2), tmp_path / f"song{suffix}"
    soundfile.write(path, samples, rate, format=file_format, subtype=subtype)
    assert read_info(path) == AudioInfo(3.0, rate, 2, file_format)
    waveform = load(path)
    assert (waveform.samples.shape, waveform.samples.dtype) == ((3 * rate, 2), np.float32)
    assert waveform.seconds == 3.0
    assert np.abs(waveform.samples - samples)[:-1000].max() < tolerance  # the Opus encoder loses the end
    assert suffix in AUDIO_SUFFIXES


@pytest.mark.parametrize(("suffix", "file_format", "subtype", "tolerance"), CODECS)
def test_a_part_is_that_part_of_the_whole(tmp_path, suffix, file_format, subtype, tolerance):
    rate = 48_000 if subtype == "OPUS" else RATE
    path = tmp_path / f"song{suffix}"
    soundfile.write(path, chirp(6, rate), rate, format=file_format, subtype=subtype)
    whole = load(path).samples
    for cut, start in (("first", 0), ("centre", 2 * rate)):
        part = load(path, max_seconds=2, cut=cut)
        assert part.seconds == 2.0
        np.testing.assert_allclose(part.samples, whole[start : start + 2 * rate], atol=1e-4)
    np.testing.assert_array_equal(load(path, max_seconds=7, cut="centre").samples, whole)


def test_the_centre_of_an_mp3_starts_without_a_click(tmp_path):
    # Frames of a low variable bit rate lean on those before; after a bare seek the first ones come out wrong.
    path, rng = tmp_path / "song.mp3", np.random.default_rng(0)
    noisy = chirp(20) + rng.normal(0, 0.02, (20 * RATE, 1))
    soundfile.write(path, noisy, RATE, bitrate_mode="VARIABLE", compression_level=0.9)
    part = load(path, max_seconds=10, cut="centre").samples
    np.testing.assert_allclose(part, load(path).samples[5 * RATE : 15 * RATE], atol=1e-6)


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (96_000, 2), (22_050, 5)])
def test_any_rate_and_number_of_channels(tmp_path, rate, channels):
    path, samples = tmp_path / "song.wav", chirp(2, rate, channels)
    soundfile.write(path, samples, rate, subtype="FLOAT")
    mono = load_mono(path, sample_rate=RATE)
    assert mono.shape == (2 * RATE,)
    expected = chirp(2)[:, 0] * np.mean([1 / (1 + channel) for channel in range(channels)])
    inner = slice(RATE // 10, -RATE // 10)  # the resampler rings where the sound starts and stops
    assert np.abs(mono[inner] - expected[inner]).max() < 1e-3


@pytest.fixture(scope="module")
def long_song(tmp_path_factory):
    """20 minutes at 8 kHz that are silent but for the first and the middle minute, and NaN at the end."""
    path = tmp_path_factory.mktemp("long") / "song.wav"
    samples = np.zeros(20 * 60 * 8_000, dtype=np.float32)
    for minute in (0, 10):
        start = round((minute * 60 - 30 * (minute > 0)) * 8_000)
        samples[start : start + 60 * 8_000] = np.resize(chirp(1, 8_000)[:, 0], 60 * 8_000)
    samples[-1] = np.nan
    soundfile.write(path, samples, 8_000, subtype="FLOAT")
    return path


@pytest.mark.parametrize("cut", ["first", "centre"])
def test_of_a_long_song_only_the_part_is_read(long_song, cut):
    assert read_info(long_song).seconds == 1200.0
    tracemalloc.start()
    waveform = load(long_song, max_seconds=32, cut=cut)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert waveform.seconds == 32.0
    assert np.abs(waveform.samples).max() > 0.2
    assert peak_bytes < 3 * waveform.samples.nbytes < 1200 * 8_000


def test_faults_count_only_in_the_part_that_is_used(long_song):
    with pytest.raises(AudioError, match="not a number"):
        load(long_song)


def test_20_minutes_are_read_whole_when_no_part_is_asked_for(tmp_path):
    path = tmp_path / "song.wav"
    soundfile.write(path, np.resize(chirp(1, 8_000), (1200 * 8_000, 1)), 8_000)
    assert load(path).seconds == 1200.0


@given(hnp.arrays(np.float32, st.tuples(st.integers(1, 50), st.integers(1, 6)), elements=st.floats(-1, 1, width=32)))
def test_mono_is_the_mean_of_the_channels(samples):
    mono = to_mono(Waveform(samples, RATE))
    assert (mono.shape, mono.dtype) == ((len(samples),), np.float32)
    np.testing.assert_allclose(mono, samples.mean(axis=1), atol=1e-6)


def test_resampling_keeps_a_tone_and_removes_what_the_new_rate_cannot_hold():
    def tone(frequency, rate):
        return np.sin(2 * np.pi * frequency * np.arange(rate) / rate).astype(np.float32)

    kept = resample(tone(1_000, 48_000), 48_000, 44_100)
    assert (kept.shape, kept.dtype) == ((44_100,), np.float32)
    assert np.abs(kept - tone(1_000, 44_100))[2_000:-2_000].max() < 1e-4
    assert np.abs(resample(tone(10_000, 44_100), 44_100, 16_000))[1_000:-1_000].max() < 1e-3


def test_equal_rates_leave_every_bit():
    samples = chirp(1)[:, 0]
    assert resample(samples, RATE, RATE) is samples


def faulty_files(tmp_path):
    rng = np.random.default_rng(0)
    noise = rng.uniform(-0.5, 0.5, 2 * RATE).astype(np.float32)
    not_a_number, infinite, absurd = noise.copy(), noise.copy(), noise.copy()
    not_a_number[1000], infinite[1000], absurd[1000] = np.nan, -np.inf, 1e20
    sounds = {
        "nan.wav": not_a_number,
        "infinite.wav": infinite,
        "absurd.wav": absurd,
        "silent.wav": np.zeros_like(noise),
        "faint.wav": noise * 1e-4,
        "cancelling.wav": np.stack([noise, -noise], axis=1),
        "short.wav": noise[: RATE // 5],
        "no_samples.wav": noise[:0],
    }
    for name, samples in sounds.items():
        soundfile.write(tmp_path / name, samples, RATE, subtype="FLOAT")
    (tmp_path / "empty.mp3").touch()
    (tmp_path / "text.mp3").write_text("<html>404: this is no song</html>\n" * 50)
    (tmp_path / "text.m4a").write_text("<html>404: this is no song</html>\n" * 50)
    (tmp_path / "folder.mp3").mkdir()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.mp3", "There is no file .*missing.mp3."),
        ("folder.mp3", "folder.mp3 is no file; expected one"),
        ("empty.mp3", "empty.mp3 is empty."),
        ("text.mp3", "text.mp3 is not audio that can be read: expected MP3, FLAC, Ogg, WAV or AIFF."),
        ("text.m4a", "text.m4a is not audio that can be read: expected M4A, MP4 or AAC."),
        ("nan.wav", "nan.wav holds samples that are no sound: not a number, infinite or beyond"),
        ("infinite.wav", "infinite.wav holds samples that are no sound"),
        ("absurd.wav", "absurd.wav holds samples that are no sound"),
        ("silent.wav", "silent.wav is silent."),
        ("faint.wav", "faint.wav is silent."),
        ("cancelling.wav", "cancelling.wav is silent once mixed to mono: its channels cancel each other."),
        ("short.wav", "short.wav lasts 0.20 s; at least 1 s are needed."),
        ("no_samples.wav", "no_samples.wav holds no sound that can be decoded."),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path, name, message):
    faulty_files(tmp_path)
    with pytest.raises(AudioError, match=message) as caught:
        load_mono(tmp_path / name, sample_rate=RATE, min_seconds=1)
    assert "\n" not in str(caught.value)


def test_quiet_is_not_silent(tmp_path):
    path = tmp_path / "quiet.wav"
    soundfile.write(path, chirp(1, amplitude=2e-4), RATE, subtype="FLOAT")
    assert load(path).seconds == 1.0


@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".wav", ".aiff"])
@pytest.mark.parametrize("cut", ["first", "centre"])
def test_a_file_that_announces_more_than_it_holds_is_cut_off(tmp_path, suffix, cut):
    path = tmp_path / f"song{suffix}"
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (20 * RATE, 1))
    soundfile.write(path, noise, RATE)
    cut_file(path, 0.4)
    with pytest.raises(AudioError, match=r"is cut off: (7\.[789]|8\.0) of 20\.0 s can be decoded\."):
        load(path, max_seconds=10, cut=cut)
    assert load(path, max_seconds=5).seconds == 5.0, "the part that is used is there"


def test_a_second_that_is_missing_is_tolerated(tmp_path):
    path = tmp_path / "song.flac"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, 20 * RATE), RATE)
    cut_file(path, 0.97)
    assert 19 < load(path).seconds < 19.5


def test_an_mp3_that_does_not_count_its_frames_is_not_called_cut_off(tmp_path):
    path = tmp_path / "song.mp3"
    silence_then_noise = np.concatenate([np.zeros(10 * RATE), np.random.default_rng(0).uniform(-0.5, 0.5, 10 * RATE)])
    soundfile.write(path, silence_then_noise, RATE, bitrate_mode="VARIABLE", compression_level=0.2)
    data = path.read_bytes()
    second_frame = data.index(data[:2], 200)
    assert b"Xing" in data[:second_frame], "the first frame counts the others"
    path.write_bytes(data[second_frame:])
    assert read_info(path).seconds > 30, "libsndfile reckons with the low bit rate of the silence"
    assert load(path).seconds == pytest.approx(20, abs=0.1)


def test_an_mp3_that_counts_its_frames_behind_a_large_tag_is_found_cut_off(tmp_path):
    path = tmp_path / "song.mp3"
    soundfile.write(path, chirp(20), RATE)
    path.write_bytes(b"ID3\x04\x00\x00\x00\x02\x00\x00" + bytes(2 << 14) + path.read_bytes())
    assert load(path).seconds == pytest.approx(20, abs=0.1)
    cut_file(path, 0.6)
    with pytest.raises(AudioError, match="is cut off"):
        load(path)


def test_a_wav_from_a_pipe_announces_no_length(tmp_path):
    path = tmp_path / "song.wav"
    soundfile.write(path, chirp(2), RATE)
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[4:8] = data[at : at + 4] = b"\xff" * 4
    path.write_bytes(data)
    assert load(path).seconds == pytest.approx(2, abs=1e-3)


def test_a_flac_from_a_pipe_announces_no_length(tmp_path):
    path = tmp_path / "song.flac"
    soundfile.write(path, chirp(4), RATE)
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0  # the upper 4 of 36 bits of STREAMINFO's number of samples, and the other 32
    data[22:26] = bytes(4)
    path.write_bytes(data)
    assert read_info(path).seconds == pytest.approx(4, abs=0.2)
    assert load(path, max_seconds=2, cut="centre").seconds == 2.0


@pytest.mark.parametrize(("codec", "tolerance"), [("aac", 0.05), ("alac", 1e-4)])
def test_m4a_is_read_whole_and_in_part(tmp_path, codec, tolerance):
    path, samples = tmp_path / "song.M4A", chirp(6).repeat(2, axis=1)
    write_m4a(path, samples, codec)
    assert read_info(path) == AudioInfo(6.0, RATE, 2, codec.upper())
    whole = load(path).samples
    assert np.abs(whole - samples).max() < tolerance
    part = load(path, max_seconds=2, cut="centre").samples
    np.testing.assert_allclose(part, whole[2 * RATE : 4 * RATE], atol=1e-4)


def test_m4a_that_is_cut_off(tmp_path):
    path = tmp_path / "song.m4a"
    write_m4a(path, chirp(20, channels=2), options={"movflags": "faststart"})
    cut_file(path, 0.5)
    for cut in ("first", "centre"):
        with pytest.raises(AudioError, match=r"is cut off: \d+\.\d of 20\.0 s can be decoded"):
            load(path, max_seconds=15, cut=cut)
    assert load(path, max_seconds=5).seconds == 5.0


def test_m4a_without_pyav_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "song.m4a"
    write_m4a(path, chirp(2, channels=2))
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(AudioError, match=r"song.m4a can be decoded only with PyAV: install songfeat\[m4a\]\."):
        read_info(path)
    soundfile.write(tmp_path / "song.mp3", chirp(2), RATE)
    assert load(tmp_path / "song.mp3").seconds == 2.0


@pytest.mark.parametrize("options", [{"cut": "middle"}, {"max_seconds": 0}, {"max_seconds": math.nan}])
def test_options_that_do_not_fit_are_refused(tmp_path, options):
    with pytest.raises(ConfigError, match=r"middle|above 0 seconds"):
        load(tmp_path / "song.mp3", **options)


@pytest.mark.real
def test_real_clips_decode_to_what_their_headers_announce(real_data):
    clips = sorted((real_data / "clips" / "labelled").iterdir())
    for path in [*clips[:6], *clips[-6:]]:
        info, waveform = read_info(path), load(path)
        assert waveform.sample_rate == info.sample_rate
        assert waveform.seconds == pytest.approx(info.seconds, abs=0.1)
        assert 10 < waveform.seconds < 33
