"""What providers answered, and when: each answer is kept, so that a job that was stopped asks nothing twice.

Thousands of small answers are written one by one, by several threads, and must
survive a killed process: that is what SQLite is for. The catalogue gets what
follows from them, in few large transactions.
"""

import sqlite3
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from songfeat.errors import WorkspaceError

KEPT = timedelta(days=30)
"""Answers older than this are forgotten: providers change their minds, and want no copies for ever."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer as it came; `status` is its HTTP status, `asked_at` an ISO date in UTC."""

    status: int
    body: bytes
    asked_at: str


class Journal:
    """Answers by provider and question; usable from several threads and processes.

    Raises
    ------
    WorkspaceError
        If the file is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(path, timeout=30.0, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")  # survives a killed process, which is what may happen
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS answers (provider TEXT, question TEXT, status INTEGER NOT NULL,"
                " body BLOB NOT NULL, asked_at TEXT NOT NULL, PRIMARY KEY (provider, question)) WITHOUT ROWID"
            )
            now = datetime.now(UTC)
            # Nobody knows how old an answer of tomorrow is: the clock was ahead when it came.
            self._db.execute(
                "DELETE FROM answers WHERE asked_at NOT BETWEEN ? AND ?",
                [_iso(now - KEPT), _iso(now + timedelta(days=1))],
            )
        except sqlite3.DatabaseError as error:
            raise WorkspaceError(
                f"{path} cannot be used ({error}). Remove it: what providers answered is asked again."
            ) from error

    def get(self, provider: str, question: str) -> Answer | None:
        """The answer to a question, if it was asked before."""
        with self._lock:
            row = self._db.execute(
                "SELECT status, body, asked_at FROM answers WHERE provider = ? AND question = ?", [provider, question]
            ).fetchone()
        return None if row is None else Answer(status=row[0], body=row[1], asked_at=row[2])

    def put(self, provider: str, question: str, status: int, body: bytes) -> None:
        """Keep an answer, as of now."""
        with self._lock:
            self._db.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)",
                [provider, question, status, body, _iso(datetime.now(UTC))],
            )

    def close(self) -> None:
        with self._lock:
            self._db.close()


def _iso(when: datetime) -> str:
    return when.isoformat(timespec="seconds")
