"""The server: the real spotipy client works unchanged, uploads are limited, and errors have Spotify's shape."""

import http.client
import json
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
import requests
import soundfile
import spotipy
import uvicorn
from starlette.testclient import TestClient

import songfeat
from songfeat.errors import ConfigError
from songfeat.labels import ALL_TARGETS
from store import clips
from store.catalogue import Catalogue
from store.merge import merge
from store.serving import api
from store.serving.run import serve
from store.sources.folder import examine
from store.workspace import Workspace
from tests.test_descriptors import clicks
from tests.workspaces import song_rows

SPOTIFY_ID = "3n3Ppam7vgaVa1iaRUc9Lp"


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """Thirty songs with reference values, one with Spotify's id, and one of which there is sound alone."""
    folder = tmp_path_factory.mktemp("served")
    workspace = Workspace(folder / "w")
    workspace.prepare()
    rows = song_rows(30)
    rows["spotify_id"] = None
    rows.loc[0, "spotify_id"] = SPOTIFY_ID
    soundfile.write(folder / "heard.wav", clicks(120, 8), 32_000)
    file = examine(folder / "heard.wav")
    catalogue = Catalogue(workspace)
    with catalogue.lease(write=True) as db:
        merge(db, rows)
        db.execute(
            "INSERT INTO tracks (track_id, title, artist, title_key, artist_key, added_at)"
            " VALUES ('local:abc', 'Heard', 'A Band', 'heard', 'a band', now())"
        )
        row = {
            "sha256": file.sha256, "track_id": "local:abc", "path": str(file.path), "bytes": file.bytes,
            "modified_ns": file.modified_ns, "seconds": file.info.seconds, "sample_rate": file.info.sample_rate,
            "channels": file.info.channels, "status": "ok", "error": None,
        }  # fmt: skip
        clips.add(db, pd.DataFrame([row]))
    return catalogue


@pytest.fixture(scope="module")
def address(catalogue: Catalogue) -> Iterator[str]:
    """Where a real server listens."""
    server = uvicorn.Server(uvicorn.Config(api.create(catalogue), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def spotify(address: str) -> Iterator[spotipy.Spotify]:
    client = spotipy.Spotify(auth="any-token", retries=0)
    client.prefix = f"{address}/v1/"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield client


@pytest.fixture(scope="module")
def client(catalogue: Catalogue) -> TestClient:
    return TestClient(api.create(catalogue))


def refused(response: requests.Response, status: int) -> str:
    error = response.json()["error"]
    assert (response.status_code, error["status"]) == (status, status)
    return error["message"]


def test_spotipy_gets_audio_features(spotify: spotipy.Spotify, catalogue: Catalogue):
    known, unknown, heard = spotify.audio_features([SPOTIFY_ID, "0000000000000000000000", "localabc"])
    assert unknown is None
    with catalogue.lease() as db:
        given = db.execute(
            "SELECT * FROM reference JOIN tracks USING (track_id) WHERE spotify_id = ?", [SPOTIFY_ID]
        ).df()
    for name in ALL_TARGETS[:5]:
        assert known[name] == given[name].iloc[0]
        assert known["source"][name] == "demo"
    assert (known["id"], known["type"]) == (SPOTIFY_ID, "audio_features")
    assert isinstance(known["key"], int)
    path = catalogue.workspace.folder.parent / "heard.wav"
    expected = songfeat.predict(path).as_dict()
    assert {name: heard[name] for name in ALL_TARGETS} == expected["values"]
    assert heard["interval"] == expected["intervals"]
    assert set(heard["source"].values()) == {expected["model"]}
    assert heard["tempo"] is None


def test_spotipy_gets_tracks_and_pages_of_a_search(spotify: spotipy.Spotify):
    assert spotify.track(SPOTIFY_ID)["name"] == "Song 0"
    page = spotify.search("band song", limit=12, type="track")["tracks"]
    seen = [item["id"] for item in page["items"]]
    pages = 1
    while page["next"]:
        page = spotify.next(page)["tracks"]
        seen += [item["id"] for item in page["items"]]
        pages += 1
    assert (pages, len(seen), len(set(seen)), page["total"]) == (3, 30, 30, 30)
    assert SPOTIFY_ID in seen
    with pytest.raises(spotipy.SpotifyException) as caught:
        spotify.track("0000000000000000000000")
    assert caught.value.http_status == 404
    assert "no track" in caught.value.msg


def test_a_hundred_ids_at_a_time(client: TestClient):
    ids = ",".join(["x"] * 100)
    assert client.get("/v1/audio-features", params={"ids": ids}).json()["audio_features"] == [None] * 100
    assert "101" in refused(client.get("/v1/audio-features", params={"ids": ids + ",x"}), 400)


@pytest.mark.parametrize("odd", ["a b", "it's", 'say "no"', "a/b", "'; DROP TABLE tracks; --", "Ω", "%", "{offset}"])
def test_odd_ids_and_queries_are_unknown_and_harm_nothing(client: TestClient, odd: str):
    assert client.get("/v1/audio-features", params={"ids": odd}).json() == {"audio_features": [None]}
    refused(client.get(f"/v1/audio-features/{requests.utils.quote(odd, safe='')}"), 404)
    assert client.get("/v1/search", params={"q": odd, "type": "track"}).status_code == 200
    assert client.get(f"/v1/tracks/{SPOTIFY_ID}").json()["name"] == "Song 0"


def test_wrong_requests_are_said_in_spotifys_shape(client: TestClient):
    assert "ids" in refused(client.get("/v1/audio-features"), 400)
    assert "limit" in refused(client.get("/v1/search", params={"q": "a", "limit": 51}), 400)
    assert "type=track" in refused(client.get("/v1/search", params={"q": "a", "type": "album"}), 400)
    refused(client.get("/v1/recommendations"), 404)
    assert client.get("/openapi.json").json()["info"]["title"] == "Songfeat"


def send(client: TestClient, name: str, content: bytes) -> requests.Response:
    return client.post("/v1/analysis/audio-features", files={"audioFile": (name, content)})


def test_an_upload_is_answered_as_python_does(client: TestClient, catalogue: Catalogue):
    path = catalogue.workspace.folder.parent / "heard.wav"
    answer = send(client, "my song.WAV", path.read_bytes()).json()
    expected = songfeat.predict(path).as_dict()
    assert {name: answer[name] for name in ALL_TARGETS} == expected["values"]
    assert answer["interval"] == expected["intervals"]


def test_uploads_that_are_no_music_are_turned_away(client: TestClient):
    assert "'notes.txt'" in refused(send(client, "notes.txt", b"hello"), 415)
    assert "'x.mp3' is not audio" in refused(send(client, "x.mp3", b"PK\x03\x04 a zip"), 422)
    assert "empty" in refused(send(client, "../../x.wav", b""), 422)
    assert "audioFile" in refused(client.post("/v1/analysis/audio-features"), 400)


def test_too_large_uploads_are_turned_away_before_they_are_read(address: str):
    host, port = address.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    connection.putrequest("POST", "/v1/analysis/audio-features")
    connection.putheader("Content-Length", "500000000")
    connection.endheaders()  # announced, never sent: the server answers at once
    answer = connection.getresponse()
    assert answer.status == 413
    assert json.loads(answer.read())["error"]["message"] == "At most 50 MB can be sent."


def test_whoever_announces_no_length_is_cut_off(address: str):
    def endless() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="audioFile"; filename="a.wav"\r\n\r\n'
        for _ in range(200):
            yield bytes(1_000_000)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    try:
        answer = requests.post(f"{address}/v1/analysis/audio-features", data=endless(), headers=headers, timeout=20)
    except requests.ConnectionError:
        pass
    else:
        assert answer.status_code >= 400
    assert requests.get(f"{address}/v1/tracks/{SPOTIFY_ID}", timeout=5).ok


@pytest.mark.slow
def test_many_uploads_at_once_are_all_answered(address: str, catalogue: Catalogue):
    content = (catalogue.workspace.folder.parent / "heard.wav").read_bytes()

    def post(_number: int) -> float:
        files = {"audioFile": ("a.wav", content)}
        answer = requests.post(f"{address}/v1/analysis/audio-features", files=files, timeout=60)
        return answer.json()["energy"]

    with ThreadPoolExecutor(100) as pool:
        assert len(set(pool.map(post, range(100)))) == 1


def test_with_a_token_nobody_else_is_answered(catalogue: Catalogue):
    guarded = TestClient(api.create(catalogue, token="secret"))
    url = f"/v1/tracks/{SPOTIFY_ID}"
    assert "Bearer" in refused(guarded.get(url), 401)
    refused(guarded.get(url, headers={"Authorization": "Bearer wrong"}), 401)
    refused(guarded.get(url, headers={"Authorization": b"Bearer \xff"}), 401)
    assert guarded.get(url, headers={"Authorization": "Bearer secret"}).status_code == 200


def test_other_machines_need_a_token(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, capsys):
    created: dict[str, str | None] = {}
    monkeypatch.setattr(uvicorn, "run", lambda app, **_: created.update(token=app.token))
    serve(catalogue, host="127.0.0.1", port=1, token=None)
    assert created["token"] is None
    serve(catalogue, host="0.0.0.0", port=1, token=None)
    assert len(created["token"] or "") > 20
    assert created["token"] in capsys.readouterr().err
    monkeypatch.setitem(__import__("sys").modules, "uvicorn", None)
    with pytest.raises(ConfigError, match=r"songfeat\[serve\]"):
        serve(catalogue, host="127.0.0.1", port=1, token=None)


def test_the_sound_of_a_song_may_be_gone(catalogue: Catalogue, client: TestClient, tmp_path: Path):
    with catalogue.lease(write=True) as db:
        db.execute("UPDATE clips SET path = ?", [str(tmp_path / "gone.wav")])
    assert client.get("/v1/audio-features", params={"ids": "localabc"}).json() == {"audio_features": [None]}
