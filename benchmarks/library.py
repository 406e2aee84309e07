"""A catalogue of any size, made inside DuckDB: tracks with names as people have them, clips, values, predictions."""

from itertools import product
from pathlib import Path

import duckdb
import pandas as pd

from songfeat.labels import AVERAGE, FEATURES, REFERENCE_COLUMNS, TARGETS
from songfeat.metrics import ALL
from songfeat.scores import METRICS
from songfeat.splits import PARTS
from store import name_index, runs
from store.catalogue import Catalogue
from store.workspace import Workspace

WORDS = (
    "love", "night", "dance", "river", "summer", "heart", "city", "blue", "fire", "dream", "road", "rain", "golden",
    "shadow", "morning", "electric", "silver", "wild", "ocean", "star", "moon", "broken", "home", "angel", "light",
    "paper", "winter", "stone", "garden", "highway", "mirror", "thunder", "velvet", "whisper", "crystal", "forever",
)  # fmt: skip
RUN = "20260101-120000-lstm_multitask-0001"
_GENRES = ("pop", "rock", "jazz", "hip hop")
_TRACKS_AN_ARTIST = 10


def build(folder: Path, tracks: int) -> Workspace:
    """A workspace whose catalogue holds `tracks` tracks, with a clip and a prediction of each target for each."""
    workspace = Workspace(folder)
    catalogue = Catalogue(workspace)
    columns = ", ".join(
        f"{one.low} + ({one.high} - {one.low}) * draw(range, '{name}', 10000) / 10000 AS {name}"
        for name, one in FEATURES.items()
    )
    with catalogue.lease(write=True) as db:
        # A draw that is the same whenever the library is made.
        db.execute("CREATE TEMP MACRO draw(number, salt, choices) AS (hash(number || salt) % choices)::INTEGER")
        db.execute("CREATE TEMP MACRO pick(number, salt, options) AS options[1 + draw(number, salt, len(options))]")
        db.execute(
            """
            INSERT INTO tracks (track_id, title, artist, title_key, artist_key, genres, genre_group, year, duration_s,
                                popularity, added_at, number)
            SELECT 'bench:' || range, title, artist, title, artist, [],
                   pick(range, 'genre', $genres), 1960 + draw(range, 'year', 60), 200,
                   draw(range, 'popularity', 100), now(), range
            FROM (
                SELECT range, concat_ws(' ', pick(range, 'a', $words), pick(range, 'b', $words),
                                        pick(range, 'c', $words), lower(to_base(range, 36))) AS title,
                       concat_ws(' ', 'the', pick(range // $each, 'd', $words) || 's',
                                 lower(to_base(range // $each, 36))) AS artist
                FROM range($tracks)
            )""",
            {"words": list(WORDS), "genres": list(_GENRES), "tracks": tracks, "each": _TRACKS_AN_ARTIST},
        )
        name_index.add(db, "tracks")
        _add_clips(db)
        names = ", ".join(REFERENCE_COLUMNS)
        db.execute(
            f"INSERT INTO reference (track_id, source, {names}, fetched_at)"
            f" SELECT 'bench:' || range, 'demo', {names}, now() FROM (SELECT range, {columns} FROM range(?))",
            [tracks],
        )
        run = {
            "run_id": RUN, "model": "lstm_multitask", "inputs": ["mfcc"], "targets": list(TARGETS), "source": "demo",
            "split": "artist", "seed": 0, "spec": "report", "spec_digest": "", "config": "{}", "data_digest": "",
            "n_train": tracks * 2 // 3, "n_val": tracks // 6, "n_test": tracks // 6, "epochs": 1, "seconds": 1.0,
            "near_constant": [],
        }  # fmt: skip
        runs.save(db, runs.FinishedRun(run=run, scores=_scores(tracks), predictions=_no_predictions()))
        db.execute(
            f"""
            INSERT INTO predictions (run_id, track_id, split, feature, value)
            SELECT ?, track_id, pick(track_id, 'part', ['train', 'train', 'train', 'train', 'val', 'test']), feature,
                   value * 0.8 + 0.1
            FROM (UNPIVOT (SELECT track_id, {", ".join(TARGETS)} FROM reference) ON {", ".join(TARGETS)}
                  INTO NAME feature VALUE value) ORDER BY track_id""",
            [RUN],
        )
    return workspace


def _add_clips(db: duckdb.DuckDBPyConnection) -> None:
    """A clip for each track, as a library on object storage has them."""
    db.execute(
        """
        INSERT INTO clips BY NAME
        SELECT sha256(track_id) AS sha256, track_id,
               concat('s3://bucket/music/', artist, '/', title, '.mp3') AS path,
               480_000 + hash(track_id) % 9000 AS bytes,
               1_760_000_000_000_000_000 + hash(track_id) % 10**15 AS modified_ns,
               30.0 AS seconds, 44_100 AS sample_rate, 2 AS channels, 'ok' AS status, now() AS added_at
        FROM tracks ORDER BY sha256"""
    )


def _scores(tracks: int) -> pd.DataFrame:
    """As many scores as a training leaves; their values say nothing."""
    rows = product(PARTS, (ALL, *_GENRES), (*TARGETS, AVERAGE), METRICS)
    keys = pd.DataFrame(rows, columns=["split", "genre", "feature", "metric"])
    return keys.assign(value=0.1, low=0.09, high=0.11, n=tracks // 6, mean_value=0.2)


def _no_predictions() -> pd.DataFrame:
    return pd.DataFrame(
        {"track_id": pd.Series(dtype=str), "split": pd.Series(dtype=str), **dict.fromkeys(TARGETS, 0.0)}
    )
