"""Types and small helpers for ASGI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def raw_path(scope: Scope) -> str:
    """The path with its percent escapes, and without the query that some servers leave on it."""
    raw: bytes | None = scope.get("raw_path")
    path: str = raw.decode("latin-1").partition("?")[0] if raw else scope["path"]
    return path


def wants_page(scope: Scope) -> bool:
    """Whether the client is a browser, which gets the page; other clients get the documented health check."""
    if scope["method"] not in ("GET", "HEAD"):
        return False
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


async def lifespan(receive: Receive, send: Send) -> None:
    """Acknowledge the start and the stop of the server."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return
