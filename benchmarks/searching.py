"""Song search in a million titles, half of the queries misspelt, against one plain scan of the titles for a word."""

import random
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.library import WORDS, build
from benchmarks.timing import real_data, seconds
from store.catalogue import Catalogue
from store.tracks import search
from store.worker import work_here
from store.workspace import Workspace

TRACKS = 1_000_000
QUERIES = 40
REAL_QUERIES = 200
SHORTEST_MISSPELT = 4


def run() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        catalogue = Catalogue(build(Path(folder) / "w", TRACKS))
        return measure(catalogue, f"p95 of a song search in {TRACKS:,} titles, against scanning them for a word")


def measure(catalogue: Catalogue, what: str) -> dict[str, object]:
    ours, plain = [], []
    for query in queries():
        ours.append(seconds(lambda query=query: search(catalogue, query)))
        plain.append(seconds(lambda query=query: _scan(catalogue, query.split()[-1])))
    return _summary(what, ours, plain)


def queries() -> list[str]:
    """Two words each, every other time with an error in the first."""
    chance, asked = random.Random(0), []
    for number in range(QUERIES):
        words = chance.sample(WORDS, 2)
        asked.append(" ".join(words if number % 2 else [_misspelt(words[0], chance), words[1]]))
    return asked


def of_real_titles() -> dict[str, object]:
    """Queries made of a title and its artist, one word misspelt every other time; and how often they find it."""
    data = real_data()
    if data is None:
        return run()
    chance, ours, plain, found = random.Random(0), [], [], 0
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder) / "w")
        work_here(workspace, "import", {"files": [str(data / "spotify_tracks.parquet")], "source": "spotify"})
        catalogue = Catalogue(workspace)
        with catalogue.lease() as db:
            songs = db.execute(
                "SELECT track_id, title_key, artist_key FROM tracks WHERE title_key <> '' AND artist_key <> ''"
                " ORDER BY track_id"
            ).fetchall()
        for number, (track_id, title, artist) in enumerate(chance.sample(songs, REAL_QUERIES)):
            words = [*title.split(), *artist.split()]
            long = [nth for nth, word in enumerate(words) if len(word) >= SHORTEST_MISSPELT and word.isalpha()]
            if long and not number % 2:
                nth = chance.choice(long)
                words[nth] = _misspelt(words[nth], chance)
            started = time.perf_counter()
            hits = search(catalogue, " ".join(words), limit=10)
            ours.append(time.perf_counter() - started)
            plain.append(seconds(lambda words=words: _scan(catalogue, words[-1])))
            found += track_id in set(hits["track_id"])
    what = f"p95 of a song search in {len(songs):,} real titles, against scanning them for a word"
    return {**_summary(what, ours, plain), "found_among_ten": found / REAL_QUERIES}


def _summary(what: str, ours: list[float], plain: list[float]) -> dict[str, object]:
    p95, middle = statistics.quantiles(ours, n=20)[-1], statistics.median(plain)
    return {
        "what": what, "seconds": p95, "against_seconds": middle, "ratio": p95 / middle, "rounds": len(ours),
        "median_seconds": statistics.median(ours),
    }  # fmt: skip


def _misspelt(word: str, chance: random.Random) -> str:
    """A word with a letter missing, doubled or wrong, or with two that changed places."""
    place = chance.randrange(len(word))
    before, letter, after = word[:place], word[place], word[place + 1 :]
    exchanged = before + after[:1] + letter + after[1:]
    return chance.choice([before + after, before + 2 * letter + after, before + "x" + after, exchanged])


def _scan(catalogue: Catalogue, word: str) -> None:
    with catalogue.lease() as db:
        db.execute("SELECT track_id FROM tracks WHERE contains(title_key, ?) LIMIT 20", [word]).fetchall()
