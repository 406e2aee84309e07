"""Starting the server, on this machine alone unless said otherwise."""

import secrets
import sys

from songfeat.errors import ConfigError
from store.catalogue import Catalogue

LOCAL = ("127.0.0.1", "localhost", "::1")


def serve(catalogue: Catalogue, *, host: str, port: int, token: str | None) -> None:
    """Answer until stopped. Where other machines can ask, a token is needed; without one given, one is made up.

    Raises
    ------
    ConfigError
        If what the server is built on is not installed.
    """
    try:
        import uvicorn

        from store.serving.api import create
    except ImportError as error:
        raise ConfigError(f"The server needs {error.name}: pip install 'songfeat[serve]'.") from error
    if token is None and host not in LOCAL:
        token = secrets.token_urlsafe(24)
        print(f"Other machines can ask, with this token: {token}", file=sys.stderr)  # noqa: T201 - a person must see it
    uvicorn.run(create(catalogue, token=token), host=host, port=port, log_level="info")
