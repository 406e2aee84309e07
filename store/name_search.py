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


def find(db: duckdb.DuckDBPyConnection, query: str, limit: int) -> list[str]:
    """Ids of the songs whose names hold every word of `query`, the likeliest first.

    Where fewer than `limit` do as it is spelt, errors are understood as well;
    where still none does, other spaces, and then that one word of several is
    wrong. In order of: how little has to be forgiven; names that are the query
    (title, or title and artist), that begin with it, others; songs with a
    clip; popularity; arrival.
    """
    words = words_of(query)[:_MOST_WORDS]
    if not words:
        return []
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
        for nth, word in enumerate(words):
            self._mark(nth, _as_spelt(word, is_last=nth == len(words) - 1))

    def forgive_errors(self) -> None:
        for nth, word in enumerate(self._words):
            if _errors(word):
                self._mark(nth, _misspelt(word, is_last=nth == len(self._words) - 1))

    def songs(self, missing: int = 0) -> np.ndarray:
        """The numbers of the songs that hold all words but `missing`."""
        if not missing:
            return np.flatnonzero(self._costs.max(axis=0) < _ABSENT)
        return np.flatnonzero((self._costs == _ABSENT).sum(axis=0) <= missing)

    def best(self, limit: int, *, missing: int) -> list[str]:
        """The ids of the likeliest songs."""
        songs = self.songs(missing)
        begins = self._in_place[:, songs].all(axis=0)
        rank = 3 * self._costs[:, songs].sum(axis=0, dtype=np.int32) + 2 - begins - (begins & self._ends[songs])
        if len(songs) > limit:  # only those that can be among the first
            near = rank <= np.partition(rank, limit - 1)[limit - 1]
            songs, rank = songs[near], rank[near]
        self._db.register("ranked_songs", {"number": songs, "rank": rank})
        rows = self._db.execute(
            """
            SELECT track_id FROM ranked_songs JOIN tracks USING (number)
            ORDER BY rank, track_id IN (SELECT track_id FROM clips WHERE status = 'ok') DESC,
                     popularity DESC NULLS LAST, number
            LIMIT ?""",
            [limit],
        ).fetchall()
        self._db.unregister("ranked_songs")
        return [track_id for (track_id,) in rows]

    def _mark(self, nth: int, meant: "_Words") -> None:
        """Enter the songs that hold one of the words that a word may mean."""
        found = self._db.execute(
            f"SELECT number, place, ends, cost FROM postings JOIN ({meant.query}) USING (word_id)", meant.values
        ).fetchnumpy()
        number, cost, in_place = found["number"], found["cost"], found["place"] == nth
        for one in np.flatnonzero(np.bincount(cost)):
            songs = number[cost == one]
            self._costs[nth, songs] = np.minimum(self._costs[nth, songs], one)
        self._in_place[nth, number[in_place]] = True
        if nth == len(self._words) - 1:
            self._ends[number[in_place & found["ends"]]] = True


class _Words:
    """Queries for words of the index, put together into one of ``word_id`` and ``cost``."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._queries: list[str] = []

    @property
    def query(self) -> str:
        return " UNION ALL ".join(self._queries)

    def add(self, query: str) -> None:
        self._queries.append(query)

    def value(self, value: object) -> str:
        """What stands for a value in a query."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f"${name}"

    def begins(self, column: str, letters: str) -> str:
        """A condition that lets DuckDB skip the blocks of a table in which no word begins so."""
        return f"{column} >= {self.value(letters)} AND {column} < {self.value(letters + _AFTER_ALL_LETTERS)}"


def _as_spelt(word: str, *, is_last: bool) -> _Words:
    meant = _Words()
    meant.add(f"SELECT word_id, {_EXACT} AS cost FROM words WHERE word = {meant.value(word)}")
    if is_last:
        longer = f"{meant.begins('word', word)} AND word <> {meant.value(word)}"
        meant.add(f"SELECT word_id, {_BEGUN} AS cost FROM words WHERE {longer}")
    return meant


def _misspelt(word: str, *, is_last: bool) -> _Words:
    meant, size, one_error = _Words(), len(word), _errors(word) == 1
    first = (size - 1) // 2 if one_error else size // 4
    last = size - 1 - first if one_error else size // 4
    _add_near(meant, "words", "word", word, right=first)
    _add_near(meant, "word_endings", "ending", word[::-1], right=last)
    if is_last and size > _SHORTEST_MISSPELT:
        _add_begun(meant, word, right=first)
    return meant


def _add_near(meant: _Words, table: str, column: str, word: str, *, right: int) -> None:
    """Words that errors turn into `word`, of those that share its first letters."""
    most, size = _errors(word), len(word)
    lengths = f"{max(_SHORTEST_MISSPELT, size - most)} AND {size + most}"
    errors = f"CASE WHEN length({column}) BETWEEN {lengths} THEN {_distance(meant, column, word)} END"
    meant.add(
        f"SELECT word_id, {_ERROR} * errors AS cost FROM (SELECT word_id, {errors} AS errors FROM {table}"
        f" WHERE {meant.begins(column, word[:right])}) WHERE errors BETWEEN 1 AND {most}"
    )


def _add_begun(meant: _Words, word: str, *, right: int) -> None:
    """Longer words whose beginning errors turn into `word`, after its first letters."""
    size = len(word)
    tried = ", ".join(_distance(meant, f"left(word, {length})", word) for length in (size - 1, size, size + 1))
    meant.add(
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
