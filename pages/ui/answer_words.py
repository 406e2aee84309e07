"""How answers for songs and files read: how a file was heard, and how far to trust what is said of it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pages.ui.words import count, duration
from songfeat.intervals import FEWEST, LEVEL
from songfeat.pretrained.song import SongAnswer
from songfeat.specs import MelSpec, get_spec
from store.run_intervals import RunIntervals

_PARTS = {"val": "validation", "test": "test"}


def interval_line(intervals: RunIntervals) -> str:
    """What a run's intervals rest on, or why there are none."""
    if not intervals.by_target:
        if not intervals.part:
            return "No intervals: another version of the model that comes with Songfeat predicted it."
        return (
            f"No intervals: only {count(intervals.songs, 'song')} of its {_PARTS[intervals.part]} part tell how far it"
            f" is off, and at least {FEWEST} are needed."
        )
    rest = (
        f", from its errors on {count(intervals.songs, 'song')} of its {_PARTS[intervals.part]} part"
        if intervals.part
        else "; they came with the model"
    )
    held = "" if pd.isna(intervals.inside) else f" On its test part they hold {round(100 * intervals.inside)} in 100."
    return f"Intervals should hold {round(100 * LEVEL)} in 100 values{rest}.{held}"


def heard(answer: SongAnswer) -> str:
    """``"3:41 · heard in 7 windows of 30 s"``."""
    silent = f", {answer.silent_windows} more are silent" if answer.silent_windows else ""
    return f"{duration(answer.seconds_of_audio)} · heard in {count(answer.windows, 'window')} of 30 s{silent}"


def trust(answer: SongAnswer) -> list[str]:
    """Where not to trust the shipped model's answer."""
    said = []
    if answer.unusual:
        said.append("This file sounds unlike all that the model was trained on. Take its values with care.")
    if answer.low_trust:
        said.append(f"The model predicts {', '.join(answer.low_trust)} poorly for any song: low trust.")
    return said


def heard_by_run(seconds: float, run: Mapping[str, Any]) -> str:
    """``"3:41 · its first 29.7 s were heard"``."""
    spec = get_spec(run["spec"])
    if not isinstance(spec, MelSpec) or spec.n_frames / spec.frames_per_second >= seconds:
        return f"{duration(seconds)} · heard to its end"
    part = "middle" if spec.cut == "centre" else "first"
    return f"{duration(seconds)} · its {part} {spec.n_frames / spec.frames_per_second:.1f} s were heard"


def trust_in_run(run: Mapping[str, Any]) -> list[str]:
    """Where not to trust a run's answer for any file."""
    names = ", ".join(run["near_constant"])
    return [f"This run answers almost the same for every song on {names}."] if names else []
