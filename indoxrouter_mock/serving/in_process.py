"""The mock for a synchronous `httpx.Client` without a socket: `httpx.Client(transport=InProcessTransport(asgi_app()))`.

For `httpx.AsyncClient` there is `httpx.ASGITransport`, which holds a stream back until it is complete; this one
doesn't.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterator, MutableMapping
from typing import Any

import httpx

from ..app.application import MockApp
from ..app.response_writer import ConnectionDropped
from ..base.json import is_object


class InProcessTransport(httpx.BaseTransport):
    """Runs an ASGI application on an event loop in a thread, and yields the parts of a body as they arrive."""

    def __init__(self, app: MockApp) -> None:
        self.app = app
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="indoxrouter-mock-in-process", daemon=True
        )
        self._thread.start()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request to the application and return its response as soon as the headers are there."""
        exchange = _Exchange(self.app, request, request.read())
        asyncio.run_coroutine_threadsafe(exchange.run(), self._loop)
        head = exchange.parts.get()
        if not is_object(head):
            raise httpx.RemoteProtocolError(
                "the mock closed the connection without an answer", request=request
            )
        return httpx.Response(
            head["status"], headers=head["headers"], stream=_Body(exchange, self._loop), request=request
        )

    def close(self) -> None:
        """Stop the event loop and its thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


class _Exchange:
    """One request and the parts of its answer, which cross from the loop's thread to the caller's through a queue."""

    def __init__(self, app: MockApp, request: httpx.Request, content: bytes) -> None:
        self.app = app
        self.parts: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._content: bytes | None = content
        self._left = asyncio.Event()
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": request.method,
            "scheme": request.url.scheme,
            "path": request.url.path,
            "raw_path": request.url.raw_path.partition(b"?")[0],
            "query_string": request.url.query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "server": (request.url.host, request.url.port),
            "client": ("127.0.0.1", 0),
        }

    async def run(self) -> None:
        try:
            await self.app(self.scope, self._receive, self._send)
        except ConnectionDropped as error:
            self.parts.put(error)
        finally:
            self.parts.put(None)

    async def _receive(self) -> MutableMapping[str, Any]:
        if self._content is not None:
            content, self._content = self._content, None
            return {"type": "http.request", "body": content, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        self.parts.put(message if message["type"] == "http.response.start" else message.get("body", b""))

    def leave(self) -> None:
        self._left.set()


class _Body(httpx.SyncByteStream):
    def __init__(self, exchange: _Exchange, loop: asyncio.AbstractEventLoop) -> None:
        self._exchange = exchange
        self._loop = loop

    def __iter__(self) -> Iterator[bytes]:
        while True:
            part = self._exchange.parts.get()
            if part is None:
                return
            if isinstance(part, ConnectionDropped):
                raise httpx.ReadError(str(part))
            yield part

    def close(self) -> None:
        """The client leaves: the application hears of it as it would from a closed connection."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._exchange.leave)
