"""Spotify, through spotipy: songs by search, playlist, library or id, and audio features where the app may have them.

Since 27 November 2024 new apps are refused audio features, and since 2026 a
search gives ten songs a page to most apps. Both is asked once and then known.
"""

import contextlib
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from songfeat.errors import SourceError
from songfeat.text import spotify_id
from store.sources import spotify_auth
from store.sources.interface import Capability, Origin, Reject, Song, Work
from store.sources.payload import dict_of, dicts_of, number_of, text_of
from store.sources.songs import read_values, song_row, year_of
from store.web.failures import AnswerError
from store.web.provider import Provider

NAME = "spotify"
API = Provider(
    name="Spotify",
    base="https://api.spotify.com/v1/",
    route="/v1/",
    interval_s=1.0,
    lists=("search", "me/", "playlists/"),
)
SEARCH_PAGE, LIST_PAGE, FEATURES_A_CALL = 10, 50, 100
LAST_RESULT = 1000
_FIRST_YEAR = 1950
_LONGEST_LIST = 100_000
_A_TRACK = "11dFghVXANMlKmJXsNCbNl"  # the track of Spotify's own examples


class Spotify:
    """spotipy's client on a session of ours, with a new token where the old one has expired."""

    def __init__(self, work: Work, *, as_person: bool) -> None:
        import spotipy

        self.client = work.client(API)
        accounts = work.client(spotify_auth.ACCOUNTS)
        self._manager = spotify_auth.person(accounts) if as_person else spotify_auth.app(accounts)
        spotify_auth.get_token(self._manager)
        self._api = spotipy.Spotify(auth_manager=self._manager, requests_session=self.client)
        self._api.prefix = API.url()

    def ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        """What a method of spotipy answers.

        Raises
        ------
        AnswerError, SourceError
        """
        from spotipy.exceptions import SpotifyBaseException

        function = getattr(self._api, method)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of what Spotify calls deprecated and some may use
            try:
                try:
                    return function(*arguments, **options)
                except AnswerError as error:
                    if error.kind != "auth":
                        raise
                spotify_auth.get_token(self._manager, new=True)
                return function(*arguments, **options)
            except SpotifyBaseException as error:
                raise SourceError(f"Spotify: {error}") from error

    def origin(self, request: str) -> Origin:
        return Origin(request=request, asked_at=self.client.answered_at)


def collect(options: dict[str, Any], work: Work) -> Iterator[Song | Reject]:
    """Songs as the options ask; then their audio features, as far as the app may have them."""
    api = Spotify(work, as_person=bool(options["playlist"] or options["library"]))
    if options["tracks"]:
        found = _singles(api, options["tracks"])
    elif options["playlist"]:
        found = (record for name in options["playlist"] for record in _playlist(api, name))
    elif options["library"]:
        found = _pages(api, "saved songs", lambda offset: api.ask("current_user_saved_tracks", LIST_PAGE, offset))
    else:
        found = _searches(api, work, options["genres"], options["total"])
    ids: list[str] = []
    seen: set[str] = set()
    for record in found:
        if isinstance(record, Song):
            if record.row["track_id"] in seen:
                continue
            seen.add(record.row["track_id"])
            ids.append(record.row["spotify_id"])
            work.tell(len(ids), _total(options), "songs from Spotify")
        yield record
    yield from _audio_features(api, work, ids)


def _total(options: dict[str, Any]) -> int | None:
    if options["tracks"]:
        return len(options["tracks"])
    return None if options["playlist"] or options["library"] else int(options["total"])


def _searches(api: Spotify, work: Work, genres: tuple[str, ...], total: int) -> Iterator[Song | Reject]:
    """Songs by genre, a page of each in turn, until each has its share; a song counts for the first that brings it."""
    share, rest = divmod(total, len(genres))
    wanted = {genre: share + (place < rest) for place, genre in enumerate(genres)}
    searches = {genre: _search(api, genre) for genre in genres if wanted[genre]}
    had: set[str] = set()
    got = dict.fromkeys(genres, 0)
    while searches:
        for genre, pages in list(searches.items()):
            page = next(pages, None)
            if page is None:
                del searches[genre]
                continue
            for record in page:
                if isinstance(record, Reject):
                    yield record
                elif record.row["track_id"] not in had and got[genre] < wanted[genre]:
                    had.add(record.row["track_id"])
                    got[genre] += 1
                    yield record
            if got[genre] >= wanted[genre]:
                searches.pop(genre, None)
    for genre in genres:
        if got[genre] < wanted[genre]:
            work.notes.append(f"Spotify has {got[genre]:,} of the {wanted[genre]:,} songs wanted of {genre}.")


def _search(api: Spotify, genre: str) -> Iterator[list[Song | Reject]]:
    """The pages of one genre; one query gives at most a thousand songs, so that each year is asked after that."""
    years = range(datetime.now(UTC).year, _FIRST_YEAR - 1, -1)
    for query in (f'genre:"{genre}"', *(f'genre:"{genre}" year:{year}' for year in years)):
        known: set[str] = set()
        for offset in range(0, LAST_RESULT, SEARCH_PAGE):
            request = f"search {query} from {offset}"
            try:
                answer = api.ask("search", query, limit=SEARCH_PAGE, offset=offset, type="track")
            except AnswerError as error:
                if error.hopeless or error.kind == "bad_request":
                    raise
                yield [Reject(subject=request, reason=str(error))]
                continue
            items = _items(answer, "tracks")
            new = {text_of(item.get("id")) for item in items if isinstance(item, dict)} - known
            known |= new
            if not new - {""}:
                if offset < LAST_RESULT - SEARCH_PAGE and "year:" not in query:
                    return  # the genre is exhausted, so that its years hold nothing else
                break
            yield list(_songs(items, api.origin(request), genre=genre))


def _playlist(api: Spotify, name: str) -> Iterator[Song | Reject]:
    request = f"playlist {name}"
    try:
        yield from _pages(api, request, lambda offset: api.ask("playlist_items", name, limit=LIST_PAGE, offset=offset))
    except AnswerError as error:
        if error.kind not in ("forbidden", "not_found"):
            raise
        yield Reject(subject=request, reason=f"{error} Spotify shows apps only playlists of the person signed in.")


def _pages(api: Spotify, request: str, ask: Callable[[int], Any]) -> Iterator[Song | Reject]:
    """The songs of a list; `total` and `next` may lie, an empty page or one without news is the end."""
    known: set[str] = set()
    for offset in range(0, _LONGEST_LIST, LIST_PAGE):
        wrapped = _items(ask(offset))
        items = [item.get("item") or item.get("track") for item in wrapped if isinstance(item, dict)]
        names = {str(item.get("uri") or item.get("id")) for item in items if isinstance(item, dict)}
        if not wrapped or (names and names <= known):
            return
        known |= names
        yield from _songs(items, api.origin(f"{request} from {offset}"))


def _singles(api: Spotify, names: tuple[str, ...]) -> Iterator[Song | Reject]:
    for name in names:
        bare = spotify_id(name)
        if bare is None:
            yield Reject(subject=name, reason="this is no id or link of a Spotify track")
            continue
        try:
            item = api.ask("track", bare)
        except AnswerError as error:
            if error.hopeless:
                raise
            yield Reject(subject=f"{NAME}:{bare}", reason=str(error))
            continue
        yield from _songs([item], api.origin(f"track {bare}"))


def _items(answer: Any, key: str | None = None) -> list[Any]:
    """The items of a page, whatever came instead of one."""
    items = dict_of(dict_of(answer).get(key) if key else answer).get("items")
    return items if isinstance(items, list) else []


def _songs(items: list[Any], origin: Origin, *, genre: str | None = None) -> Iterator[Song | Reject]:
    """The tracks among a page's items; episodes, files of one's own and gaps are passed over."""
    for item in items:
        if not isinstance(item, dict) or item.get("type", "track") != "track" or item.get("is_local"):
            continue
        yield read_track(item, origin, genre=genre)


def read_track(item: dict[str, Any], origin: Origin, *, genre: str | None = None) -> Song | Reject:
    """A track object of Spotify's as a song, or why it is none."""
    bare, title = spotify_id(text_of(item.get("id"))), text_of(item.get("name"))
    if bare is None or not title:
        what = "id" if bare is None else "title"
        return Reject(subject=f"{NAME}:{bare or '?'}", column=what, reason=f"{origin.request}: a track without {what}")
    album = dict_of(item.get("album"))
    length_ms = number_of(item.get("duration_ms"))
    row = song_row(
        f"{NAME}:{bare}",
        title=title,
        artists=[text_of(one.get("name")) for one in dicts_of(item.get("artists"))],
        album=text_of(album.get("name")) or None,
        genre=genre,
        year=year_of(text_of(album.get("release_date"))),
        duration_s=length_ms and length_ms / 1000,
        isrc_text=text_of(dict_of(item.get("external_ids")).get("isrc")),
        spotify_id=bare,
        preview_url=text_of(item.get("preview_url")) or None,
        popularity=number_of(item.get("popularity")),
    )
    return Song(row=row, origin=origin)


def _audio_features(api: Spotify, work: Work, ids: list[str]) -> Iterator[Song | Reject]:
    """Reference values of Spotify's own; most apps are refused them, which is asked once."""
    for start in range(0, len(ids), FEATURES_A_CALL):
        asked = ids[start : start + FEATURES_A_CALL]
        work.tell(start, len(ids), "audio features from Spotify")
        try:
            answer = api.ask("audio_features", asked)
        except AnswerError as error:
            if error.kind in ("forbidden", "not_found"):
                work.notes.append("Spotify refuses audio features to this app; it closed them to new apps in 2024.")
                return
            if error.hopeless:
                raise
            yield from (Reject(subject=f"{NAME}:{bare}", column="audio features", reason=str(error)) for bare in asked)
            continue
        given = {text_of(one.get("id")): one for one in dicts_of(answer)}
        origin = api.origin("audio-features")
        for bare in asked:
            yield from read_values(given.get(bare), f"{NAME}:{bare}", source=NAME, origin=origin, spotify_id=bare)


def probe(work: Work) -> Iterator[Capability]:
    """Search, audio features and preview links, each asked once."""
    try:
        api = Spotify(work, as_person=False)
        answer = api.ask("search", 'genre:"jazz"', limit=SEARCH_PAGE, type="track")
    except SourceError as error:
        yield Capability(name="search", ok=False, detail=str(error))
        return
    tracks = dicts_of(_items(answer, "tracks"))
    yield Capability(name="search", ok=bool(tracks), detail="yes" if tracks else "it finds nothing")
    previews = any(text_of(item.get("preview_url")) for item in tracks)
    yield Capability(name="preview links", ok=previews or None, detail="given" if previews else "null for this app")
    try:
        api.ask("audio_features", [next((text_of(item.get("id")) for item in tracks), _A_TRACK)])
        yield Capability(name="audio features", ok=True, detail="yes")
    except AnswerError as error:
        closed = " Apps created after 27 November 2024 do not get them." if error.kind == "forbidden" else ""
        yield Capability(name="audio features", ok=False, detail=f"{error}{closed}")
    signed_in = False
    with contextlib.suppress(SourceError):
        spotify_auth.person(work.client(spotify_auth.ACCOUNTS))
        signed_in = True
    detail = "signed in" if signed_in else "nobody is signed in; run songfeat sign-in"
    yield Capability(name="playlists and library", ok=signed_in or None, detail=detail)
