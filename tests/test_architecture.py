"""Imports run one way: front ends, then store, then songfeat. What is heavy is imported late."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from songfeat.labels import ALL_TARGETS

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(path for folder in ("songfeat", "store", "pages") for path in (ROOT / folder).rglob("*.py"))
FRONT_ENDS = {ROOT / "songfeat" / "cli.py"}


def imported(path: Path) -> set[str]:
    """The top-level packages that a file imports anywhere."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_there_are_modules_to_look_at():
    assert len(MODULES) > 30


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path: Path):
    layer = path.relative_to(ROOT).parts[0]
    names = imported(path)
    if layer == "songfeat" and path not in FRONT_ENDS:
        assert not names & {"streamlit", "duckdb", "store", "pages"}
    if layer == "store":
        assert not names & {"streamlit", "pages"}
    if path.name == "charts.py":
        assert "streamlit" not in names


@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "labels.py"], ids=lambda path: path.stem)
def test_only_labels_spells_a_target(path: Path):
    spelt = {
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    # Valence is a word of its own in the synthesiser, where it is a numeric input as well.
    assert not spelt & (set(ALL_TARGETS) - {"valence"})


@pytest.mark.parametrize("path", [path for path in MODULES if "pages" in path.parts], ids=lambda path: path.stem)
def test_pages_hold_no_sql_and_only_one_file_caches(path: Path):
    text = path.read_text(encoding="utf-8")
    assert "SELECT " not in text
    if path.name != "cached.py":
        assert "st.cache_" not in text


@pytest.mark.parametrize(
    "command", ["import songfeat, store.catalogue, store.tracks", "import songfeat.registry, songfeat.cli"]
)
def test_what_needs_no_network_starts_without_torch(command: str):
    code = f"import sys; {command}; print(sorted({{'torch', 'librosa', 'torchaudio', 'sklearn'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_dashboard_starts_without_what_few_of_its_pages_need():
    code = (
        "import sys, pages.ui.cached, pages.ui.charts, pages.ui.frame;"
        " print(sorted({'torch', 'librosa', 'sklearn', 'scipy.signal', 'scipy.stats'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
