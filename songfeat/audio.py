"""From an audio file to samples: decoding, mixing to mono, resampling.

MP3, FLAC, Ogg (Vorbis and Opus), WAV and AIFF are decoded by libsndfile, and
M4A, MP4 and AAC by FFmpeg where PyAV is installed. Only the part of a file
that is asked for is kept in memory; a file on object storage is fetched into
memory as a whole. What is wrong with a file is said in one sentence that names it.
"""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from songfeat.errors import AudioError, ConfigError, MissingFile, SilentAudio
from songfeat.files import is_text, printable
from songfeat.locations import Fetched, Location, at_hand
from songfeat.specs import CUTS

PYAV_SUFFIXES = (".m4a", ".mp4", ".aac")
AUDIO_SUFFIXES = (".mp3", ".flac", ".ogg", ".oga", ".opus", ".wav", ".aiff", ".aif", *PYAV_SUFFIXES)
"""Suffixes, in lower case, of the files that can be decoded."""

SILENCE = 1e-4
"""A clip whose samples all lie below this, -80 dB of full scale, is silent."""

_LOUDEST = 1e12  # squared and summed over a window, louder samples would leave the range of float32
_BLOCK = 8192  # samples; a damaged file is decoded up to the block before the damage
_LARGEST_BLOCK = 1 << 27  # samples of all channels; a header may announce more than any memory holds
_TOLERANCE_SECONDS = 1.0  # encoders' padding makes headers announce a little more than there is
_PREROLL_SECONDS = 1.0  # MP3 and AAC frames lean on those before, so the first after a seek come out wrong

Sound = Location | Fetched
"""A file by its path or URL, or as it was fetched already."""


@dataclass(frozen=True)
class AudioInfo:
    """What a file's header says."""

    seconds: float
    sample_rate: int
    channels: int
    format: str


@dataclass(frozen=True, eq=False)
class Waveform:
    """Samples, float32, (n_samples, n_channels), full scale 1, at `sample_rate` Hz."""

    samples: np.ndarray
    sample_rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.sample_rate


def read_info(path: Sound) -> AudioInfo:
    """Length, rate and channels of a file, from its header."""
    return _open(path).info


def load(
    path: Sound,
    *,
    max_seconds: float | None = None,
    cut: str = "first",
    min_seconds: float = 0.0,
    start_seconds: float | None = None,
) -> Waveform:
    """Decode a file, or the part of it that is asked for.

    Parameters
    ----------
    path : str, os.PathLike or Fetched
        Of any file whose suffix is one of :data:`AUDIO_SUFFIXES`; may be a URL, see :mod:`songfeat.locations`.
    max_seconds : float, optional
        Longest part to decode; the whole file if not given.
    cut : {"first", "centre"}
        Which part of a longer file that is.
    min_seconds : float
        Shorter files are refused.
    start_seconds : float, optional
        Where the part begins, in place of `cut`.

    Raises
    ------
    SilentAudio
        If there is no sound in the part, or nothing but silence.
    AudioError
        If the file cannot be read, is cut off or short, or holds
        samples that are not finite. An MP3 without a length in its header and
        an Ogg file end where their data ends and cannot be told from whole ones.
    StorageError
        If it lies on object storage that cannot be reached.
    """
    if cut not in CUTS:
        raise ConfigError(f"The cut must be one of {', '.join(CUTS)}, not {cut!r}.")
    if max_seconds is not None and not max_seconds > 0:
        raise ConfigError(f"The longest part to decode must be above 0 seconds, not {max_seconds}.")
    source = _open(path)
    rate = source.info.sample_rate
    wanted = source.n_samples if max_seconds is None else min(round(max_seconds * rate), source.n_samples)
    start = (source.n_samples - wanted) // 2 if cut == "centre" else 0
    if start_seconds is not None:
        start = min(round(start_seconds * rate), source.n_samples)
        wanted = min(wanted, source.n_samples - start)
    samples = _collect(source, start, wanted)
    if source.length_is_sure and len(samples) < wanted - _TOLERANCE_SECONDS * rate:
        decodable = sum(map(len, source.blocks(0, _BLOCK))) / rate
        raise AudioError(f"{path} is cut off: {decodable:.1f} of {source.info.seconds:.1f} s can be decoded.")
    waveform = Waveform(samples, rate)
    _check_usable(path, waveform, min_seconds)
    return waveform


def to_mono(waveform: Waveform) -> np.ndarray:
    """The mean of the channels, float32, (n_samples,)."""
    n_channels = waveform.samples.shape[1]
    return waveform.samples @ np.full(n_channels, 1 / n_channels, dtype=np.float32)


def resample(mono: np.ndarray, from_rate: int, to_rate: int) -> np.ndarray:
    """The same sound, (n_samples,), at another rate in Hz, by SoX's high-quality resampler."""
    return mono if from_rate == to_rate else soxr.resample(mono, from_rate, to_rate, quality="HQ")


def load_mono(
    path: Sound,
    *,
    sample_rate: int,
    max_seconds: float | None = None,
    cut: str = "first",
    min_seconds: float = 0.0,
    start_seconds: float | None = None,
) -> np.ndarray:
    """A file's sound as :func:`load` decodes it, mixed to mono and resampled: float32, (n_samples,)."""
    waveform = load(path, max_seconds=max_seconds, cut=cut, min_seconds=min_seconds, start_seconds=start_seconds)
    mono = to_mono(waveform)
    if not _is_plainly_sound(mono) and _peak(mono) < SILENCE:
        raise SilentAudio(f"{path} is silent once mixed to mono: its channels cancel each other.")
    return resample(mono, waveform.sample_rate, sample_rate)


def _check_usable(path: Sound, waveform: Waveform, min_seconds: float) -> None:
    if not len(waveform.samples):
        raise SilentAudio(f"{path} holds no sound that can be decoded.")
    if waveform.seconds < min_seconds:
        raise AudioError(f"{path} lasts {waveform.seconds:.2f} s; at least {min_seconds:g} s are needed.")
    if _is_plainly_sound(waveform.samples):
        return
    peak = _peak(waveform.samples)
    if not peak <= _LOUDEST:  # true of NaN as well
        raise AudioError(f"{path} holds samples that are no sound: not a number, infinite or beyond {_LOUDEST:g}.")
    if peak < SILENCE:
        raise SilentAudio(f"{path} is silent.")


def _is_plainly_sound(samples: np.ndarray) -> bool:
    """Whether the energy alone, for which samples are read once, says that they are neither silent nor too loud."""
    flat = samples.reshape(-1)
    with np.errstate(over="ignore", invalid="ignore"):
        energy = float(np.dot(flat, flat))  # not a number where a sample is none
    return 4 * len(flat) * SILENCE**2 < energy < _LOUDEST


def _peak(samples: np.ndarray) -> float:
    return float(np.maximum(samples.max(), -samples.min()))


def _collect(source: "_Source", start: int, wanted: int) -> np.ndarray:
    """The samples from `start` on, (n, n_channels), as many as can be decoded up to `wanted`."""
    # One block of all of them is the fastest, and soundfile seeks after each, which in an MP3 leaves a click.
    # But where libsndfile meets damage, in a FLAC file, the block is lost as a whole.
    for block_size in (min(wanted, _LARGEST_BLOCK // source.info.channels), _BLOCK):
        parts, missing = [], wanted
        for block in source.blocks(start, block_size):
            parts.append(block[:missing])
            missing -= len(parts[-1])
            if not missing:
                break
        if parts:
            return parts[0] if len(parts) == 1 else np.concatenate(parts)
    return np.empty((0, source.info.channels), dtype=np.float32)


@dataclass(frozen=True)
class _Source:
    """What a file announces, and `blocks(start, size)`: its samples from one on, float32, (n, n_channels).

    Blocks end early where the file is damaged. Each call opens the file anew,
    because libsndfile cannot go back once it has met damage.
    """

    info: AudioInfo
    n_samples: int
    length_is_sure: bool
    blocks: Callable[[int, int], Iterator[np.ndarray]]


def _open(sound: Sound) -> _Source:
    path = at_hand(sound)
    if isinstance(path, Path):
        _check_file(path)
    elif not path.content:
        raise AudioError(f"{path} is empty.")
    return _open_with_pyav(path) if path.suffix.lower() in PYAV_SUFFIXES else _open_with_libsndfile(path)


def _check_file(path: Path) -> None:
    """Raise what is wrong with a file of this machine before anything of it is read."""
    if not is_text(path):
        raise AudioError(f"{printable(path)} has a name with bytes that are no UTF-8: rename the file.")
    if not path.exists():
        raise MissingFile(f"There is no file {path}.")
    if not path.is_file():
        raise AudioError(f"{path} is no file; expected one that holds sound.")
    if not path.stat().st_size:
        raise AudioError(f"{path} is empty.")
    try:
        path.open("rb").close()
    except PermissionError as error:
        raise AudioError(f"{path} may not be read: {error.strerror}.") from error


def _readable(path: Path | Fetched) -> Path | io.BytesIO:
    """What a decoder opens."""
    return path if isinstance(path, Path) else io.BytesIO(path.content)


def _open_with_libsndfile(path: Path | Fetched) -> _Source:
    def blocks(start: int, size: int) -> Iterator[np.ndarray]:
        try:
            with soundfile.SoundFile(_readable(path)) as file:
                preroll = min(start, round(_PREROLL_SECONDS * file.samplerate))
                file.seek(start - preroll)
                while len(block := file.read(preroll + size, dtype="float32", always_2d=True)):
                    yield block[preroll:]
                    preroll = 0
        except soundfile.LibsndfileError:
            return

    try:
        with soundfile.SoundFile(_readable(path)) as file:
            length_is_known = file.frames < 2**62  # FLAC from a pipe announces none
            n_samples = _announced_samples(file) if length_is_known else sum(map(len, blocks(0, _BLOCK)))
            info = AudioInfo(n_samples / file.samplerate, file.samplerate, file.channels, file.format)
    except soundfile.LibsndfileError:
        raise AudioError(f"{path} is not audio that can be read: expected MP3, FLAC, Ogg, WAV or AIFF.") from None
    return _Source(info, n_samples, info.format != "MP3" or _mp3_has_length(path), blocks)


def _announced_samples(file: soundfile.SoundFile) -> int:
    """What the header announces; libsndfile lowers it to what is there in uncompressed files that were cut off."""
    found = re.search(r"^ *(?:data|SSND) *: (\d+) \(should be (\d+)\)", file.extra_info, re.MULTILINE)
    announced, there = map(int, found.groups()) if found else (0, 1)
    is_placeholder = announced >= 2**31 - 2**16  # programs that write to a pipe announce "endless"
    return file.frames if is_placeholder else max(file.frames, file.frames * announced // there)


def _mp3_has_length(path: Path | Fetched) -> bool:
    """Whether the first frame counts the frames; if not, libsndfile estimates their number from the bit rate."""
    with path.open("rb") if isinstance(path, Path) else io.BytesIO(path.content) as file:
        head = file.read(10)
        id3_size = 0
        if head[:3] == b"ID3":
            for byte in head[6:10]:
                id3_size = id3_size << 7 | byte
        file.seek(id3_size + 10 if id3_size else 0)
        first = file.read(256)
    return any(tag in first for tag in (b"Xing", b"Info", b"VBRI"))


def _open_with_pyav(path: Path | Fetched) -> _Source:
    try:
        import av
    except ImportError:
        raise AudioError(f"{path} can be decoded only with PyAV: install songfeat[m4a].") from None

    def blocks(start: int, _size: int) -> Iterator[np.ndarray]:
        resampler = av.AudioResampler(format="fltp")  # floats, one row per channel; the rate stays
        position = None
        try:
            with av.open(_readable(path), "r", metadata_errors="ignore") as container:
                if start:  # even a seek to 0 would skip the encoder's lead-in, which the first frame leans on
                    container.seek(max(0, int((start / info.sample_rate - _PREROLL_SECONDS) * av.time_base)))
                for frame in container.decode(audio=0):
                    for part in resampler.resample(frame):
                        block = part.to_ndarray().T
                        position = round((frame.time or 0) * info.sample_rate) if position is None else position
                        yield block[max(0, start - position) :]
                        position += len(block)
        except av.FFmpegError:
            return

    try:
        with av.open(_readable(path), "r", metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise AudioError(f"{path} holds no sound that can be decoded.")
            stream = container.streams.audio[0]
            if stream.codec_context is None or not (stream.rate and stream.channels):
                raise AudioError(f"{path} holds sound of a kind that cannot be decoded.")
            seconds = (container.duration or 0) / av.time_base
            if stream.duration and stream.time_base:
                seconds = float(stream.duration * stream.time_base)
            info = AudioInfo(seconds, stream.rate, stream.channels, stream.codec_context.name.upper())
            length_is_sure = "mp4" in container.format.name
    except av.FFmpegError:
        raise AudioError(f"{path} is not audio that can be read: expected M4A, MP4 or AAC.") from None
    return _Source(info, round(seconds * info.sample_rate), length_is_sure, blocks)
