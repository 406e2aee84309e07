"""What looks odd in the catalogue, each with the songs behind it."""

from dataclasses import dataclass

import pandas as pd

from songfeat.errors import UnknownName
from songfeat.labels import TARGETS
from store.agreement import SONG_KEY
from store.catalogue import Catalogue

SHORTEST_CLIP_S = 20.0
QUIETEST_DB, LOUDEST_DB = -40.0, -4.0
"""Clips whose level (root mean square, of full scale) lies outside are odd: music lies between."""

_ANY_TARGET = " OR ".join(f"r.{name} IS NOT NULL" for name in TARGETS)
_ALL_ZERO = " AND ".join(f"r.{name} = 0" for name in TARGETS)
_DIFFERENCE = "greatest(a.tempo, b.tempo) / least(a.tempo, b.tempo)"


@dataclass(frozen=True, kw_only=True)
class Check:
    """Something to look for; `query` gives track_id and detail."""

    name: str
    title: str
    meaning: str
    query: str


CHECKS: dict[str, Check] = {
    check.name: check
    for check in (
        Check(
            name="duplicates",
            title="The same song again",
            meaning="Tracks that share title and artist with another, which stays: only the others are listed. Live"
            " versions and remasters say so in their titles and are no duplicates.",
            query="""
            SELECT track_id, 'like ' || first_value(track_id) OVER song AS detail FROM tracks
            WHERE title_key <> '' AND artist_key <> ''
            WINDOW song AS (PARTITION BY title_key, artist_key ORDER BY added_at, track_id)
            QUALIFY row_number() OVER song > 1""",
        ),
        Check(
            name="all_zero",
            title="All values 0",
            meaning="Every target is 0 at once, which no music is: the source had no values and wrote noughts.",
            query=f"SELECT track_id, r.source AS detail FROM reference r WHERE {_ALL_ZERO}",
        ),
        Check(
            name="no_tempo",
            title="No tempo",
            meaning="A source gives targets but no tempo, or wrote 0 for it: its beat tracker found nothing.",
            query=f"SELECT track_id, r.source AS detail FROM reference r WHERE r.tempo IS NULL AND ({_ANY_TARGET})",
        ),
        Check(
            name="halved_tempo",
            title="Half or double the tempo",
            meaning="Two sources give tempi of which one is twice the other, within two per cent.",
            query=f"""
            WITH named AS (
                SELECT r.track_id, r.source, r.tempo, {SONG_KEY} AS song FROM reference r JOIN tracks t USING (track_id)
                WHERE r.tempo > 0
            )
            SELECT a.track_id,
                   concat(a.source, ' ', round(a.tempo, 1), ', ', b.source, ' ', round(b.tempo, 1)) AS detail
            FROM named a JOIN named b USING (song)
            WHERE a.source < b.source AND {_DIFFERENCE} BETWEEN 1.96 AND 2.04""",
        ),
        Check(
            name="no_genre",
            title="No genre",
            meaning="Nobody says what kind of music it is, so that no score by genre counts it.",
            query="SELECT track_id, NULL AS detail FROM tracks WHERE genre IS NULL",
        ),
        Check(
            name="no_artist",
            title="No artist",
            meaning="Without an artist nobody can say whether training and test songs share one.",
            query="SELECT track_id, NULL AS detail FROM tracks WHERE artist_key = ''",
        ),
        Check(
            name="short_clip",
            title="Short clips",
            meaning=f"Clips under {SHORTEST_CLIP_S:.0f} seconds, of which models see mostly silence.",
            query=f"""
            SELECT track_id, format('{{:.1f}} s', seconds) AS detail FROM clips
            WHERE status = 'ok' AND seconds < {SHORTEST_CLIP_S}""",
        ),
        Check(
            name="odd_level",
            title="Very quiet or very loud clips",
            meaning=f"Clips whose level is below {QUIETEST_DB:.0f} or above {LOUDEST_DB:.0f} dB of full scale. Measured"
            " when levels are measured.",
            query=f"""
            SELECT track_id, format('{{:.1f}} dB', level_db) AS detail FROM clips
            WHERE level_db NOT BETWEEN {QUIETEST_DB} AND {LOUDEST_DB}""",
        ),
        Check(
            name="broken_clip",
            title="Clips that cannot be used",
            meaning="Their files cannot be decoded, are silent or are gone.",
            query="SELECT track_id, error AS detail FROM clips WHERE status <> 'ok'",
        ),
    )
}
"""Every check by name, in the order in which they are shown."""


def summary(catalogue: Catalogue) -> pd.DataFrame:
    """How many songs each check finds, and how many of them are excluded: check, title, songs, excluded."""
    one_each = " UNION ALL ".join(
        f"""
        SELECT '{check.name}' AS check, count(DISTINCT found.track_id) AS songs, count(DISTINCT e.name) AS excluded
        FROM ({check.query}) found LEFT JOIN exclusions e ON e.kind = 'song' AND e.name = found.track_id"""
        for check in CHECKS.values()
    )
    with catalogue.lease() as db:
        table = db.execute(one_each).df().set_index("check").loc[list(CHECKS)]
    return table.assign(title=[check.title for check in CHECKS.values()]).reset_index()


def songs(catalogue: Catalogue, check: str, *, limit: int | None = 1000) -> pd.DataFrame:
    """The songs behind a check: track_id, title, artist, genre, detail, excluded (the reason, or missing).

    Raises
    ------
    UnknownName
        If there is no such check.
    """
    if check not in CHECKS:
        raise UnknownName("check", check, CHECKS)
    with catalogue.lease() as db:
        return db.execute(
            f"""
            SELECT DISTINCT ON (track_id) track_id, t.title, t.artist, t.genre, f.detail, e.reason AS excluded
            FROM ({CHECKS[check].query}) f JOIN tracks t USING (track_id)
            LEFT JOIN exclusions e ON e.kind = 'song' AND e.name = track_id
            ORDER BY track_id, f.detail LIMIT ?""",
            [limit],
        ).df()


def coverage(catalogue: Catalogue) -> pd.DataFrame:
    """Tracks by genre group and decade: genre_group, decade (``1990s``), tracks; ``not known`` where so."""
    with catalogue.lease() as db:
        return db.execute(
            """
            SELECT coalesce(genre_group, 'not known') AS genre_group,
                   coalesce((year // 10 * 10) || 's', 'not known') AS decade, count(*) AS tracks
            FROM tracks GROUP BY ALL ORDER BY genre_group, decade"""
        ).df()


def clips_waiting_to_be_measured(catalogue: Catalogue) -> int:
    """How many usable clips there are whose level is not known."""
    return len(clips_to_measure(catalogue))


def clips_to_measure(catalogue: Catalogue) -> pd.DataFrame:
    """Usable clips whose level is not known: sha256 and path."""
    with catalogue.lease() as db:
        return db.execute(
            "SELECT sha256, path FROM clips WHERE status = 'ok' AND level_db IS NULL ORDER BY sha256"
        ).df()
