"""How an array is computed from a waveform, with nothing left to a library's defaults.

A spec's digest names the shards in which its arrays lie and is stored in every
checkpoint, so two arrays of one digest mean the same thing, coefficient by
coefficient and frame by frame.
"""

import hashlib
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any, ClassVar, Self

from songfeat.errors import ConfigError, SpecMismatch, UnknownName

CUTS = ("first", "centre")
"""Which part of a file that is longer than wanted is used."""

_FIRST_FAMILY = "mfcc"

_FIXED = {
    "mono": "mean",
    "resampler": "soxr_hq",
    "window": "hann",
    "centre": True,
    "pad_mode": "reflect",
    "power": 2.0,
    "mel_scale": "htk",
    "mel_norm": None,
    "version": 1,
}
_WHOLE = ("sample_rate", "n_fft", "win_length", "hop_length", "n_mels", "n_frames")
_POSITIVE = ("max_seconds", "min_seconds", "f_max", "amin", "top_db")


@dataclass(frozen=True, kw_only=True)
class Spec(ABC):
    """How one array a clip comes about: a frozen dataclass whose fields leave nothing open.

    Attributes
    ----------
    kind : str
        What the arrays are, one of :data:`songfeat.registry.KINDS`.
    family : str
        Which class of specs this is, where a description names it.
    by_clip : bool
        Whether arrays belong to clips and are computed from them; those that came from a table belong to tracks.
    """

    kind: ClassVar[str]
    family: ClassVar[str]
    by_clip: ClassVar[bool] = True

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Of the array of one clip: ``(channels, frames)``, or ``(features,)`` without a time axis."""

    @property
    def channels(self) -> tuple[str, ...]:
        """The name of each row of an array."""
        return tuple(f"{self.kind}_{number}" for number in range(self.shape[0]))

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits that stand for the family and all fields."""
        canonical = json.dumps(self.as_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    def as_dict(self) -> dict[str, Any]:
        """The family and all fields by name, as plain values that JSON keeps."""
        # The first family has no name in its descriptions: its digests are older than the others.
        return asdict(self) if self.family == _FIRST_FAMILY else {"family": self.family, **asdict(self)}

    @classmethod
    def _from_fields(cls, values: Mapping[str, Any]) -> Self:
        names = [field.name for field in fields(cls)]
        if unknown := sorted(set(values) - set(names)):
            raise ConfigError(f"A spec has no field {unknown[0]!r}; its fields are {', '.join(names)}.")
        if missing := [name for name in names if name not in values]:
            raise SpecMismatch(f"The spec does not say its {missing[0]!r}; all of its fields must be given.")
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class MelSpec(Spec):
    """What all arrays have in common that start from a mel spectrogram in decibels.

    The defaults are the report's. Fields that have one supported value are
    fields all the same, so that the digest covers them.

    Attributes
    ----------
    sample_rate : int
        Hz; clips of another rate are resampled to it.
    mono : str
        ``"mean"``: the mean of the channels.
    resampler : str
        ``"soxr_hq"``: the SoX resampler at its high quality.
    max_seconds : float
        Longest part of a file that is used.
    cut : str
        Which part that is: ``"first"`` or ``"centre"``.
    min_seconds : float
        Shorter clips are refused.
    n_fft, win_length, hop_length : int
        Samples at `sample_rate`.
    window : str
        ``"hann"``, periodic.
    centre : bool
        True: frame t is centred on sample ``t * hop_length``.
    pad_mode : str
        ``"reflect"``: what stands before the first and after the last sample.
    power : float
        2.0: the mel bands sum squared magnitudes.
    n_mels : int
    mel_scale : str
        ``"htk"``: 2595 log10(1 + f / 700).
    mel_norm : None
        Every triangle has the height 1.
    f_min, f_max : float
        Hz, the edges of the lowest and the highest mel band.
    amin : float
        Floor of a mel cell before the logarithm.
    top_db : float
        Floor in dB below the loudest mel cell of the clip.
    n_frames : int
        Frames past that are dropped at the end.
    version : int
        Of the implementation.
    """

    sample_rate: int = 44_100
    mono: str = "mean"
    resampler: str = "soxr_hq"
    max_seconds: float = 32.0
    cut: str = "first"
    min_seconds: float = 1.0
    n_fft: int = 4096
    win_length: int = 4096
    hop_length: int = 8192
    window: str = "hann"
    centre: bool = True
    pad_mode: str = "reflect"
    power: float = 2.0
    n_mels: int = 256
    mel_scale: str = "htk"
    mel_norm: None = None
    f_min: float = 0.0
    f_max: float = 22_050.0
    amin: float = 1e-10
    top_db: float = 80.0
    n_frames: int = 160
    version: int = 1

    def __post_init__(self) -> None:
        for name, supported in _FIXED.items():
            _require(getattr(self, name) == supported, name, repr(supported), getattr(self, name))
            self._set(name, supported)
        for name in _WHOLE:
            value = getattr(self, name)
            _require(type(value) is int and value >= 1, name, "a whole number of at least 1", value)
        for name in (*_POSITIVE, "f_min"):
            value = getattr(self, name)
            _require(type(value) in (int, float) and math.isfinite(value), name, "a finite number", value)
            self._set(name, float(value))
        for name in _POSITIVE:
            _require(getattr(self, name) > 0, name, "above 0", getattr(self, name))
        self._check_relations()

    def _set(self, name: str, value: object) -> None:
        # 32 and 32.0 are one spec, so they must be one digest too.
        object.__setattr__(self, name, value)

    def _check_relations(self) -> None:
        _require(self.cut in CUTS, "cut", " or ".join(map(repr, CUTS)), self.cut)
        _require(self.n_fft % 2 == 0, "n_fft", "even", self.n_fft)
        _require(self.win_length <= self.n_fft, "win_length", f"at most n_fft, {self.n_fft}", self.win_length)
        nyquist = self.sample_rate / 2
        _require(self.f_max <= nyquist, "f_max", f"at most half the sample rate, {nyquist:g} Hz", self.f_max)
        _require(0 <= self.f_min < self.f_max, "f_min", f"from 0 to below f_max, {self.f_max:g} Hz", self.f_min)
        shortest = self.n_fft / 2 / self.sample_rate  # reflection needs more samples than it adds on one side
        _require(self.min_seconds > shortest, "min_seconds", f"above {shortest:.3g}, half of n_fft", self.min_seconds)
        enough = f"at least min_seconds, {self.min_seconds:g}"
        _require(self.max_seconds >= self.min_seconds, "max_seconds", enough, self.max_seconds)

    @property
    def frames_per_second(self) -> float:
        return self.sample_rate / self.hop_length


@dataclass(frozen=True, kw_only=True)
class LogMelSpec(MelSpec):
    """How mel spectrograms in decibels are computed.

    The defaults are the project's own: mel bands up to the highest frequency
    that lossy clips keep, and frames short enough for the rhythm of syllables.
    Frames after a clip's end have the floor's value, `top_db` below the clip's loudest cell.
    """

    kind: ClassVar[str] = "logmel"
    family: ClassVar[str] = "logmel"

    sample_rate: int = 32_000
    n_fft: int = 2048
    win_length: int = 2048
    hop_length: int = 640
    n_mels: int = 80
    f_max: float = 16_000.0
    n_frames: int = 1500

    @property
    def shape(self) -> tuple[int, int]:
        """``(n_mels, n_frames)``."""
        return self.n_mels, self.n_frames


@dataclass(frozen=True, kw_only=True)
class MfccSpec(MelSpec):
    """How mel-frequency cepstral coefficients (MFCCs) are computed; the defaults are the report's.

    Attributes
    ----------
    n_mfcc : int
    dct_norm : str
        ``"ortho"``: the orthonormal DCT-II. Frames after a clip's end are zeros.
    """

    kind: ClassVar[str] = "mfcc"
    family: ClassVar[str] = _FIRST_FAMILY

    n_mfcc: int = 20
    dct_norm: str = "ortho"

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.dct_norm == "ortho", "dct_norm", "'ortho'", self.dct_norm)
        _require(type(self.n_mfcc) is int and self.n_mfcc >= 1, "n_mfcc", "a whole number of at least 1", self.n_mfcc)
        _require(self.n_mfcc <= self.n_mels, "n_mfcc", f"at most n_mels, {self.n_mels}", self.n_mfcc)

    @property
    def shape(self) -> tuple[int, int]:
        """``(n_mfcc, n_frames)``."""
        return self.n_mfcc, self.n_frames


@dataclass(frozen=True, kw_only=True)
class BeatMfccSpec(MfccSpec):
    """MFCCs averaged from beat to beat, so that a frame is a beat whatever the tempo (Bertin-Mahieux et al., 2011).

    Attributes
    ----------
    start_bpm : float
        The tempo that the beat tracker (Ellis, 2007) expects where it hears no reason for another.
    tightness : float
        How closely beats keep to the tempo.
    """

    family: ClassVar[str] = "mfcc_beat"

    hop_length: int = 1024
    n_frames: int = 128
    start_bpm: float = 120.0
    tightness: float = 100.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("start_bpm", "tightness"):
            value = getattr(self, name)
            _require(type(value) in (int, float) and 0 < value < math.inf, name, "a number above 0", value)
            self._set(name, float(value))


@dataclass(frozen=True, kw_only=True)
class SeparatedMfccSpec(MfccSpec):
    """MFCCs of what sounds on and of what strikes, apart (harmonic-percussive separation, Fitzgerald 2010).

    It is done on mel bands rather than on single frequencies, which takes a tenth of the time.

    Attributes
    ----------
    kernel : int
        Frames, and mel bands, over which medians are taken.
    pool : int
        Frames that are averaged into one; striking needs shorter frames than models do.
    """

    family: ClassVar[str] = "mfcc_separated"

    hop_length: int = 1024
    n_mels: int = 128
    kernel: int = 31
    pool: int = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("kernel", "pool"):
            value = getattr(self, name)
            _require(type(value) is int and value >= 1, name, "a whole number of at least 1", value)

    @property
    def shape(self) -> tuple[int, int]:
        """``(2 * n_mfcc, n_frames)``: first what sounds on, then what strikes."""
        return 2 * self.n_mfcc, self.n_frames

    @property
    def channels(self) -> tuple[str, ...]:
        parts = ("harmonic", "percussive")
        return tuple(f"{part}_mfcc_{number}" for part in parts for number in range(self.n_mfcc))

    @property
    def frames_per_second(self) -> float:
        return super().frames_per_second / self.pool


@dataclass(frozen=True, kw_only=True)
class TableSpec(Spec):
    """Statistics of sound that somebody else has computed, as a table gives them.

    Attributes
    ----------
    columns : tuple of str
        Of the table, in order.
    origin : str
        How they were computed, in words.
    """

    kind: ClassVar[str] = "stats"
    family: ClassVar[str] = "table"
    by_clip: ClassVar[bool] = False

    columns: tuple[str, ...]
    origin: str

    def __post_init__(self) -> None:
        # JSON has lists only.
        object.__setattr__(self, "columns", tuple(self.columns))
        _require(len(set(self.columns)) == len(self.columns) > 0, "columns", "names, each once", self.columns)

    @property
    def shape(self) -> tuple[int]:
        """``(n_columns,)``."""
        return (len(self.columns),)

    @property
    def channels(self) -> tuple[str, ...]:
        return self.columns


def _mfcc_means(count: int) -> TableSpec:
    columns = tuple(f"mfcc{number}_mean" for number in range(1, count + 1))
    return TableSpec(columns=columns, origin=f"means of {count} MFCCs over time, librosa's defaults at 22,050 Hz")


def _gtzan() -> TableSpec:
    measured = (
        *("chroma_stft", "rms", "spectral_centroid", "spectral_bandwidth", "rolloff", "zero_crossing_rate"),
        *("harmony", "perceptr", *(f"mfcc{number}" for number in range(1, 21))),
    )
    columns = tuple(f"{name}_{statistic}" for name in measured for statistic in ("mean", "var"))
    origin = "means and variances over time of librosa's features with its defaults at 22,050 Hz"
    return TableSpec(columns=columns, origin=origin)


def _require(fits: bool, name: str, expected: str, value: object) -> None:
    if not fits:
        raise ConfigError(f"The spec's {name} must be {expected}, not {value!r}.")


REPORT_SPEC = MfccSpec()
"""The report's MFCCs: 20 coefficients, 160 frames of the first 29.7 seconds."""

SPECS: dict[str, Spec] = {
    "report": REPORT_SPEC,
    "report_centre": MfccSpec(cut="centre"),
    "report_deep": MfccSpec(n_fft=2048, win_length=2048, hop_length=512, n_mfcc=256, n_frames=2560),
    "deep_small": MfccSpec(hop_length=4096, n_mfcc=32, n_frames=320),
    "report_beat": BeatMfccSpec(),
    "report_separated": SeparatedMfccSpec(),
    "logmel": LogMelSpec(),
    "mfcc20_means": _mfcc_means(20),
    "mfcc40_means": _mfcc_means(40),
    "gtzan_statistics": _gtzan(),
}
"""Specs by the name that a person gives.

``report_centre`` is for whole songs, whose intros say little; ``report_deep``
is what the report's complex CNN saw, ``deep_small`` an eighth of it each way,
for machines without a graphics card. ``report_beat`` and ``report_separated`` are
what the report names as future work: frames from beat to beat, and harmonic and
percussive parts apart. ``mfcc20_means``, ``mfcc40_means`` and ``gtzan_statistics``
come with tables that have such columns.
"""

CLIP_SPECS: tuple[str, ...] = tuple(name for name, spec in SPECS.items() if spec.by_clip)
"""The names of the specs whose arrays are computed from clips."""

FAMILIES: dict[str, type[Spec]] = {
    family.family: family for family in (MfccSpec, BeatMfccSpec, SeparatedMfccSpec, LogMelSpec, TableSpec)
}
"""The classes of specs, by the name that their descriptions give."""


def get_spec(name: str) -> Spec:
    """The spec of that name.

    Raises
    ------
    UnknownName
        If there is none; the message lists the choices.
    """
    if name not in SPECS:
        raise UnknownName("spec", name, SPECS)
    return SPECS[name]


def spec_from_dict(values: Mapping[str, Any]) -> Spec:
    """The spec that :meth:`Spec.as_dict` described.

    Raises
    ------
    UnknownName
        If there is no such family of specs.
    ConfigError
        If a key is no field of a spec or a value does not fit.
    SpecMismatch
        If a field is missing: what it was is not known, so no default stands in.
    """
    known = dict(values)
    family = known.pop("family", _FIRST_FAMILY)
    if family not in FAMILIES:
        raise UnknownName("family of specs", str(family), FAMILIES)
    return FAMILIES[family]._from_fields(known)
