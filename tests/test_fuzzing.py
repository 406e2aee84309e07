"""Files damaged by chance: each is read or turned away in words, soon, and leaves nothing behind."""

from pathlib import Path

import pytest

from tests.fuzzing import HANG_S, MOST_BYTES, run

QUICK = {"audio": 120, "table": 50}


@pytest.mark.parametrize(("kind", "cases"), QUICK.items())
def test_damaged_files_are_read_or_refused_in_words(kind: str, cases: int, tmp_path: Path):
    """The first cases of those that ``make soak`` runs through."""
    outcome = run(kind, range(cases), tmp_path)
    assert outcome.faults == {}
    assert outcome.cases == cases
    assert outcome.ends["read"] < cases, "something was damaged"
    assert outcome.ends["read"] > cases // 10, "something was read in spite of it"
    assert outcome.slowest_s < HANG_S
    assert outcome.most_bytes < MOST_BYTES
