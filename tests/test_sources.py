"""Every source keeps one contract; and what each gives is read as its provider means it."""

import json
import logging
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from songfeat.errors import ConfigError, SourceError, UnknownName
from songfeat.labels import FEATURES
from store import capabilities, doctor, jobs, provenance
from store.catalogue import Catalogue
from store.sources import deezer, itunes, musicbrainz, reccobeats, spotify, spotify_auth
from store.sources.interface import Origin, Reject, Song, Work
from store.sources.matching import Candidate, Wanted, best
from store.sources.registry import SOURCES, Source, collected, get_source
from store.worker import work, work_here
from store.workspace import Workspace
from tests import fma_archive
from tests.providers import CLIENT_ID, SECRET, Providers, library, mp3, serve
from tests.workspaces import song_rows

ORIGIN = Origin(request="test", asked_at="2026-01-01T00:00:00+00:00")


@pytest.fixture
def server(monkeypatch, tmp_path: Path):
    with serve(Providers(library(80))) as providers:
        monkeypatch.setenv("SONGFEAT_PROVIDERS_URL", providers.url)
        monkeypatch.setenv("SPOTIPY_CLIENT_ID", CLIENT_ID)
        monkeypatch.setenv("SPOTIPY_CLIENT_SECRET", SECRET)
        monkeypatch.setenv("SPOTIPY_REDIRECT_URI", "http://127.0.0.1:18917/callback")
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        monkeypatch.setenv("SONGFEAT_CONTACT", "me@example.org")
        yield providers


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "w")


def collect(workspace: Workspace, source: str, **options: Any) -> dict[str, Any]:
    return work_here(workspace, "collect", {"source": source, "options": options})


def rows(workspace: Workspace, query: str) -> list[tuple[Any, ...]]:
    with Catalogue(workspace).lease() as db:
        return db.execute(query).fetchall()


def signed_in() -> None:
    spotify_auth.token_file().parent.mkdir(parents=True, exist_ok=True)
    token = {
        "access_token": "user-token-0",
        "refresh_token": "the-refresh-token",
        "expires_at": 4e9,
        "expires_in": 3600,
    }
    scope = " ".join(sorted(spotify_auth.SCOPES.split(",")))
    spotify_auth.token_file().write_text(json.dumps({**token, "scope": scope}))


def bring_in(source: Source, workspace: Workspace, folder: Path) -> None:
    """What a source needs, then the source."""
    if source.name in ("reccobeats", "previews", "musicbrainz"):
        collect(workspace, "spotify", total=16)
    if source.name == "musicbrainz":
        with Catalogue(workspace).lease(write=True) as db:
            db.execute("UPDATE tracks SET isrc = NULL, genre = NULL, genres = []")
    params: dict[str, Any] = {"source": source.name, "options": {}}
    if source.name == "spotify":
        params["options"] = {"total": 40}
    elif source.name == "fma":
        found = {"metadata": str(fma_archive.metadata(folder / "m")), "audio": str(fma_archive.audio(folder / "a"))}
        params["options"] = found
    elif source.name == "table":
        song_rows(8).to_csv(folder / "songs.csv")
        params = {"files": [str(folder / "songs.csv")]}
    elif source.name == "folder":
        (folder / "music").mkdir()
        (folder / "music" / "Band - Song.mp3").write_bytes(mp3())
        params = {"folder": str(folder / "music")}
    work_here(workspace, source.work, params)


def contents(workspace: Workspace) -> dict[str, pd.DataFrame]:
    ignoring = {
        "tracks": "* EXCLUDE (added_at)",
        "clips": "* EXCLUDE (added_at)",
        "reference": "* EXCLUDE (fetched_at)",
    }
    with Catalogue(workspace).lease() as db:
        return {name: db.execute(f"SELECT {what} FROM {name} ORDER BY ALL").df() for name, what in ignoring.items()}


@pytest.mark.parametrize("source", SOURCES.values(), ids=lambda source: source.name)
def test_every_source_keeps_the_contract(source: Source, server: Providers, workspace: Workspace, tmp_path: Path):
    server.audio_features = True
    bring_in(source, workspace, tmp_path)
    first = contents(workspace)
    songs, values, sounds = (len(first[name]) for name in ("tracks", "reference", "clips"))
    assert songs > 0
    assert ("audio" in source.gives) == (sounds > 0)
    if "values" in source.gives:
        assert values > 0
    for name, limits in FEATURES.items():
        assert first["reference"][name].dropna().between(limits.low, limits.high).all()
    for row in first["clips"].itertuples():
        assert Path(row.path).stat().st_size == row.bytes
    if source.work == "collect":
        assert {name for (name,) in rows(workspace, "SELECT DISTINCT source FROM provenance")} >= {source.name}
        assert rows(workspace, "SELECT count(*) FROM provenance WHERE asked_at > now()::TIMESTAMP") == [(0,)]
    # Again: nothing is there twice, and nothing else than lists is asked for again.
    asked = len(server.log)
    folder = tmp_path / "again"
    folder.mkdir()
    work_here(workspace, source.work, last_params(workspace))
    for name, table in contents(workspace).items():
        pd.testing.assert_frame_equal(table, first[name])
    lists = ("/v1/search", "/api/token")
    assert [one.path for one in server.log[asked:] if not one.path.startswith(lists)] == []


def last_params(workspace: Workspace) -> dict[str, Any]:
    newest = max(workspace.jobs.iterdir(), key=lambda folder: (folder / "config.json").stat().st_mtime_ns)
    return json.loads((newest / "config.json").read_text())["params"]


@pytest.mark.parametrize("source", SOURCES.values(), ids=lambda source: source.name)
def test_every_source_is_described(source: Source):
    assert set(source.gives) <= {"songs", "values", "audio"}
    assert source.title
    assert source.rights.endswith(".")
    assert all(link.startswith("https://") for link in source.links)
    assert source.read_options({}) == {option.name: option.default for option in source.options}


@pytest.mark.parametrize("source", collected(), ids=lambda source: source.name)
def test_a_probe_asks_little_and_never_raises(source: Source, server: Providers, workspace: Workspace):
    found = list(source.module().probe(Work(catalogue=Catalogue(workspace))))
    assert found
    assert len(server.log) <= 4
    server.plan = lambda target, nth: "403"
    asked = len(server.log)
    for capability in source.module().probe(Work(catalogue=Catalogue(workspace))):
        assert "\n" not in capability.detail
    assert max((server.seen[target] for target in server.seen), default=0) <= 2
    assert len(server.log) - asked <= 3


def test_what_sources_can_do_is_found_by_asking_once_and_remembered(server: Providers, workspace: Workspace):
    assert capabilities.known(workspace) is None
    workspace.prepare()
    found = capabilities.ask(workspace)
    assert capabilities.known(workspace) == found
    says = {(one["source"], one["capability"]): one for one in found["sources"]}
    assert says["spotify", "search"]["ok"]
    assert says["spotify", "preview links"] == {
        "source": "spotify", "capability": "preview links", "ok": None, "detail": "null for this app",
    }  # fmt: skip
    refused = says["spotify", "audio features"]
    assert refused["ok"] is False
    assert "403" in refused["detail"]
    assert "27 November 2024" in refused["detail"]
    assert len(server.asked("/v1/audio-features/")) == 1
    checks = {check["name"]: check for check in doctor.checks(workspace)}
    assert checks["spotify: audio features"] == {
        "name": "spotify: audio features",
        "ok": None,
        "detail": refused["detail"],
    }


def test_what_no_provider_answers_is_said_without_waiting(workspace: Workspace):
    found = capabilities.ask(workspace)["sources"]
    assert {one["ok"] for one in found if one["source"] in ("reccobeats", "spotify", "musicbrainz")} <= {False, None}
    assert not workspace.folder.exists()


def test_unknown_sources_and_options_are_refused(workspace: Workspace):
    with pytest.raises(UnknownName, match="musicbrainz"):
        get_source("musicbrain")
    with pytest.raises(UnknownName, match="genres"):
        collect(workspace, "spotify", genre=["jazz"])
    with pytest.raises(ConfigError, match="whole number"):
        collect(workspace, "spotify", total=0)


# Spotify


def test_a_search_is_balanced_over_genres_and_counts_a_song_once(server: Providers, workspace: Workspace):
    result = collect(workspace, "spotify", total=64)
    assert (result["added"], result["notes"]) == (
        64,
        ["Spotify refuses audio features to this app; it closed them to new apps in 2024."],
    )
    assert dict(rows(workspace, "SELECT genre, count(*) FROM tracks GROUP BY ALL")) == dict.fromkeys(
        ("pop", "rock", "hip-hop", "classical", "jazz", "country", "electronic", "reggae"), 8
    )
    assert len(server.asked("/v1/audio-features/")) == 1
    (found,) = rows(
        workspace, "SELECT title, artist, album, year, isrc, duration_s FROM tracks WHERE isrc LIKE '%00007'"
    )
    assert found == ("Tin Harbour 7", "Example Trio 1", "Quays", 2019, "QZZZZ2600007", 157.733)


def test_a_genre_that_runs_out_is_told(server: Providers, workspace: Workspace):
    result = collect(workspace, "spotify", genres=["jazz", "no such genre"], total=40)
    assert "Spotify has 0 of the 20 songs wanted of no such genre." in result["notes"]
    assert len(server.asked("/v1/search")) < 8


def test_an_expired_token_is_renewed_once(server: Providers, workspace: Workspace):
    server.fail("/v1/search", "401")
    assert collect(workspace, "spotify", genres=["jazz"], total=5)["added"] == 5
    assert server.tokens == 2


def test_a_token_that_stays_refused_ends_it(server: Providers, workspace: Workspace):
    server.plan = lambda target, nth: "401" if target.startswith("/v1") else None
    with pytest.raises(SourceError, match="401"):
        collect(workspace, "spotify", genres=["jazz"], total=5)
    assert len(server.asked("/v1/")) == 2


def test_wrong_credentials_are_said_in_words(server: Providers, workspace: Workspace, monkeypatch):
    monkeypatch.setenv("SPOTIPY_CLIENT_SECRET", "wrong")
    with pytest.raises(SourceError, match="Invalid client secret"):
        collect(workspace, "spotify")
    monkeypatch.delenv("SPOTIPY_CLIENT_SECRET")
    with pytest.raises(SourceError, match="SPOTIPY_CLIENT_SECRET is not set"):
        collect(workspace, "spotify")


def test_a_quota_ends_it_at_once_and_it_goes_on_where_it_stopped(server: Providers, workspace: Workspace):
    server.fail("/v1/search", "wrong type", "quota")
    with pytest.raises(SourceError, match="resume the job after"):
        collect(workspace, "spotify", genres=["jazz"], total=12)
    assert len(server.asked("/v1/search")) == 2
    assert len(rows(workspace, "FROM tracks")) == 10
    (job,) = jobs.jobs(workspace)
    jobs.prepare_again(job)
    assert work(job.folder)["songs"] == 12
    assert [one.query for one in server.asked("/v1/search")][2:] == [server.log[2].query]
    assert len(rows(workspace, "FROM tracks")) == 12


def test_audio_features_where_the_app_may_have_them(server: Providers, workspace: Workspace):
    server.audio_features = True
    result = collect(workspace, "spotify", genres=["jazz"], total=5)
    assert result["values"] == 5
    number, key, source = rows(workspace, "SELECT spotify_id, key, source FROM reference JOIN tracks USING (track_id)")[
        0
    ]
    expected = server.by_id[number].values["key"]
    assert (key, source) == (None if expected < 0 else expected, "spotify")


def test_oddities_of_lists_are_passed_over(server: Providers, workspace: Workspace):
    server.oddities = True
    signed_in()
    result = collect(workspace, "spotify", library=True)
    assert (result["added"], result["rejected"]) == (70, 1)
    result = collect(workspace, "spotify", playlist=["Mine", "ForeignOne"])
    assert result["unchanged"] == 60
    assert "only playlists of the person signed in" in " ".join(result["rejects_by_reason"])


def test_a_person_signs_in_and_the_token_lies_where_only_they_read_it(server: Providers):
    def open_browser(address: str) -> None:
        threading.Thread(target=requests.get, args=(address,), kwargs={"timeout": 10}).start()

    path = spotify_auth.sign_in(open_browser)
    assert path.stat().st_mode & 0o077 == 0
    assert json.loads(path.read_text())["refresh_token"] == "the-refresh-token"


def test_a_dead_refresh_token_is_removed_and_a_new_sign_in_asked_for(server: Providers, workspace: Workspace):
    signed_in()
    server.refresh_tokens_live = False
    server.fail("/v1/me/tracks", "401")
    with pytest.raises(SourceError, match="sign in again"):
        collect(workspace, "spotify", library=True)
    assert not spotify_auth.token_file().exists()
    with pytest.raises(SourceError, match="songfeat sign-in"):
        collect(workspace, "spotify", library=True)


def test_single_tracks_by_id_and_link(server: Providers, workspace: Workspace):
    known, unknown = server.tracks[3].id, "9" * 22
    result = collect(workspace, "spotify", tracks=[f"https://open.spotify.com/track/{known}?si=1", unknown, "junk"])
    assert (result["added"], result["rejected"]) == (1, 2)


# ReccoBeats


def test_reccobeats_is_joined_by_id_and_says_what_it_lacks(server: Providers, workspace: Workspace):
    collect(workspace, "spotify", total=64)
    (some,) = rows(workspace, "SELECT spotify_id FROM tracks ORDER BY track_id LIMIT 1")[0]
    server.unknown_to_reccobeats = {some}
    result = collect(workspace, "reccobeats")
    assert (result["values"], result["rejects_by_reason"]) == (63, {"reccobeats has no values of this track": 1})
    assert len(server.asked("/rb/v1/audio-features")) == 2
    for spotify_id, tempo in rows(workspace, "SELECT spotify_id, tempo FROM reference JOIN tracks USING (track_id)"):
        assert tempo == pytest.approx(server.by_id[spotify_id].values["tempo"])


def test_clips_are_sent_only_when_asked_and_only_once(server: Providers, workspace: Workspace, tmp_path: Path):
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "Band - Song.mp3").write_bytes(mp3())
    (tmp_path / "music" / "Band - Long.mp3").write_bytes(mp3(29.0) + b"\0" * 6_000_000)
    work_here(workspace, "scan", {"folder": str(tmp_path / "music")})
    assert collect(workspace, "reccobeats")["values"] == 0
    assert not server.log
    result = collect(workspace, "reccobeats", upload=True)
    assert (result["values"], result["rejected"]) == (1, 1)
    with Catalogue(workspace).lease(write=True) as db:
        db.execute("DELETE FROM reference")
    assert collect(workspace, "reccobeats", upload=True)["values"] == 1
    assert len(server.log) == 1


# Previews


def wanted_songs(workspace: Workspace, server: Providers, count: int = 16) -> None:
    collect(workspace, "spotify", total=count)
    server.log.clear()


def test_previews_come_from_the_first_place_that_has_them(server: Providers, workspace: Workspace):
    wanted_songs(workspace, server)
    numbers = sorted(int(title.split()[-1]) for (title,) in rows(workspace, "SELECT title FROM tracks"))
    own, nowhere = numbers[0], numbers[1]
    with Catalogue(workspace).lease(write=True) as db:
        db.execute(
            "UPDATE tracks SET preview_url = ? WHERE title = ?", [f"{server.url}/own/{own}.mp3", f"Tin Harbour {own}"]
        )
    server.unknown_to_deezer = server.unknown_to_itunes = {nowhere}
    result = collect(workspace, "previews")
    assert (result["clips"], result["rejected"]) == (15, 1)
    assert len(server.asked("/own/")) == 1
    (reason,) = result["rejects_by_reason"]
    assert reason == "its own link: it came without one; Deezer: nothing was found; iTunes: nothing was found"
    for path, sha256 in rows(workspace, "SELECT path, sha256 FROM clips"):
        assert Path(path).name == f"{sha256}.mp3"
    assert not [path for path in workspace.audio.iterdir() if path.name.startswith(".")]


def test_itunes_has_what_deezer_lacks(server: Providers, workspace: Workspace):
    wanted_songs(workspace, server, 8)
    server.unknown_to_deezer = {track.number for track in server.tracks}
    assert collect(workspace, "previews")["clips"] == 8
    (request,) = {
        request.rsplit(" ", 1)[0]
        for (request,) in rows(workspace, "SELECT request FROM provenance WHERE gave = 'sound'")
    }
    assert request == "preview: iTunes"


def test_another_cut_of_the_song_is_not_taken(server: Providers, workspace: Workspace):
    wanted_songs(workspace, server, 8)
    with Catalogue(workspace).lease(write=True) as db:
        db.execute("UPDATE tracks SET isrc = NULL, duration_s = duration_s + 30")
    result = collect(workspace, "previews")
    assert result["clips"] == 0
    assert all("at most 3 s are the same recording" in reason for reason in result["rejects_by_reason"])
    assert not server.asked("/dzp/")


def test_an_expired_link_is_renewed(server: Providers, workspace: Workspace):
    wanted_songs(workspace, server, 8)
    server.fail("/dzp/", "403")
    assert collect(workspace, "previews")["clips"] == 8
    assert len([one for one in server.log if one.path.startswith("/dz/track/") and "isrc" not in one.path]) == 1


@pytest.mark.parametrize("fault", ["html", "truncated", "500", "empty", "wrong type", "slow", "reset"])
def test_a_preview_that_goes_wrong_once_is_had_all_the_same(server: Providers, workspace: Workspace, fault: str):
    wanted_songs(workspace, server, 8)
    server.fail("/dzp/", fault)
    assert collect(workspace, "previews")["clips"] == 8


def test_what_is_no_sound_is_never_kept(server: Providers, workspace: Workspace):
    wanted_songs(workspace, server, 8)
    server.plan = lambda target, nth: "html" if target.startswith(("/dzp", "/itp")) else None
    result = collect(workspace, "previews")
    assert (result["clips"], result["rejected"]) == (0, 8)
    assert "an HTML page; expected MP3 or M4A" in next(iter(result["rejects_by_reason"]))
    assert list(workspace.audio.iterdir()) == []


def test_the_same_sound_belongs_to_one_song(server: Providers, workspace: Workspace, tmp_path: Path):
    folder = fma_archive.audio(tmp_path / "a")
    (folder / "000" / "000003.mp3").write_bytes((folder / "000" / "000002.mp3").read_bytes())
    options = {"metadata": str(fma_archive.metadata(tmp_path / "m")), "audio": str(folder)}
    for _ in range(2):
        result = collect(workspace, "fma", **options)
        assert "its sound is the same as that of fma:2" in result["rejects_by_reason"]
        assert rows(workspace, "SELECT track_id FROM clips") == [("fma:2",)]


def test_links_that_expire_are_not_kept(server: Providers, workspace: Workspace):
    wanted_songs(workspace, server, 8)
    collect(workspace, "previews")
    with closing(sqlite3.connect(workspace.answers)) as journal:
        kept = journal.execute("SELECT provider, question, body FROM answers").fetchall()
    assert {provider for provider, _, _ in kept} == {"Spotify", "previews from its own link", "previews from Deezer"}
    assert not [body for _, _, body in kept if b"exp=" in body]


def test_a_place_that_turns_us_away_is_asked_once_and_the_others_go_on(server: Providers, workspace: Workspace):
    wanted_songs(workspace, server, 16)
    server.plan = lambda target, nth: "403" if target.startswith("/dz/") else None
    result = collect(workspace, "previews")
    assert result["clips"] == 16
    assert len(server.asked("/dz/")) <= 8  # those that were under way at once
    assert any("Deezer ended early" in note for note in result["notes"])


def test_matching_looks_at_names_and_length():
    song = Wanted(track_id="x", title="Halo", artist="Beyoncé;Somebody", duration_s=261.0)

    def found(title: str, artist: str, duration_s: float | None, provider_id: str = "1") -> Candidate:
        return Candidate(title=title, artist=artist, duration_s=duration_s, link="l", provider_id=provider_id)

    exact, near = found("HALO (feat. X)", "Beyonce", 261.4, "2"), found("Halo", "Somebody", 263.0, "1")
    assert best(song, [near, exact]) == exact
    for wrong in (
        found("Halo (Mixed)", "Beyoncé", 261),
        found("Halo", "Karaoke Band", 261),
        found("Halo", "Beyoncé", 300),
    ):
        assert isinstance(best(song, [wrong]), str)
    assert best(song, [found("Halo", "Beyoncé", None)]) == found("Halo", "Beyoncé", None)


# MusicBrainz


def test_musicbrainz_fills_what_is_missing(server: Providers, workspace: Workspace):
    collect(workspace, "spotify", total=8)
    before = rows(workspace, "SELECT track_id, isrc FROM tracks ORDER BY ALL")
    with Catalogue(workspace).lease(write=True) as db:
        db.execute("UPDATE tracks SET isrc = NULL, genre = NULL, genre_group = NULL, genres = []")
    assert collect(workspace, "musicbrainz")["updated"] == 8
    assert rows(workspace, "SELECT track_id, isrc FROM tracks ORDER BY ALL") == before
    assert rows(workspace, "SELECT count(genre), count(genre_group) FROM tracks") == [(8, 8)]
    assert all("me@example.org" in one.agent for one in server.asked("/mb/"))
    assert "/mb/" not in " ".join(request for (request,) in rows(workspace, "SELECT request FROM provenance"))


def test_musicbrainz_wants_to_know_who_asks(server: Providers, workspace: Workspace, monkeypatch):
    monkeypatch.delenv("SONGFEAT_CONTACT")
    with pytest.raises(SourceError, match="SONGFEAT_CONTACT is not set"):
        collect(workspace, "musicbrainz")
    assert not server.log


# The Free Music Archive


@pytest.mark.parametrize("zipped", [False, True])
def test_the_free_music_archive_as_published(workspace: Workspace, tmp_path: Path, zipped: bool):
    place = fma_archive.metadata(tmp_path / "m", zipped=zipped)
    result = collect(workspace, "fma", metadata=str(place))
    assert (result["added"], result["rejected"]) == (4, 2)
    found = rows(
        workspace, "SELECT track_id, title, artist, album, genre, year, duration_s FROM tracks ORDER BY duration_s"
    )
    assert found == [
        ("fma:10", "Freeway", "Kurt Vile", "Constant", "Pop", 2008, 161.0),
        ("fma:2", "Food", "AWOL", "AWOL", "Hip-Hop", 2009, 168.0),
        ("fma:5", "This World", "AWOL", "AWOL", "Rock", 2008, 206.0),
        ("fma:3", "Electric Ave", "AWOL", "A way of life", "Hip-Hop", 2008, 237.0),
    ]
    assert rows(workspace, "SELECT track_id, source, energy, tempo FROM reference ORDER BY ALL") == [
        ("fma:10", "echonest", None, None), ("fma:2", "echonest", 0.63, 165.9),
    ]  # fmt: skip
    terms = provenance.of_track(Catalogue(workspace), "fma:3")["terms"]
    assert list(terms) == ["Attribution-NonCommercial"]


def test_clips_of_the_free_music_archive(workspace: Workspace, tmp_path: Path):
    options = {"metadata": str(fma_archive.metadata(tmp_path / "m")), "audio": str(fma_archive.audio(tmp_path / "a"))}
    result = collect(workspace, "fma", **options)
    assert (result["songs"], result["clips"]) == (2, 2)
    reasons = " ".join(result["rejects_by_reason"])
    for said in ("lasts 1.5 s; at least 20 s", "is not audio that can be read", "000099.mp3 is in no metadata"):
        assert said in reasons
    labelled = collect(workspace, "fma", **options, labelled=True)
    assert labelled["songs"] == 1


@pytest.mark.parametrize(
    ("made", "said"),
    [("nothing", "There is no file or folder"), ("empty", "holds no tracks.csv"), ("junk", "cannot be unpacked")],
)
def test_what_is_no_archive_is_said_in_words(workspace: Workspace, tmp_path: Path, made: str, said: str):
    place = tmp_path / made
    if made == "empty":
        place.mkdir()
    if made == "junk":
        place.write_bytes(b"junk")
    with pytest.raises(SourceError, match=said):
        collect(workspace, "fma", metadata=str(place))


# Whatever providers send


def jsons() -> st.SearchStrategy[Any]:
    names = (
        "id name artists album external_ids isrc duration_ms content href data title artist duration preview results"
        " trackName artistName previewUrl trackTimeMillis tracks items recordings score artist-credit isrcs tags count"
        " length energy tempo key error code"
    )
    keys = st.sampled_from(names.split())
    leaves = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=30)
        | st.sampled_from(["0" * 22, 100])
    )
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6), max_leaves=20
    )


@settings(deadline=None)
@given(content=jsons())
def test_no_answer_breaks_a_parser(content: Any):
    song = Wanted(track_id="x", title="Halo", artist="Beyoncé", duration_s=261.0)
    deezer.complaint(content)
    for found in (*deezer.candidates(content), *itunes.candidates(content)):
        assert found.link
    musicbrainz.read_recording(song, content)
    musicbrainz.read_recording(song, {"recordings": [content]})
    reccobeats.read_features(content)
    list(spotify._songs(spotify._items(content, "tracks"), ORIGIN))
    if isinstance(content, dict):
        read = spotify.read_track(content, ORIGIN)
        assert isinstance(read, Reject) or read.row["title"]
        for record in spotify.read_values(content, "x", source="spotify", origin=ORIGIN):
            if isinstance(record, Song):
                for name in set(record.row) & set(FEATURES):
                    assert FEATURES[name].low <= record.row[name] <= FEATURES[name].high


def test_secrets_are_written_nowhere(server: Providers, workspace: Workspace, caplog, tmp_path: Path):
    caplog.set_level(logging.DEBUG)
    signed_in()
    server.fail("/v1/me/tracks", "401", "500")
    collect(workspace, "spotify", library=True)
    server.plan = lambda target, nth: "403 in words"
    with pytest.raises(SourceError, match="premium"):
        collect(workspace, "spotify", genres=["jazz"])
    secrets = [SECRET, "user-token", "app-token", "the-refresh-token", "Basic ", "Bearer "]
    written = [path for path in workspace.folder.rglob("*") if path.is_file()]
    assert len(written) > 5
    for secret in secrets:
        assert secret not in caplog.text
        for path in written:
            assert secret.encode() not in path.read_bytes(), path
