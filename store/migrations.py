"""The catalogue's tables, and how an older catalogue becomes a newer one.

Migrations are ordered and named. Each runs once, in a transaction, and is
recorded; a released one is never changed, only followed by another.
"""

from collections.abc import Callable

import duckdb

from songfeat.errors import WorkspaceError
from songfeat.labels import REFERENCE_COLUMNS
from store import name_index

Migration = Callable[[duckdb.DuckDBPyConnection], object]


def _first_tables(db: duckdb.DuckDBPyConnection) -> None:
    features = ",\n".join(f"{name} DOUBLE" for name in REFERENCE_COLUMNS)
    db.execute("CREATE TABLE meta (version BIGINT NOT NULL)")
    db.execute("INSERT INTO meta VALUES (0)")
    db.execute(
        """
        CREATE TABLE tracks (
            track_id VARCHAR PRIMARY KEY,
            title VARCHAR,
            artist VARCHAR,
            title_key VARCHAR NOT NULL,   -- the form in which titles are compared
            artist_key VARCHAR NOT NULL,  -- the first artist, in the form in which artists are grouped; '' unknown
            album VARCHAR,
            genre VARCHAR,                -- raw, the first that was seen
            genres VARCHAR[],             -- raw, all that were seen
            genre_group VARCHAR,
            year INTEGER,
            duration_s DOUBLE,
            popularity DOUBLE,
            isrc VARCHAR,
            spotify_id VARCHAR,
            preview_url VARCHAR,
            added_at TIMESTAMP NOT NULL
        )"""
    )
    db.execute(
        """
        CREATE TABLE clips (
            sha256 VARCHAR PRIMARY KEY,
            track_id VARCHAR NOT NULL,
            path VARCHAR NOT NULL,
            bytes BIGINT NOT NULL,
            modified_ns BIGINT NOT NULL,
            seconds DOUBLE NOT NULL,
            sample_rate INTEGER NOT NULL,
            channels INTEGER NOT NULL,
            status VARCHAR NOT NULL,      -- 'ok' or 'broken'
            error VARCHAR,
            added_at TIMESTAMP NOT NULL
        )"""
    )
    db.execute(
        f"""
        CREATE TABLE reference (
            track_id VARCHAR,
            source VARCHAR,
            {features},
            fetched_at TIMESTAMP NOT NULL,
            PRIMARY KEY (track_id, source)
        )"""
    )
    db.execute(
        'CREATE TABLE rejects (file VARCHAR, line BIGINT, "column" VARCHAR, value VARCHAR, reason VARCHAR NOT NULL,'
        " seen_at TIMESTAMP NOT NULL)"
    )
    db.execute(
        """
        CREATE TABLE runs (
            run_id VARCHAR PRIMARY KEY,
            model VARCHAR NOT NULL,
            inputs VARCHAR[] NOT NULL,
            targets VARCHAR[] NOT NULL,
            source VARCHAR NOT NULL,
            split VARCHAR NOT NULL,
            seed BIGINT NOT NULL,
            spec VARCHAR,
            spec_digest VARCHAR,
            config JSON NOT NULL,
            data_digest VARCHAR NOT NULL,
            n_train BIGINT NOT NULL,
            n_val BIGINT NOT NULL,
            n_test BIGINT NOT NULL,
            epochs INTEGER NOT NULL,
            seconds DOUBLE NOT NULL,
            near_constant VARCHAR[] NOT NULL,
            finished_at TIMESTAMP NOT NULL
        )"""
    )
    db.execute(
        """
        CREATE TABLE scores (
            run_id VARCHAR NOT NULL,
            split VARCHAR NOT NULL,
            genre VARCHAR NOT NULL,       -- a genre group, or 'all'
            feature VARCHAR NOT NULL,     -- a target, or 'average'
            metric VARCHAR NOT NULL,
            value DOUBLE,
            low DOUBLE,
            high DOUBLE,
            n BIGINT NOT NULL,
            mean_value DOUBLE             -- what always answering the training mean scores on the same tracks
        )"""
    )
    db.execute(
        "CREATE TABLE predictions (run_id VARCHAR NOT NULL, track_id VARCHAR NOT NULL, split VARCHAR NOT NULL,"
        " feature VARCHAR NOT NULL, value FLOAT NOT NULL)"
    )


def _evaluation(db: duckdb.DuckDBPyConnection) -> None:
    """Scores by decade and by source of reference values, and runs of several folds."""
    db.execute("ALTER TABLE scores ADD COLUMN decade VARCHAR DEFAULT 'all'")
    db.execute("ALTER TABLE scores ADD COLUMN label_source VARCHAR DEFAULT 'all'")
    db.execute("ALTER TABLE runs ADD COLUMN folds INTEGER")  # NULL: one split


def _sweeps(db: duckdb.DuckDBPyConnection) -> None:
    db.execute(
        """
        CREATE TABLE sweeps (
            sweep_id VARCHAR PRIMARY KEY,
            model VARCHAR NOT NULL,
            targets VARCHAR[] NOT NULL,
            source VARCHAR NOT NULL,
            split VARCHAR NOT NULL,
            seed BIGINT NOT NULL,
            spec VARCHAR,
            fixed JSON NOT NULL,          -- settings that are not searched
            digest VARCHAR NOT NULL,      -- of the data and of what is searched
            created_at TIMESTAMP NOT NULL
        )"""
    )
    db.execute(
        """
        CREATE TABLE trials (
            sweep_id VARCHAR NOT NULL,
            number INTEGER NOT NULL,
            settings JSON NOT NULL,
            value DOUBLE,
            state VARCHAR NOT NULL,       -- 'done', 'pruned' or 'failed'
            epochs INTEGER NOT NULL,
            seconds DOUBLE NOT NULL,
            error VARCHAR,
            val_errors DOUBLE[] NOT NULL, -- after each epoch
            PRIMARY KEY (sweep_id, number)
        )"""
    )


def _provenance(db: duckdb.DuckDBPyConnection) -> None:
    db.execute(
        """
        CREATE TABLE provenance (
            track_id VARCHAR,
            source VARCHAR,               -- who was asked
            gave VARCHAR,                 -- 'song', 'values' or 'sound'
            request VARCHAR NOT NULL,
            terms VARCHAR,                -- the licence, where the source names one
            asked_at TIMESTAMP NOT NULL,  -- UTC
            PRIMARY KEY (track_id, source, gave)
        )"""
    )


def _exclusions(db: duckdb.DuckDBPyConnection) -> None:
    """What is kept from training, what each run left out, and how loud clips are."""
    db.execute(
        """
        CREATE TABLE exclusions (
            kind VARCHAR,                 -- 'song' or 'source'
            name VARCHAR,                 -- a track id or a source
            reason VARCHAR NOT NULL,
            excluded_at TIMESTAMP NOT NULL,
            PRIMARY KEY (kind, name)
        )"""
    )
    db.execute(
        "CREATE TABLE run_exclusions (run_id VARCHAR NOT NULL, track_id VARCHAR NOT NULL, reason VARCHAR NOT NULL)"
    )
    db.execute("ALTER TABLE clips ADD COLUMN level_db DOUBLE")  # root mean square of full scale; NULL: not measured


def _run_notes(db: duckdb.DuckDBPyConnection) -> None:
    db.execute(
        "CREATE TABLE run_notes (run_id VARCHAR PRIMARY KEY, note VARCHAR NOT NULL, written_at TIMESTAMP NOT NULL)"
    )


def _name_index(db: duckdb.DuckDBPyConnection) -> None:
    """Songs get a number, and their names an index; see store/name_index.py."""
    db.execute("ALTER TABLE tracks ADD COLUMN number INTEGER")  # a short handle, in the order of arrival
    db.execute(
        """
        UPDATE tracks SET number = n.number
        FROM (SELECT track_id, row_number() OVER (ORDER BY added_at, track_id) AS number FROM tracks) n
        WHERE tracks.track_id = n.track_id"""
    )
    db.execute("CREATE TABLE words (word_id INTEGER NOT NULL, word VARCHAR NOT NULL)")
    db.execute("CREATE TABLE word_endings (word_id INTEGER NOT NULL, ending VARCHAR NOT NULL)")
    db.execute(
        """
        CREATE TABLE postings (
            word_id INTEGER NOT NULL,
            number INTEGER NOT NULL,      -- of the track
            place UTINYINT NOT NULL,      -- from 0: words of the title, of the first artist, of others; at most 255
            ends BOOLEAN NOT NULL         -- whether the title, or title and first artist, end here
        )"""
    )
    name_index.add(db, "tracks")


MIGRATIONS: tuple[tuple[str, Migration], ...] = (
    ("0001_first_tables", _first_tables),
    ("0002_evaluation", _evaluation),
    ("0003_sweeps", _sweeps),
    ("0004_provenance", _provenance),
    ("0005_exclusions", _exclusions),
    ("0006_run_notes", _run_notes),
    ("0007_name_index", _name_index),
)


def migrate(db: duckdb.DuckDBPyConnection, *, read_only: bool = False) -> None:
    """Bring an open catalogue to the newest form.

    Raises
    ------
    WorkspaceError
        If the catalogue is of a newer Songfeat, or is old and may not be written.
    """
    known = [name for name, _ in MIGRATIONS]
    if not read_only:
        db.execute("CREATE TABLE IF NOT EXISTS migrations (name VARCHAR PRIMARY KEY, applied_at TIMESTAMP NOT NULL)")
    applied = {name for (name,) in db.execute("SELECT name FROM migrations").fetchall()}
    newer = sorted(applied - set(known))
    if newer:
        raise WorkspaceError(
            f"This workspace was written by a newer Songfeat (it has the change {newer[-1]!r}, this one knows up to"
            f" {known[-1]!r}). Update Songfeat, or choose another workspace."
        )
    for name, change in MIGRATIONS:
        if name in applied:
            continue
        if read_only:
            raise WorkspaceError("This workspace is of an older Songfeat and read-only, so that it cannot be upgraded.")
        db.execute("BEGIN")
        try:
            change(db)
            db.execute("INSERT INTO migrations VALUES (?, now())", [name])
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
