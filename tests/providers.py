"""A server on this machine that answers as the providers do, faults included."""

import base64
import io
import json
import re
import socket
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import soundfile

CLIENT_ID, SECRET = "the-client-id", "the-very-secret-word"
GENRES = ("pop", "rock", "hip-hop", "classical", "jazz", "country", "electronic", "reggae")
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LINK_SECONDS = 30.0
_TERM = re.compile(r'(\w+):(?:"([^"]+)"|(\S+))')


@dataclass(frozen=True, kw_only=True)
class Track:
    """An invented track; `number` decides everything about it."""

    number: int
    genres: tuple[str, ...]

    @property
    def id(self) -> str:
        digits, rest = [], self.number + 1
        while rest:
            rest, digit = divmod(rest, 62)
            digits.append(_BASE62[digit])
        return "".join(reversed(digits)).rjust(22, "0")

    @property
    def title(self) -> str:
        return f"Tin Harbour {self.number}"

    @property
    def artist(self) -> str:
        return f"Example Trio {self.number // 4}"

    @property
    def isrc(self) -> str:
        return f"QZZZZ26{self.number:05d}"

    @property
    def seconds(self) -> int:
        return 150 + self.number % 120

    @property
    def values(self) -> dict[str, float]:
        share = (self.number % 97) / 97
        return {
            "danceability": share, "energy": 1 - share, "speechiness": share / 4, "acousticness": share**2,
            "instrumentalness": 0.0, "liveness": 0.1, "valence": 0.5, "tempo": 80 + 80 * share, "loudness": -8.5,
            "key": self.number % 13 - 1, "mode": self.number % 2,
        }  # fmt: skip

    def spotify(self) -> dict[str, Any]:
        return {
            "id": self.id, "type": "track", "name": self.title, "uri": f"spotify:track:{self.id}", "is_local": False,
            "artists": [{"id": "A" * 22, "name": self.artist}],
            "album": {"name": "Quays", "release_date": "2019-05", "release_date_precision": "month"},
            "duration_ms": 1000 * self.seconds + 733, "external_ids": {"isrc": self.isrc}, "preview_url": None,
        }  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A request as it came in."""

    method: str
    path: str
    query: str
    when: float
    agent: str
    fault: str | None


Fault = str
Plan = Callable[[str, int], Fault | None]
"""From a request (its path and query) and how often it came before to a fault."""


@dataclass
class Providers:
    """What the server knows and how it misbehaves."""

    tracks: list[Track]
    url: str = ""
    log: list[Asked] = field(default_factory=list)
    audio_features: bool = False
    """Whether the app may still ask for audio-features."""
    unknown_to_reccobeats: set[str] = field(default_factory=set)
    unknown_to_deezer: set[int] = field(default_factory=set)
    unknown_to_itunes: set[int] = field(default_factory=set)
    own_preview: set[int] = field(default_factory=set)
    link_seconds: float = _LINK_SECONDS
    oddities: bool = False
    """Whether lists hold null, an episode and a local file as well."""
    plan: Plan | None = None
    pause_s: float = 0.0
    tokens: int = 0
    refresh_tokens_live: bool = True
    queued: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    seen: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.by_id = {track.id: track for track in self.tracks}
        self.by_isrc = {track.isrc: track for track in self.tracks}
        self.by_genre = {genre: [track for track in self.tracks if genre in track.genres] for genre in GENRES}

    def fail(self, path: str, *faults: Fault) -> None:
        """The next requests whose path begins so meet these faults, one each."""
        self.queued[path].extend(faults)

    def fault(self, target: str) -> Fault | None:
        with self.lock:
            nth = self.seen[target]
            self.seen[target] += 1
            for path, faults in self.queued.items():
                if faults and target.startswith(path):
                    return faults.popleft()
        return self.plan(target, nth) if self.plan else None

    def asked(self, path: str) -> list[Asked]:
        return [one for one in self.log if one.path.startswith(path)]


def library(count: int) -> list[Track]:
    """Tracks spread over the genres; every fifth belongs to two."""
    return [
        Track(
            number=number,
            genres=tuple({GENRES[number % 8], GENRES[(number + 1) % 8]}) if number % 5 == 0 else (GENRES[number % 8],),
        )
        for number in range(count)
    ]


@contextmanager
def serve(providers: Providers) -> Iterator[Providers]:
    """Let a server of its own answer for `providers`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.providers = providers  # type: ignore[attr-defined]
    providers.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield providers
    finally:
        server.shutdown()
        server.server_close()


@cache
def mp3(seconds: float = 30.0) -> bytes:
    """A tone as an MP3 of so many seconds."""
    rate = 16_000
    time_s = np.arange(round(seconds * rate)) / rate
    file = io.BytesIO()
    soundfile.write(file, 0.3 * np.sin(2 * np.pi * 220 * time_s), rate, format="MP3")
    return file.getvalue()


def preview(number: int) -> bytes:
    """A clip like no other: the number stands in an ID3v1 tag at its end."""
    return mp3() + b"TAG" + str(number).encode().ljust(125, b"\0")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer would wait 40 ms for the client's acknowledgement of its headers

    def handle(self) -> None:
        with suppress(ConnectionResetError):  # whoever asked was killed
            super().handle()

    def log_message(self, *_: object) -> None:
        pass

    @property
    def providers(self) -> Providers:
        return self.server.providers  # type: ignore[attr-defined]

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        self.payload = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        agent = self.headers.get("User-Agent", "")
        fault = self.providers.fault(self.path)
        with self.providers.lock:
            self.providers.log.append(Asked(self.command, parts.path, parts.query, time.monotonic(), agent, fault))
        if self.providers.pause_s:
            time.sleep(self.providers.pause_s)
        status, content, headers = (200, b"", {})
        try:
            if fault is None or fault not in _INSTEAD:
                status, content, headers = self._route(parts.path)
            if fault:
                status, content, headers = (_INSTEAD | _AFTER)[fault](self, status, content, headers)
            if status:
                self._send(status, content, headers)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _send(self, status: int, content: Any, headers: dict[str, str]) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        shown = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        for name, value in shown.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _route(self, path: str) -> tuple[int, Any, dict[str, str]]:
        for beginning, answer in _ROUTES:
            if path.startswith(beginning):
                given = answer(self, unquote(path.removeprefix(beginning)))
                return given if isinstance(given, tuple) else (200, given, {})
        return 404, {"error": {"status": 404, "message": "Not found"}}, {}

    # Spotify

    def _token(self, _: str) -> Any:
        basic = base64.b64encode(f"{CLIENT_ID}:{SECRET}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {basic}":
            return 400, {"error": "invalid_client", "error_description": "Invalid client secret"}, {}
        form = {name: values[0] for name, values in parse_qs(self.payload.decode()).items()}
        self.providers.tokens += 1
        token = {"access_token": f"app-token-{self.providers.tokens}", "token_type": "Bearer", "expires_in": 3600}
        if form["grant_type"] == "client_credentials":
            return token
        if form["grant_type"] == "refresh_token" and not self.providers.refresh_tokens_live:
            return 400, {"error": "invalid_grant", "error_description": "Refresh token revoked"}, {}
        token["access_token"] = f"user-token-{self.providers.tokens}"
        if form["grant_type"] == "authorization_code":
            token["refresh_token"] = "the-refresh-token"
        return {**token, "scope": "playlist-read-collaborative playlist-read-private user-library-read"}

    def _authorize(self, _: str) -> Any:
        where = f"{self.query['redirect_uri']}?code=the-code&state={self.query.get('state', '')}"
        return 302, b"", {"Location": where}

    def _bearer(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def _search(self, _: str) -> Any:
        if not self._bearer():
            return 401, {"error": {"status": 401, "message": "No token provided"}}, {}
        limit, offset = int(self.query.get("limit", 5)), int(self.query.get("offset", 0))
        if limit > 10 or offset + limit > 1000:
            return 400, {"error": {"status": 400, "message": "Invalid limit"}}, {}
        terms = {name: quoted or plain for name, quoted, plain in _TERM.findall(self.query["q"])}
        found = self.providers.by_genre.get(terms["genre"], []) if "year" not in terms else []
        return {"tracks": self._page(found, limit, offset)}

    def _page(self, found: list[Track], limit: int, offset: int, wrap: str | None = None) -> dict[str, Any]:
        items: list[Any] = [track.spotify() for track in found[offset : offset + limit]]
        if self.providers.oddities and items and offset == 0:
            items += [None, {"id": "E" * 22, "type": "episode", "name": "Talk"}]
            items.append({"id": None, "type": "track", "is_local": True, "name": "Mine", "uri": "spotify:local:x"})
            items.append({"id": "X" * 22, "type": "track", "name": None})
        if wrap:
            items = [{"added_at": None, wrap: item} for item in items]
        following = None
        if offset + limit < len(found):
            following = f"{self.providers.url}{urlsplit(self.path).path}?offset={offset + limit}"
        return {"href": "", "items": items, "limit": limit, "next": following, "offset": offset, "total": len(found)}

    def _track(self, track_id: str) -> Any:
        if not track_id:
            return 403, {"error": {"status": 403}}, {}
        found = self.providers.by_id.get(track_id)
        return found.spotify() if found else (404, {"error": {"status": 404, "message": "Resource not found"}}, {})

    def _audio_features(self, _: str) -> Any:
        if not self.providers.audio_features:
            return 403, {"error": {"status": 403}}, {}
        ids = self.query["ids"].split(",")
        assert len(ids) <= 100
        known = [self.providers.by_id.get(one) for one in ids]
        return {"audio_features": [track and {"id": track.id, "time_signature": 4, **track.values} for track in known]}

    def _library(self, _: str) -> Any:
        if not self._bearer().startswith("user-token"):
            return 401, {"error": {"status": 401, "message": "Invalid access token"}}, {}
        limit, offset = int(self.query["limit"]), int(self.query["offset"])
        return self._page(self.providers.tracks[:70], limit, offset, wrap="track")

    def _playlist(self, rest: str) -> Any:
        if not self._bearer().startswith("user-token") or rest.startswith("Foreign"):
            return 403, {"error": {"status": 403, "message": "Forbidden"}}, {}
        limit, offset = int(self.query["limit"]), int(self.query["offset"])
        assert limit <= 50
        return self._page(self.providers.tracks[:60], limit, offset, wrap="item")

    # ReccoBeats

    def _recco(self, _: str) -> Any:
        ids = self.query["ids"].split(",")
        if len(ids) > 40:
            return 400, {"timestamp": "x", "error": "Validation", "path": "/", "status": 4004}, {}
        found = [self.providers.by_id[one] for one in ids if one in self.providers.by_id]
        found = [track for track in found if track.id not in self.providers.unknown_to_reccobeats]
        return {
            "content": [
                {"id": f"uuid-{track.number}", "href": f"https://open.spotify.com/track/{track.id}",
                 "isrc": track.isrc, **track.values}
                for track in reversed(found)
            ]
        }  # fmt: skip

    def _analysis(self, _: str) -> Any:
        if b'name="audioFile"' not in self.payload or len(self.payload) > 5 << 20:
            return 400, {"error": "audioFile is required", "status": 4001}, {}
        return {name: value for name, value in Track(number=7, genres=()).values.items() if name not in ("key", "mode")}

    # Deezer

    def _deezer(self, track: Track) -> dict[str, Any]:
        link = f"{self.providers.url}/dzp/{track.number}.mp3?exp={time.time() + self.providers.link_seconds:.3f}"
        return {
            "id": track.number, "title": track.title, "isrc": track.isrc, "duration": track.seconds, "preview": link,
            "artist": {"id": 1, "name": track.artist}, "album": {"id": 2, "title": "Quays"}, "type": "track",
        }  # fmt: skip

    def _deezer_track(self, rest: str) -> Any:
        found = self.providers.by_isrc.get(rest.removeprefix("isrc:"))
        if rest.isdigit():
            found = self.providers.tracks[int(rest)]
        if found is None or found.number in self.providers.unknown_to_deezer:
            return {"error": {"type": "DataException", "message": "no data", "code": 800}}
        return self._deezer(found)

    def _deezer_search(self, _: str) -> Any:
        found = [
            track for track in self.providers.tracks
            if self.query["q"] == f"{track.title} {track.artist}"
            and track.number not in self.providers.unknown_to_deezer
        ]  # fmt: skip
        wrong = [{**self._deezer(track), "title": f"{track.title} (Mixed)"} for track in found]
        return {"data": [*wrong, *map(self._deezer, found)], "total": 2 * len(found)}

    def _deezer_preview(self, name: str) -> Any:
        if float(self.query.get("exp", 0)) < time.time():
            return 403, b"Forbidden", {"Content-Type": "text/plain"}
        return 200, preview(int(name.split(".")[0])), {"Content-Type": "audio/mpeg"}

    def _own_preview(self, name: str) -> Any:
        return 200, preview(int(name.split(".")[0])), {"Content-Type": "audio/mpeg"}

    # iTunes

    def _itunes_search(self, _: str) -> Any:
        found = [
            {"wrapperType": "track", "kind": "song", "trackId": track.number, "trackName": track.title,
             "artistName": track.artist, "trackTimeMillis": 1000 * track.seconds,
             "previewUrl": f"{self.providers.url}/itp/{track.number}.plus.aac.p.m4a"}
            for track in self.providers.tracks
            if self.query["term"] == f"{track.title} {track.artist}"
            and track.number not in self.providers.unknown_to_itunes
        ]  # fmt: skip
        body = b"\n\n\n" + json.dumps({"resultCount": len(found), "results": found}).encode()
        return 200, body, {"Content-Type": "text/javascript; charset=utf-8"}

    # MusicBrainz

    def _recordings(self, _: str) -> Any:
        if "Songfeat/" not in self.headers["User-Agent"] or "@" not in self.headers["User-Agent"]:
            return 403, {"error": "Your requests do not name who you are."}, {}
        found = [
            track for track in self.providers.tracks
            if f'"{track.title}"' in self.query["query"] or f"isrc:{track.isrc}" in self.query["query"]
        ]  # fmt: skip
        return {
            "created": "", "count": len(found), "offset": 0,
            "recordings": [
                {"id": f"mbid-{track.number}", "score": 100, "title": track.title, "length": 1000 * track.seconds,
                 "artist-credit": [{"name": track.artist, "joinphrase": "", "artist": {"name": track.artist}}],
                 "isrcs": [track.isrc], "tags": [{"count": 3, "name": track.genres[0]}, {"count": -1, "name": "bad"}]}
                for track in found
            ],
        }  # fmt: skip


_ROUTES: tuple[tuple[str, Callable[[_Handler, str], Any]], ...] = (
    ("/api/token", _Handler._token),
    ("/authorize", _Handler._authorize),
    ("/v1/search", _Handler._search),
    ("/v1/tracks/", _Handler._track),
    ("/v1/audio-features/", _Handler._audio_features),
    ("/v1/me/tracks", _Handler._library),
    ("/v1/playlists/", _Handler._playlist),
    ("/rb/v1/audio-features", _Handler._recco),
    ("/rb/v1/analysis/audio-features", _Handler._analysis),
    ("/dz/track/", _Handler._deezer_track),
    ("/dz/search", _Handler._deezer_search),
    ("/dzp/", _Handler._deezer_preview),
    ("/own/", _Handler._own_preview),
    ("/it/search", _Handler._itunes_search),
    ("/itp/", _Handler._own_preview),
    ("/mb/recording", _Handler._recordings),
)

Answer = tuple[int, Any, dict[str, str]]


def _quota(*_: Any) -> Answer:
    error = {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}
    return 429, {"error": error}, {"Retry-After": "40000"}


def _reset(handler: _Handler, *_: Any) -> Answer:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    handler.connection.close()
    raise ConnectionResetError


def _slow(handler: _Handler, status: int, content: Any, headers: dict[str, str]) -> Answer:
    time.sleep(0.5)
    return status, content, headers


def _drip(handler: _Handler, *_: Any) -> Answer:
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)
    return 0, b"", {}


def _truncated(handler: _Handler, status: int, content: Any, headers: dict[str, str]) -> Answer:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    handler.close_connection = True
    handler._send(status, body[: len(body) // 2], {**headers, "Content-Length": str(len(body))})
    return 0, b"", {}


_INSTEAD: dict[str, Callable[..., Answer]] = {
    "429": lambda *_: (429, b"Too many requests", {"Retry-After": "0", "Content-Type": "text/plain"}),
    "429 in 1 s": lambda *_: (429, b"Too many requests", {"Retry-After": "1", "Content-Type": "text/plain"}),
    "429 in an hour": lambda *_: (429, b"Too many requests", {"Retry-After": "3600", "Content-Type": "text/plain"}),
    "429 without a word": lambda *_: (429, b"", {}),
    "429 with nonsense": lambda *_: (429, b"", {"Retry-After": "soon"}),
    "quota": _quota,
    "401": lambda *_: (401, {"error": {"status": 401, "message": "The access token expired"}}, {}),
    "403": lambda *_: (403, {"error": {"status": 403, "message": "Forbidden"}}, {}),
    "403 in words": lambda *_: (403, b"Active premium subscription required for the owner of the app.", {}),
    "404": lambda *_: (404, {"error": {"status": 404, "message": "Resource not found"}}, {}),
    "500": lambda *_: (500, b"<html><body>Internal Server Error</body></html>", {"Content-Type": "text/html"}),
    "html": lambda *_: (200, b"<!DOCTYPE html><html><body>Sorry</body></html>", {"Content-Type": "audio/mpeg"}),
    "empty": lambda *_: (200, b"", {}),
    "elsewhere": lambda *_: (302, b"", {"Location": "http://127.0.0.2:9/stolen"}),
    "in circles": lambda handler, *_: (302, b"", {"Location": handler.path}),
    "reset": _reset,
    "drip": _drip,
}
_AFTER: dict[str, Callable[..., Answer]] = {
    "slow": _slow,
    "truncated": _truncated,
    "cut": lambda _, status, content, headers: (status, json.dumps(content).encode()[:-9], headers),
    "wrong type": lambda _, status, content, headers: (status, content, {**headers, "Content-Type": "text/html"}),
}
