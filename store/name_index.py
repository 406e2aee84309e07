"""Which words there are in the names of songs, and which songs hold them: an inverted index inside the catalogue.

Three tables, written in the transaction that writes the songs, so that they
are never older than these. ``words`` holds each distinct word once, in the
form of :func:`songfeat.text.normalise`; ``word_endings`` the same words
backwards; ``postings`` says at which place of which name a word stands. What
arrives together is written in order, so that DuckDB skips the blocks in which
a word, a beginning or an ending cannot be.
"""

import re

import duckdb
import pandas as pd

from songfeat.text import normalise

_UNSPACED = "([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])"
"""Kana and ideographs, which are written without spaces: each is a word."""
_MORE_NAMES = r"(?i);|\b(feat|ft|featuring|with)\b"
"""What stands in a title or an artist whose key leaves names out."""


def words_of(text: str) -> list[str]:
    """The words of a text in the form in which they are indexed, in their order."""
    return _split_key(normalise(text))


def _split_key(key: str) -> list[str]:
    return (key if key.isascii() else re.sub(_UNSPACED, r" \1 ", key)).split()


def add(db: duckdb.DuckDBPyConnection, chosen: str) -> None:
    """Index the names of songs, anew where they are indexed already; inside a writing lease.

    Parameters
    ----------
    db : duckdb.DuckDBPyConnection
        A writing lease.
    chosen : str
        A table that says in ``track_id`` which songs.
    """
    db.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE named AS
        SELECT number, title, artist, title_key, artist_key FROM tracks
        WHERE track_id IN (SELECT track_id FROM {chosen})"""
    )
    db.execute("DELETE FROM postings WHERE number IN (SELECT number FROM named)")
    db.register("more_names", _more_names(db))
    try:
        db.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE occurrences AS
            WITH split AS (
                SELECT number, {_split("title_key")} AS title, {_split("artist_key")} AS artist,
                       coalesce(more, []) AS more
                FROM named LEFT JOIN more_names USING (number)
            )
            SELECT number, unnest(title || artist || more) AS word, len(title) AS title_ends,
                   len(title) + len(artist) AS name_ends, generate_subscripts(title || artist || more, 1) AS nth
            FROM split""",
            {"unspaced": _UNSPACED},
        )
    finally:
        db.unregister("more_names")
    _add_words(db)
    db.execute(
        """
        INSERT INTO postings
        SELECT word_id, number, least(nth - 1, 255), nth IN (title_ends, name_ends)
        FROM occurrences JOIN words USING (word) ORDER BY word_id, number"""
    )
    db.execute("DROP TABLE named; DROP TABLE occurrences")


def _split(key: str) -> str:
    """The words of a key, as a list."""
    spaced = f"trim(regexp_replace(regexp_replace({key}, $unspaced, ' \\1 ', 'g'), ' +', ' ', 'g'))"
    return (
        f"CASE WHEN {key} = '' THEN [] WHEN strlen({key}) = length({key}) THEN string_split({key}, ' ')"
        f" ELSE string_split({spaced}, ' ') END"
    )


def _more_names(db: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Words of the names of songs that their keys leave out, by number: of other artists, of guests."""
    found = db.execute(
        "SELECT * FROM named WHERE regexp_matches(title, $more) OR regexp_matches(artist, $more)",
        {"more": _MORE_NAMES},
    ).fetchall()
    more: dict[int, list[str]] = {}
    for number, title, artist, title_key, artist_key in found:
        known = {*_split_key(title_key), *_split_key(artist_key)}
        more[number] = [word for word in words_of(f"{title or ''} {artist or ''}") if word not in known]
    return pd.DataFrame({"number": pd.Series(list(more), dtype="int32"), "more": pd.Series(list(more.values()))})


def _add_words(db: duckdb.DuckDBPyConnection) -> None:
    db.execute(
        """
        CREATE OR REPLACE TEMP TABLE new_words AS
        SELECT (SELECT coalesce(max(word_id), 0) FROM words) + row_number() OVER (ORDER BY word) AS word_id, word
        FROM (SELECT DISTINCT word FROM occurrences) ANTI JOIN words USING (word)"""
    )
    db.execute("INSERT INTO words SELECT word_id, word FROM new_words ORDER BY word")
    db.execute("INSERT INTO word_endings SELECT word_id, reverse(word) AS ending FROM new_words ORDER BY ending")
    db.execute("DROP TABLE new_words")
