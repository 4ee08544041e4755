"""Who may talk to the server: a page of its own, on this machine, that has the token of its address.

Other pages in the same browser can send requests to loopback as well. They lack the token; and a request with a
foreign Origin, or to a foreign name that resolves to this machine (DNS rebinding), is refused.
"""

import json
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from network3.layers.checks import error_message, shown

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

LARGEST_BODY = 64 * 1024
OWN_NAME = re.compile(r"(127\.0\.0\.1|localhost)(:\d{1,5})?")
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",  # the address has the token
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class TooLargeError(Exception):
    """Raised while a body is read that is larger than `LARGEST_BODY`; the application answers 413."""


class Guard:
    """An ASGI application that passes on allowed requests only, and adds the headers that keep a page to itself.

    Parameters
    ----------
    app : ASGI application
        It gets the paths without the token.
    token : str
    """

    def __init__(self, app: App, token: str):
        self.app, self.token = app, token

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # a WebSocket, which is not used
            await send({"type": "websocket.close", "code": 1008})
            return
        refused = self._refused(scope)
        if refused is not None:
            await _answer(send, *refused)
            return
        prefix = f"/{self.token}"
        inner = dict(scope) | {"path": scope["path"].removeprefix(prefix), "root_path": ""}
        inner["raw_path"] = inner["path"].encode()
        await self.app(inner, _limited(receive), _with_headers(send))

    def _refused(self, scope: Message) -> tuple[int, str] | None:
        """Return the status and the message for a request that is not allowed; None if it is."""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        host, origin, site = headers.get("host", ""), headers.get("origin"), headers.get("sec-fetch-site")
        if not OWN_NAME.fullmatch(host):
            return 403, _message("expected a request to 127.0.0.1 or localhost", host, "Use the printed address.")
        if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
            return 403, _message("expected a request by the server's own page", origin, "Use the printed address.")
        own_page = scope["method"] != "GET" or not _is_navigation(headers)
        if site not in (None, "same-origin", "none") and own_page:
            return 403, _message("expected a request by the server's own page", site, "Use the printed address.")
        first = scope["path"].split("/")[1] if scope["path"].startswith("/") else ""
        if not secrets.compare_digest(first.encode(), self.token.encode()):
            return 404, _message("expected the address with its token", "another", "Use the printed address.")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            return 413, _too_large(length)
        return None


def _is_navigation(headers: dict[str, str]) -> bool:
    """Whether a link was followed, or the address typed: then a page of another site may have the link."""
    return headers.get("sec-fetch-mode") == "navigate"


def _limited(receive: Receive) -> Receive:
    """Return `receive` that raises TooLargeError: a body need not have the length that its header gives."""
    total = 0

    async def counted() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > LARGEST_BODY:
            raise TooLargeError(_too_large("more"))
        return message

    return counted


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name.lower() for name, _ in message.get("headers", [])}
            added = [(k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in own]
            message = {**message, "headers": [*message.get("headers", []), *added]}
        await send(message)

    return sent


async def _answer(send: Send, status: int, message: str) -> None:
    body = json.dumps({"error": message}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    guarded = _with_headers(send)
    await guarded({"type": "http.response.start", "status": status, "headers": headers})
    await guarded({"type": "http.response.body", "body": body})


def _message(expected: str, got: str, hint: str) -> str:
    return error_message("serve", expected, shown(got), hint)


def _too_large(length: str) -> str:
    hint = "The page never sends as much."
    return error_message("serve", f"expected at most {LARGEST_BODY:,} bytes", f"{length[:20]} bytes", hint)
