"""What the pretrained model learns from: descriptors of clips, their values, and whose those are."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from songfeat.audio import load_mono
from songfeat.descriptors import MIN_SECONDS, SAMPLE_RATE, describe
from songfeat.descriptors.spectra import trim
from songfeat.errors import DataError
from songfeat.labels import ALL_TARGETS
from songfeat.text import artist_key, normalise

MAX_SECONDS = 30.0
"""Longest part of a clip that is used."""

N_PARTS = 3
"""Each clip is learnt from three times: whole, its beginning and its end."""

_PART = 0.6  # of a clip's length

WEAK_WEIGHT = 0.4
"""How much a clip counts that has no values of its own, beside one that has."""


@dataclass(frozen=True, eq=False)
class TrainingClips:
    """Clips to learn from, in one order.

    Attributes
    ----------
    about : pandas.DataFrame
        Columns artist (as artists are compared), genre, weight (1, or :data:`WEAK_WEIGHT`
        where the values are the mean of the artist's other songs), and the targets.
    descriptors : numpy.ndarray
        float32, (n_clips, N_PARTS, d).
    """

    about: pd.DataFrame
    descriptors: np.ndarray

    @property
    def targets(self) -> np.ndarray:
        """(n_clips, n_targets), within [0, 1]."""
        return self.about[list(ALL_TARGETS)].to_numpy(dtype=float)

    @property
    def labelled(self) -> np.ndarray:
        """Which clips have values of their own, (n_clips,)."""
        return (self.about["weight"] == 1).to_numpy()

    def part(self, chosen: np.ndarray) -> "TrainingClips":
        """Those that a mask or an index chooses."""
        return TrainingClips(self.about.iloc[chosen].reset_index(drop=True), self.descriptors[chosen])


def describe_parts(path: Path) -> dict[str, np.ndarray]:
    """Groups of descriptors of a clip's :data:`N_PARTS` parts, each (N_PARTS, n).

    Raises
    ------
    AudioError
        If the file has no sound that can be used, or too little.
    """
    mono = trim(load_mono(path, sample_rate=SAMPLE_RATE, max_seconds=MAX_SECONDS))
    size = max(int(_PART * len(mono)), round(MIN_SECONDS * SAMPLE_RATE))
    parts = [describe(part) for part in (mono, mono[:size], mono[-size:])]
    return {name: np.stack([part[name] for part in parts]) for name in parts[0]}


def read_clips(folder: Path, *, label_source: str | None, songs: Path | None) -> pd.DataFrame:
    """The clips of a folder and what is known of them.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``labelled.csv``, with columns clip, artist and the targets, and
        the clips in ``labelled/``; and, if there are any, ``unlabelled.csv``,
        with clip and artist, and ``unlabelled/``.
    label_source : str or None
        Only labelled clips whose column ``label_source`` begins so: sources define the targets differently.
    songs : pathlib.Path or None
        A Parquet table of other songs, with artist, track_name and the
        targets, for the values of unlabelled clips; without it those are left out.

    Returns
    -------
    pandas.DataFrame
        Columns path, artist, genre, weight and the targets.

    Raises
    ------
    DataError
        If a file or column is missing, a value is out of range, or there are too few clips.
    """
    labelled = _table(folder, "labelled", [*ALL_TARGETS])
    if label_source is not None:
        if "label_source" not in labelled:
            raise DataError(f"{folder / 'labelled.csv'} has no column label_source to choose {label_source!r} by.")
        labelled = labelled[labelled["label_source"].astype(str).str.startswith(label_source)]
    values = labelled[list(ALL_TARGETS)]
    if not ((values >= 0) & (values <= 1)).all(axis=None):
        raise DataError(f"{folder / 'labelled.csv'} holds values that are missing or not within 0 and 1.")
    found = [labelled.assign(weight=1.0)]
    if songs is not None and (folder / "unlabelled.csv").exists():
        found.append(_weakly_labelled(_table(folder, "unlabelled", []), songs))
    clips = pd.concat(found, ignore_index=True)
    if clips.loc[clips["weight"] == 1, "artist"].nunique() < 20:
        raise DataError(f"{folder} has labelled clips of fewer than 20 artists, too few to learn from.")
    return clips[["path", "artist", "genre", "weight", *ALL_TARGETS]]


def _table(folder: Path, name: str, needed: list[str]) -> pd.DataFrame:
    path = folder / f"{name}.csv"
    if not path.is_file():
        raise DataError(f"There is no file {path}, which says what the clips in {folder / name} are.")
    table = pd.read_csv(path)
    if missing := [column for column in ("clip", "artist", *needed) if column not in table]:
        raise DataError(f"{path} has no column {', '.join(missing)}.")
    return table.assign(
        path=[str(folder / name / clip) for clip in table["clip"]],
        artist=table["artist"].astype(str).map(artist_key),
        title=table["title"].astype(str).map(normalise) if "title" in table else "",
        genre=table["genre"].fillna("").astype(str) if "genre" in table else "",
    )


def _weakly_labelled(clips: pd.DataFrame, songs: Path) -> pd.DataFrame:
    """Clips with the mean values of their artist's other songs; those of artists without any are left out."""
    table = pd.read_parquet(songs, columns=["artist", "track_name", *ALL_TARGETS]).dropna()
    table = table.assign(artist=table["artist"].map(artist_key), title=table["track_name"].map(normalise))
    pairs = clips[["path", "artist", "title"]].merge(table, on="artist", suffixes=("", "_other"))
    means = pairs[pairs["title"] != pairs["title_other"]].groupby("path")[list(ALL_TARGETS)].mean()
    return (
        clips.drop(columns=[*ALL_TARGETS], errors="ignore")
        .join(means, on="path", how="inner")
        .assign(weight=WEAK_WEIGHT)
    )
