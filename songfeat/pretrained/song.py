"""The pretrained model's answer for an audio file of any length."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from songfeat.audio import Sound, load_mono, read_info
from songfeat.errors import AudioError, SilentAudio
from songfeat.locations import at_hand
from songfeat.pretrained import shipped
from songfeat.pretrained.model import PretrainedModel

WINDOW_SECONDS = 30.0
"""A song is heard in windows as long as the clips that the model was trained on."""

MOST_WINDOWS = 20
"""So many windows are heard of a longer file, spread evenly over it."""


@dataclass(frozen=True, kw_only=True)
class SongAnswer:
    """What the model says of a file; every dict is by target.

    Attributes
    ----------
    values : dict
        The mean over the windows, 0 to 1.
    intervals : dict
        (low, high), the mean over the windows of what should hold 80 in 100 songs' values.
    spread : dict
        Standard deviation over the windows; 0 if there is only one.
    windows, silent_windows : int
        Windows of :data:`WINDOW_SECONDS` heard, and windows left aside because there is nothing in them.
    seconds_of_audio : float
    unusual : bool
        Whether most windows are unlike all clips that the model was trained on: then trust it less.
    low_trust : tuple of str
        Targets that the model predicts poorly for any song.
    model : str
    """

    values: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    spread: dict[str, float]
    windows: int
    silent_windows: int
    seconds_of_audio: float
    unusual: bool
    low_trust: tuple[str, ...]
    model: str

    def as_dict(self) -> dict[str, Any]:
        """As JSON holds it, numbers rounded to what they can tell."""
        return {
            "values": {name: round(value, 4) for name, value in self.values.items()},
            "intervals": {name: [round(end, 4) for end in ends] for name, ends in self.intervals.items()},
            "spread": {name: round(value, 4) for name, value in self.spread.items()},
            "windows": self.windows,
            "silent_windows": self.silent_windows,
            "seconds_of_audio": round(self.seconds_of_audio, 3),
            "unusual": self.unusual,
            "low_trust": list(self.low_trust),
            "model": self.model,
        }


def predict(path: Sound, *, model: PretrainedModel | None = None) -> SongAnswer:
    """Spotify's audio features of a file, as the pretrained model hears them.

    Parameters
    ----------
    path : str, os.PathLike or Fetched
        Of any file whose suffix is one of :data:`songfeat.audio.AUDIO_SUFFIXES`, of any length from 6 seconds on;
        may be a URL, see :mod:`songfeat.locations`.
    model : PretrainedModel, optional
        Another than the one that comes with Songfeat, from :func:`songfeat.pretrained.files.load`.

    Raises
    ------
    AudioError
        If the file cannot be read, is cut off, or holds less than 6 seconds of sound.
    CheckpointError
        If the model's files are damaged.
    """
    # Loaded here, as the dashboard names this function at its start and would wait for SciPy.
    from songfeat.descriptors import SAMPLE_RATE, describe, digest

    model = shipped() if model is None else model
    path = at_hand(path)  # fetched once, however many windows are heard
    seconds = read_info(path).seconds
    heard, silences = [], []
    for start in window_starts(seconds):
        try:
            mono = load_mono(path, sample_rate=SAMPLE_RATE, max_seconds=WINDOW_SECONDS, start_seconds=start)
            groups = describe(mono)
        except SilentAudio as error:
            silences.append(str(error))
            continue
        heard.append(groups)
    if not heard:
        message = silences[0] if str(path) in silences[0] else f"{path} cannot be used: {silences[0]}"
        raise AudioError(message)
    model.check(digest(heard[0]))
    answer = model.answer(np.stack([np.concatenate(list(groups.values())) for groups in heard]))

    def by_target(numbers: np.ndarray) -> dict[str, float]:
        return dict(zip(model.targets, numbers.tolist(), strict=True))

    low, high = by_target(answer.low.mean(axis=0)), by_target(answer.high.mean(axis=0))
    return SongAnswer(
        values=by_target(answer.values.mean(axis=0)),
        intervals={name: (low[name], high[name]) for name in model.targets},
        spread=by_target(answer.values.std(axis=0)),
        windows=len(heard),
        silent_windows=len(silences),
        seconds_of_audio=seconds,
        unusual=bool(answer.unusual.mean() > 0.5),
        low_trust=model.low_trust,
        model=model.name,
    )


def window_starts(seconds: float) -> list[float]:
    """Where the windows of a file begin, in seconds: side by side as far as they fit, and from end to end."""
    count = min(MOST_WINDOWS, max(1, round(seconds / WINDOW_SECONDS)))
    room = max(0.0, seconds - WINDOW_SECONDS)
    return [room / 2] if count == 1 else [room * number / (count - 1) for number in range(count)]
