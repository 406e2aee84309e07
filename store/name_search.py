"""Songs by the words of their names, typing errors forgiven: how the index of store/name_index.py is asked.

A word of the query may mean several words of the index: itself; where it is
the last one, and so perhaps not typed to its end, those that begin with it; and
those that a typing error or two turn into it. An error is a letter too many,
too few or wrong, or two neighbours that changed places (Damerau 1964, "A
technique for computer detection and correction of spelling errors"). A space
too many or too few is one more kind.

So that few words have to be compared: one error leaves the first half of a word
as it is, or the second, and words of one beginning lie together in ``words``,
those of one ending in ``word_endings``. With two errors in a long word, its
first or its last quarter is taken to be right.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from store.name_index import words_of

_MOST_WORDS = 16
_SHORTEST_MISSPELT = 4
"""Letters that a word must have for an error in it to be forgiven."""
_LONG = 8
"""Letters from which on two errors are."""
_DISPENSABLE = 3
"""Words from which on one may be in no name at all."""
_MOST_RESPACED = 8
_AFTER_ALL_LETTERS = "\U0010ffff"
_EXACT, _BEGUN, _ERROR, _ABSENT = 0, 1, 2, 50
"""What it costs to take a word as it is, for the beginning of another, for each error, and to do without it."""


def find(db: duckdb.DuckDBPyConnection, query: str, limit: int) -> pd.DataFrame:
    """The songs whose names hold every word of `query`, the likeliest first: their track_id, has_clip.

    Where fewer than `limit` do as it is spelt, errors are understood as well;
    where still none does, other spaces, and then that one word of several is
    wrong. In order of: how little has to be forgiven; names that are the query
    (title, or title and artist), that begin with it, others; songs with a
    clip; popularity; arrival.
    """
    words = words_of(query)[:_MOST_WORDS]
    if not words:
        return pd.DataFrame({"track_id": pd.Series(dtype=str), "has_clip": pd.Series(dtype=bool)})
    asked = _Asked(db, words)
    if len(asked.songs()) < limit:
        asked.forgive_errors()
    if not len(asked.songs()):
        for respaced in _respaced(db, words):
            other = _Asked(db, respaced)
            if len(other.songs()):
                return other.best(limit, missing=0)
    missing = 0 if len(asked.songs()) or len(words) < _DISPENSABLE else 1
    return asked.best(limit, missing=missing)


class _Asked:
    """What each song costs for each word of a query: arrays over the numbers of songs, as those are dense."""

    def __init__(self, db: duckdb.DuckDBPyConnection, words: list[str]) -> None:
        self._db, self._words = db, words
        ((songs,),) = db.execute("SELECT coalesce(max(number), 0) + 1 FROM tracks").fetchall()
        self._costs = np.full((len(words), songs), _ABSENT, dtype=np.uint8)
        self._in_place = np.zeros((len(words), songs), dtype=bool)
        self._ends = np.zeros(songs, dtype=bool)
        meant = _Words()
        for nth, word in enumerate(words):
            _add_as_spelt(meant, nth, word, is_last=nth == len(words) - 1)
        self._mark(meant)

    def forgive_errors(self) -> None:
        meant = _Words()
        for nth, word in enumerate(self._words):
            if _errors(word):
                _add_misspelt(meant, nth, word, is_last=nth == len(self._words) - 1)
        if meant.query:
            self._mark(meant)

    def songs(self, missing: int = 0) -> np.ndarray:
        """The numbers of the songs that hold all words but `missing`."""
        if not missing:
            return np.flatnonzero(self._costs.max(axis=0) < _ABSENT)
        return np.flatnonzero((self._costs == _ABSENT).sum(axis=0) <= missing)

    def best(self, limit: int, *, missing: int) -> pd.DataFrame:
        """The likeliest songs, as :func:`find` gives them."""
        songs = self.songs(missing)
        begins = self._in_place[:, songs].all(axis=0)
        rank = 3 * self._costs[:, songs].sum(axis=0, dtype=np.int32) + 2 - begins - (begins & self._ends[songs])
        if len(songs) > limit:  # only those that can be among the first
            near = rank <= np.partition(rank, limit - 1)[limit - 1]
            songs, rank = songs[near], rank[near]
        self._db.register("ranked_songs", {"number": songs, "rank": rank})
        found = self._db.execute(
            """
            WITH near AS MATERIALIZED (SELECT * FROM ranked_songs JOIN (SELECT number, track_id, popularity FROM tracks)
                                       USING (number)),
                 heard AS (SELECT DISTINCT track_id FROM clips SEMI JOIN near USING (track_id) WHERE status = 'ok')
            SELECT near.track_id, heard.track_id IS NOT NULL AS has_clip FROM near LEFT JOIN heard USING (track_id)
            ORDER BY rank, has_clip DESC, popularity DESC NULLS LAST, number
            LIMIT ?""",
            [limit],
        ).df()
        self._db.unregister("ranked_songs")
        return found

    def _mark(self, meant: "_Words") -> None:
        """Enter the songs that hold one of the words that words of the query may mean."""
        found = self._db.execute(
            f"SELECT nth, number, place, ends, cost FROM postings JOIN ({meant.query}) USING (word_id)", meant.values
        ).fetchnumpy()
        for nth in _distinct(found["nth"]):
            one = found["nth"] == nth
            number, cost, in_place = found["number"][one], found["cost"][one], found["place"][one] == nth
            for price in _distinct(cost):
                songs = number[cost == price]
                self._costs[nth, songs] = np.minimum(self._costs[nth, songs], price)
            self._in_place[nth, number[in_place]] = True
            if nth == len(self._words) - 1:
                self._ends[number[in_place & found["ends"][one]]] = True


def _distinct(small: Any) -> np.ndarray:
    return np.flatnonzero(np.bincount(small))


class _Words:
    """Queries for what the words of a query mean, put together into one of ``nth``, ``word_id`` and ``cost``."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._queries: list[str] = []

    @property
    def query(self) -> str:
        return " UNION ALL ".join(self._queries)

    def add(self, nth: int, query: str) -> None:
        """What the nth word of the query may mean: a query of ``word_id`` and ``cost``."""
        self._queries.append(f"SELECT {nth} AS nth, * FROM ({query})")

    def value(self, value: object) -> str:
        """What stands for a value in a query."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f"${name}"

    def begins(self, column: str, letters: str) -> str:
        """A condition that lets DuckDB skip the blocks of a table in which no word begins so."""
        return f"{column} >= {self.value(letters)} AND {column} < {self.value(letters + _AFTER_ALL_LETTERS)}"


def _add_as_spelt(meant: _Words, nth: int, word: str, *, is_last: bool) -> None:
    meant.add(nth, f"SELECT word_id, {_EXACT} AS cost FROM words WHERE word = {meant.value(word)}")
    if is_last:
        longer = f"{meant.begins('word', word)} AND word <> {meant.value(word)}"
        meant.add(nth, f"SELECT word_id, {_BEGUN} AS cost FROM words WHERE {longer}")


def _add_misspelt(meant: _Words, nth: int, word: str, *, is_last: bool) -> None:
    size, one_error = len(word), _errors(word) == 1
    first = (size - 1) // 2 if one_error else size // 4
    last = size - 1 - first if one_error else size // 4
    meant.add(nth, _near(meant, "words", "word", word, right=first))
    meant.add(nth, _near(meant, "word_endings", "ending", word[::-1], right=last))
    if is_last and size > _SHORTEST_MISSPELT:
        meant.add(nth, _begun(meant, word, right=first))


def _near(meant: _Words, table: str, column: str, word: str, *, right: int) -> str:
    """Words that errors turn into `word`, of those that share its first letters."""
    most, size = _errors(word), len(word)
    worth_it = f"length({column}) BETWEEN {max(_SHORTEST_MISSPELT, size - most)} AND {size + most}"
    if most == 1:  # one error leaves the last letter as it is, or all but the last two; cheaper to see than a distance
        ends, begins = meant.value(word[-1]), meant.value(word[:-2])
        worth_it += f" AND (ends_with({column}, {ends}) OR starts_with({column}, {begins}))"
    errors = f"CASE WHEN {worth_it} THEN {_distance(meant, column, word)} END"
    return (
        f"SELECT word_id, {_ERROR} * errors AS cost FROM (SELECT word_id, {errors} AS errors FROM {table}"
        f" WHERE {meant.begins(column, word[:right])}) WHERE errors BETWEEN 1 AND {most}"
    )


def _begun(meant: _Words, word: str, *, right: int) -> str:
    """Longer words whose beginning errors turn into `word`, after its first letters."""
    size = len(word)
    tried = ", ".join(_distance(meant, f"left(word, {length})", word) for length in (size - 1, size, size + 1))
    return (
        f"SELECT word_id, {_BEGUN} + {_ERROR} * errors AS cost FROM (SELECT word_id, least({tried}) AS errors"
        f" FROM words WHERE {meant.begins('word', word[:right])} AND length(word) > {size})"
        f" WHERE errors BETWEEN 1 AND {_errors(word)}"
    )


def _distance(meant: _Words, text: str, word: str) -> str:
    # DuckDB counts bytes, of which a letter of another script than the Latin one has several.
    width = max(len(letter.encode()) for letter in word)
    return f"ceil(damerau_levenshtein({text}, {meant.value(word)}) / {width})::INTEGER"


def _errors(word: str) -> int:
    """How many errors in a word are forgiven: none in numbers, as other numbers are other songs."""
    if word.isdigit() or len(word) < _SHORTEST_MISSPELT - 1:
        return 0
    return 2 if len(word) >= _LONG else 1


def _respaced(db: duckdb.DuckDBPyConnection, words: list[str]) -> Iterator[list[str]]:
    """The query with a space more or less, where that gives words that there are."""
    changed = [(nth, 2, [first + second]) for nth, (first, second) in enumerate(pairwise(words))]
    changed += [(nth, 1, [word[:cut], word[cut:]]) for nth, word in enumerate(words) for cut in range(1, len(word))]
    tried = sorted({word for *_, parts in changed for word in parts})
    rows = db.execute("SELECT word FROM words WHERE list_contains(?, word)", [tried]).fetchall()
    known = {word for (word,) in rows}
    kept = [(nth, taken, parts) for nth, taken, parts in changed if known.issuperset(parts)]
    for nth, taken, parts in kept[:_MOST_RESPACED]:
        yield [*words[:nth], *parts, *words[nth + taken :]]
