"""How cost grows with the library: merging, searching, what a page reads, scores, at a thousand to a million tracks.

``python -m benchmarks growth [--plot FILE]``. The exponent is the slope of a
line through the logarithms (least squares), with its 95 % interval from
Student's t: 1 is proportional to the number of tracks, 0 does not depend on it.
Measured are the seconds of all cores together.
"""

import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd
from scipy import stats

from benchmarks import searching
from benchmarks.library import WORDS, build
from benchmarks.timing import processor_seconds
from songfeat import metrics
from songfeat.labels import FEATURES, TARGETS
from store import overview
from store.catalogue import Catalogue
from store.merge import merge
from store.tracks import search
from store.workspace import Workspace

SIZES = (1_000, 10_000, 100_000, 1_000_000)
ROUNDS = 3
DRAWS = 100
WORK = {
    "merge": "merging tracks and values into an empty catalogue",
    "search": "a song search, half of the queries misspelt",
    "page": "what Overview reads",
    "scores": f"scores with {DRAWS} draws by artist",
}


def run(plot: Path | None = None) -> dict[str, object]:
    table = pd.DataFrame([row for size in SIZES for row in _measure(size)], columns=["work", "tracks", "seconds"])
    slopes = pd.DataFrame([_slope(name, rows) for name, rows in table.groupby("work", sort=False)])
    print(table.pivot(index="tracks", columns="work", values="seconds").to_string(float_format="%.3f"))
    print(slopes.to_string(index=False, float_format="%.2f"))
    if plot:
        _chart(table, slopes).save(plot)
    steepest = slopes.loc[slopes["exponent"].idxmax()]
    return {
        "what": f"the steepest growth: {WORK[steepest['work']]} at {SIZES[-1]:,} tracks, against {SIZES[-2]:,}",
        "seconds": _seconds(table, steepest["work"], SIZES[-1]),
        "against_seconds": _seconds(table, steepest["work"], SIZES[-2]),
        "ratio": _seconds(table, steepest["work"], SIZES[-1]) / _seconds(table, steepest["work"], SIZES[-2]),
        "rounds": ROUNDS, "measured": table.to_dict("records"), "slopes": slopes.to_dict("records"),
    }  # fmt: skip


def _measure(size: int) -> list[tuple[str, int, float]]:
    with tempfile.TemporaryDirectory() as folder:
        catalogue = Catalogue(build(Path(folder) / "w", size))
        rows, scored = _rows(size), _scored(size)
        work: dict[str, Callable[[], float]] = {
            "merge": lambda: processor_seconds(lambda: _merge(Path(folder) / "merged", rows)),
            "search": lambda: statistics.median(
                processor_seconds(lambda query=query: search(catalogue, query)) for query in searching.queries()
            ),
            "page": lambda: statistics.median(processor_seconds(lambda: _read(catalogue)) for _ in range(ROUNDS)),
            "scores": lambda: processor_seconds(lambda: metrics.evaluate(*scored[:2], artists=scored[2], draws=DRAWS)),
        }
        return [(name, size, measure()) for name, measure in work.items()]


def _merge(folder: Path, rows: pd.DataFrame) -> None:
    with Catalogue(Workspace(folder)).lease(write=True) as db:
        merge(db, rows)


def _read(catalogue: Catalogue) -> None:
    for read in (overview.counts, overview.coverage_by_source, overview.tracks_by_genre, overview.sources):
        read(catalogue)


def _rows(size: int) -> pd.DataFrame:
    random = np.random.default_rng(0)
    words = np.array(WORDS)
    titles = pd.Series([" ".join(three) for three in words[random.integers(0, len(words), (size, 3))]])
    artists = "the band " + pd.Series(np.arange(size) // 10).astype(str)
    values = {name: random.uniform(one.low, one.high, size) for name, one in FEATURES.items()}
    ids = [f"bench:{number}" for number in range(size)]
    return pd.DataFrame(
        {"row": range(size), "track_id": ids, "source": "demo", "title": titles, "title_key": titles,
         "artist": artists, "artist_key": artists, "genre": "pop", "genre_group": "pop", **values}
    )  # fmt: skip


def _scored(size: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    random = np.random.default_rng(0)
    reference = pd.DataFrame(random.uniform(0, 1, (size, len(TARGETS))), columns=list(TARGETS))
    predicted = (reference + random.normal(0, 0.1, reference.shape)).clip(0, 1)
    return predicted, reference, pd.Series(np.arange(size) // 10).astype(str)


def _slope(name: object, rows: pd.DataFrame) -> dict[str, object]:
    found = stats.linregress(np.log10(rows["tracks"]), np.log10(rows["seconds"]))
    half = stats.t.ppf(0.975, len(rows) - 2) * found.stderr
    return {"work": name, "exponent": found.slope, "low": found.slope - half, "high": found.slope + half}


def _seconds(table: pd.DataFrame, work: object, tracks: int) -> float:
    return float(table.loc[(table["work"] == work) & (table["tracks"] == tracks), "seconds"].iloc[0])


def _chart(table: pd.DataFrame, slopes: pd.DataFrame) -> alt.Chart:
    told = {
        row.work: f"{WORK[row.work]} (exponent {row.exponent:.2f}, {row.low:.2f} to {row.high:.2f})"
        for row in slopes.itertuples()
    }
    shown = table.assign(work=table["work"].map(told))
    chart: alt.Chart = (
        alt.Chart(shown, width=520, height=320, background="white")
        .mark_line(point=True)
        .encode(
            x=alt.X("tracks:Q", title="tracks in the library").scale(type="log"),
            y=alt.Y("seconds:Q", title="seconds of all cores together").scale(type="log"),
            color=alt.Color("work:N", title=None, sort=list(told.values())).legend(
                orient="bottom", columns=1, labelLimit=520
            ),
        )
    )
    return chart
