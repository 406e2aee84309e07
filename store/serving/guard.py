"""Who may ask, and how much: a bearer token, and a limit on the size of what is sent."""

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Guard:
    """Turns away requests without the token, and those that send more than `most_bytes`, before they are read.

    Parameters
    ----------
    app : ASGI application
    token : str or None
        What the Authorization header must carry; None lets everybody ask.
    most_bytes : int
    """

    def __init__(self, app: App, *, token: str | None, most_bytes: int) -> None:
        self.app, self.token, self.most_bytes = app, token, most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if self.token is not None and not self._may(headers.get(b"authorization", b"")):
            await _refuse(send, 401, "Valid authentication is needed: send the header Authorization: Bearer TOKEN.")
            return
        too_much = f"At most {self.most_bytes / 1e6:.0f} MB can be sent."
        announced = headers.get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > self.most_bytes:
            await _refuse(send, 413, too_much)
            return
        received = 0

        async def counted() -> MutableMapping[str, Any]:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            # Whoever announces no length is cut off where the limit is reached.
            return {"type": "http.disconnect"} if received > self.most_bytes else message

        await self.app(scope, counted, send)

    def _may(self, header: bytes) -> bool:
        return secrets.compare_digest(header, f"Bearer {self.token}".encode())


async def _refuse(send: Send, status: int, message: str) -> None:
    import json

    body = json.dumps({"error": {"status": status, "message": message}}).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
