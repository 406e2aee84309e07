"""How long commands take to start, against a Python that does nothing."""

import subprocess
import sys
from functools import partial

from benchmarks.timing import compare

ROUNDS = 7


def importing() -> dict[str, object]:
    return _compare(["-c", "import songfeat"], "`import songfeat`")


def helping() -> dict[str, object]:
    return _compare(["-m", "songfeat", "--help"], "`songfeat --help`")


def _compare(arguments: list[str], what: str) -> dict[str, object]:
    return compare(
        partial(_run, arguments),
        partial(_run, ["-c", "pass"]),
        rounds=ROUNDS,
        what=f"{what}, against a Python that does nothing",
    )


def _run(arguments: list[str]) -> None:
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
