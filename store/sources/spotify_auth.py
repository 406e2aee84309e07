"""Who we are to Spotify: an app, or an app with a person who signed in.

Credentials come from the environment under spotipy's names. A person's token
lies in their own configuration folder, never in a workspace, which may be
passed on.
"""

import logging
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from songfeat.errors import SourceError
from store.web.client import Client
from store.web.failures import AnswerError
from store.web.provider import Provider

ACCOUNTS = Provider(
    name="Spotify accounts", base="https://accounts.spotify.com/", route="/", hosts=("accounts.spotify.com",)
)
SCOPES = "playlist-read-private,playlist-read-collaborative,user-library-read"

# At DEBUG spotipy writes tokens into its log.
logging.getLogger("spotipy").setLevel(logging.WARNING)


def app(client: Client) -> Any:
    """Give spotipy its way to a token for the app itself; tokens stay in memory."""
    from spotipy.cache_handler import MemoryCacheHandler
    from spotipy.oauth2 import SpotifyClientCredentials

    client_id, secret = _credentials()
    manager = SpotifyClientCredentials(client_id, secret, requests_session=client, cache_handler=MemoryCacheHandler())
    manager.OAUTH_TOKEN_URL = ACCOUNTS.url("api/token")
    return manager


def person(client: Client) -> Any:
    """Give spotipy its way to a token for the person who signed in.

    Raises
    ------
    SourceError
        If nobody did, or it was so long ago that Spotify asks for it again.
    """
    manager = _person(client)
    if manager.cache_handler.get_cached_token() is None:
        raise SourceError("Nobody is signed in to Spotify here: run songfeat sign-in first.")
    return manager


def sign_in(show: Callable[[str], object]) -> Path:
    """Let a person sign in: give them the address with `show`, and wait for Spotify to send them back here.

    Gives where the token lies; only its owner may read that file.

    Raises
    ------
    SourceError
        If they refuse, or the address to come back to is not on this machine.
    """
    from spotipy.exceptions import SpotifyOauthError
    from spotipy.oauth2 import start_local_http_server

    token_file().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Client(ACCOUNTS) as client:
        manager = _person(client)
        back = urlsplit(manager.redirect_uri)
        if back.scheme != "http" or back.hostname != "127.0.0.1" or not back.port:
            raise SourceError(
                f"SPOTIPY_REDIRECT_URI is {manager.redirect_uri!r}; expected an address of this machine with a port,"
                " such as http://127.0.0.1:8888/callback, and the same in the app's settings at Spotify."
            )
        manager.state = secrets.token_urlsafe(16)
        with start_local_http_server(back.port) as server:
            show(manager.get_authorize_url())
            server.handle_request()
        if server.error is not None or server.auth_code is None:
            raise SourceError(f"Spotify let nobody sign in: {server.error or 'it sent no code'}.")
        if server.state != manager.state:
            raise SourceError("What came back from Spotify does not belong to this sign-in; try again.")
        try:
            manager.get_access_token(server.auth_code, as_dict=False, check_cache=False)
        except SpotifyOauthError as error:
            raise SourceError(f"Spotify gave no token: {error.error_description or error.error}.") from error
    return token_file()


def token_file() -> Path:
    """Where a person's token lies: ``songfeat/spotify-token.json`` in their configuration folder."""
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(home).expanduser() / "songfeat" / "spotify-token.json"


def get_token(manager: Any, *, new: bool = False) -> None:
    """See to it that there is a token that Spotify takes: a `new` one where it no longer takes the old one.

    Raises
    ------
    SourceError
        If a person has to sign in again; the dead token is removed.
    """
    cached = manager.cache_handler.get_cached_token()
    refresh = (cached or {}).get("refresh_token")
    try:
        if new and refresh:
            manager.refresh_access_token(refresh)
        else:
            manager.get_access_token(as_dict=False, check_cache=not new)
    except AnswerError as error:
        if error.kind == "bad_request" and refresh:
            token_file().unlink(missing_ok=True)
            raise SourceError(f"Spotify wants you to sign in again ({error}) Run songfeat sign-in.") from error
        raise


def _person(client: Client) -> Any:
    from spotipy.cache_handler import CacheFileHandler
    from spotipy.oauth2 import SpotifyOAuth

    client_id, secret = _credentials()
    back = os.environ.get("SPOTIPY_REDIRECT_URI")
    if not back:
        raise SourceError("SPOTIPY_REDIRECT_URI is not set; expected for example http://127.0.0.1:8888/callback.")
    manager = SpotifyOAuth(
        client_id, secret, back, scope=SCOPES, requests_session=client, open_browser=False,
        cache_handler=CacheFileHandler(str(token_file())),
    )  # fmt: skip
    manager.OAUTH_TOKEN_URL = ACCOUNTS.url("api/token")
    manager.OAUTH_AUTHORIZE_URL = ACCOUNTS.url("authorize")
    return manager


def _credentials() -> tuple[str, str]:
    """Read the app's id and secret from the environment.

    Raises
    ------
    SourceError
        If they are not set.
    """
    names = ("SPOTIPY_CLIENT_ID", "SPOTIPY_CLIENT_SECRET")
    values = [os.environ.get(name, "").strip() for name in names]
    for name, value in zip(names, values, strict=True):
        if not value:
            raise SourceError(
                f"{name} is not set. Create an app at developer.spotify.com/dashboard and set both"
                f" {' and '.join(names)}."
            )
    return values[0], values[1]
