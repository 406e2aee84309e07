"""Song search in a million titles, half of the queries misspelt, against one plain scan of the titles for a word."""

import random
import statistics
import tempfile
from pathlib import Path

from benchmarks.library import WORDS, build
from benchmarks.timing import seconds
from store.catalogue import Catalogue
from store.tracks import search

TRACKS = 1_000_000
QUERIES = 20


def run() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        catalogue = Catalogue(build(Path(folder) / "w", TRACKS))
        return measure(catalogue, f"p95 of a song search in {TRACKS:,} titles, against scanning them for a word")


def measure(catalogue: Catalogue, what: str) -> dict[str, object]:
    chance = random.Random(0)
    ours, plain = [], []
    for number in range(QUERIES):
        words = chance.sample(WORDS, 2)
        query = " ".join(words) if number % 2 else _misspelt(words, chance)
        ours.append(seconds(lambda query=query: search(catalogue, query)))
        plain.append(seconds(lambda words=words: _scan(catalogue, words[0])))
    p95 = statistics.quantiles(ours, n=20)[-1]
    middle = statistics.median(plain)
    return {
        "what": what, "seconds": p95, "against_seconds": middle, "ratio": p95 / middle, "rounds": QUERIES,
        "median_seconds": statistics.median(ours),
    }  # fmt: skip


def _misspelt(words: list[str], chance: random.Random) -> str:
    """Words with a letter missing in one of them."""
    first, second = words
    place = chance.randrange(1, len(first))
    return f"{first[:place]}{first[place + 1 :]} {second}"


def _scan(catalogue: Catalogue, word: str) -> None:
    with catalogue.lease() as db:
        db.execute("SELECT track_id FROM tracks WHERE contains(title_key, ?) LIMIT 20", [word]).fetchall()
