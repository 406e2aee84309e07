"""Input of somebody who means harm: names that lead elsewhere, markup, formulas, SQL, odd folders."""

import csv
import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from pages.ui import places
from songfeat.cli import main
from songfeat.errors import SongfeatError
from store import jobs, training_history, uploads
from store.catalogue import Catalogue
from store.doctor import checks
from store.export import export
from store.tracks import search
from store.worker import work_here
from store.workspace import Workspace
from tests.living import arrays, content, live

HOSTILE = (
    '<script>alert("x")</script>',
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    '=HYPERLINK("http://x","y")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "'; DROP TABLE tracks; --",
    'Robert"); DELETE FROM tracks; --',
    "../../etc/passwd",
    "$x$ :material/home: **bold** `code`",
    "نص 歌 \u202e evil",
)
ODD_NAMES = ("../x", "..", ".", "", "/etc", "a/b", "a/../../b", "x\0y")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("hostile")
    table = folder / "songs.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["title", "artist", "genre", "energy", "valence"])
        for number, text in enumerate(HOSTILE):
            out.writerow([f"{text} {number}", text, text, 0.5, 0.25])
    workspace = Workspace(folder / "w")
    assert work_here(workspace, "import", {"files": [str(table)], "source": "spotify"})["added"] == len(HOSTILE)
    return workspace


def test_titles_come_in_and_go_out_as_they_are_but_for_formulas(hostile: Workspace, tmp_path: Path):
    with Catalogue(hostile).lease() as db:
        stored = {artist for (artist,) in db.execute("SELECT artist FROM tracks").fetchall()}
    assert stored == {text.strip() for text in HOSTILE}
    export(Catalogue(hostile), "tracks", tmp_path / "tracks.csv")
    with (tmp_path / "tracks.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 1 + len(HOSTILE)
    numbers = {name for name in rows[0] if name in ("year", "duration_s", "popularity")}
    for row in rows[1:]:
        for name, cell in zip(rows[0], row, strict=True):
            assert name in numbers or not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell
    export(Catalogue(hostile), "tracks", tmp_path / "tracks.parquet")
    assert set(pd.read_parquet(tmp_path / "tracks.parquet")["artist"]) == stored, "Parquet computes nothing"


@pytest.mark.parametrize("text", HOSTILE)
def test_searching_for_sql_finds_or_does_not_and_changes_nothing(hostile: Workspace, text: str):
    found = search(Catalogue(hostile), text)
    assert set(found["artist"]) <= {one.strip() for one in HOSTILE}
    with Catalogue(hostile).lease() as db:
        assert db.execute("SELECT count(*) FROM tracks").fetchall() == [(len(HOSTILE),)]


@settings(max_examples=25, deadline=None)
@given(query=st.text(max_size=60))
def test_any_text_can_be_searched_for(hostile: Workspace, query: str):
    search(Catalogue(hostile), query)


def test_markup_in_titles_is_shown_not_obeyed(hostile: Workspace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SONGFEAT_WORKSPACE", str(hostile.folder))
    monkeypatch.setenv("SONGFEAT_NO_DEMO", "1")
    with Catalogue(hostile).lease() as db:
        tracks = db.execute("SELECT track_id FROM tracks").fetchall()
    for (track_id,) in tracks:
        at = AppTest.from_file("../app.py", default_timeout=60)
        at.switch_page(places.SONG)
        at.query_params["track"] = track_id
        at.run()
        assert not at.exception
        for element in (*at.title, *at.markdown, *at.caption, *at.subheader):
            allowed = getattr(element, "allow_html", False)
            assert not allowed or "alert" not in element.value
            assert "[click](" not in element.value.replace("\\", "#")


@pytest.mark.parametrize("name", ODD_NAMES)
def test_ids_that_are_paths_are_refused(hostile: Workspace, name: str):
    with pytest.raises((SongfeatError, ValueError)):
        jobs.get(hostile, name)
    with pytest.raises((SongfeatError, ValueError)):
        training_history.read(hostile, name)


@pytest.mark.parametrize("command", ["scores", "cancel", "resume"])
def test_commands_answer_odd_ids_in_words(hostile: Workspace, command: str, capsys: pytest.CaptureFixture[str]):
    for name in ("../x", "/etc", "a/b"):
        assert main(["--workspace", str(hostile.folder), command, name, "--json"]) == 1
        assert name in json.loads(capsys.readouterr().out)["error"]["message"]


@pytest.mark.parametrize("name", ["../../x.csv", "..\\..\\x.csv", "/etc/x.csv", "x\0.csv"])
def test_an_upload_lands_where_uploads_lie(hostile: Workspace, name: str):
    path = uploads.save_table(hostile, name, b"title,artist\na,b\n")
    assert path.parent == hostile.folder / "uploads"


def test_a_workspace_and_its_sources_may_have_any_name(tmp_path: Path, original: Workspace):
    folder = tmp_path / 'My "songs", it\'s 100% größe 歌 $HOME; rm'
    workspace = live(Workspace(folder / "w"), folder / "sources")
    assert arrays(workspace) == arrays(original)
    assert len(content(workspace)["runs"]) == 2
    assert [check for check in checks(workspace) if check["ok"] is False] == []
