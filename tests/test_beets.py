"""The plugin for beets, in real beets: at import and by command."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import soundfile

import songfeat
from tests.test_descriptors import chord, clicks

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """A folder with one song and one file that is too short to be heard."""
    folder = tmp_path / "music"
    folder.mkdir()
    soundfile.write(folder / "song.flac", clicks(120, 8) + chord(60, 64, 67), 32_000)
    soundfile.write(folder / "jingle.flac", clicks(120, 2), 32_000)
    return folder


def beet(home: Path, *arguments: str, plugins: str = "songfeat") -> str:
    (home / "config.yaml").write_text(f"directory: {home}/library\nlibrary: {home}/library.db\nplugins: {plugins}\n")
    environment = {**os.environ, "BEETSDIR": str(home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "beets", *arguments], env=environment, cwd=home, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def kept(home: Path) -> dict[str, str]:
    """What beets' library holds of the song beyond its own fields; shown values are rounded to one digit."""
    with closing(sqlite3.connect(home / "library.db")) as db:
        return dict(
            db.execute(
                "SELECT key, value FROM item_attributes JOIN items ON items.id = entity_id"
                " WHERE CAST(path AS TEXT) LIKE ?",
                ["%song.flac"],
            ).fetchall()
        )


def test_an_import_fills_the_fields_that_beets_had(tmp_path: Path, music: Path):
    said = beet(tmp_path, "import", "-q", "-A", "-C", str(music))
    assert "6 s are needed" in said
    expected, found = songfeat.predict(music / "song.flac"), kept(tmp_path)
    for name, value in expected.values.items():
        assert float(found[f"spotify_{name}"]) == pytest.approx(value, abs=1e-4)
    # A query by number finds the song, and not the one that could not be heard.
    assert beet(tmp_path, "ls", "-f", "$songfeat_model", "spotify_energy:0..1").split() == [expected.model]


def test_the_command_keeps_what_is_there_unless_forced(tmp_path: Path, music: Path):
    beet(tmp_path, "import", "-q", "-A", "-C", str(music))
    beet(tmp_path, "modify", "-y", "-W", "spotify_energy=0.125", "spotify_energy:0..1")
    beet(tmp_path, "songfeat")
    assert float(kept(tmp_path)["spotify_energy"]) == 0.125
    beet(tmp_path, "songfeat", "-f")
    expected = songfeat.predict(music / "song.flac").values["energy"]
    assert float(kept(tmp_path)["spotify_energy"]) == pytest.approx(expected, abs=1e-4)


def test_it_goes_along_with_the_plugin_whose_fields_it_fills(tmp_path: Path, music: Path):
    beet(tmp_path, "import", "-q", "-A", "-C", str(music), plugins="songfeat spotify")
    assert "spotify_energy" in kept(tmp_path)
