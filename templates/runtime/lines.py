"""The lines to servers: httpcore's own network streams, with three habits of ours.

- In asyncio, the head of a request waits for the first piece of its body. httpcore writes them one after the other, and
  each time waits for a turn of the event loop. Threads write a head at once: to have it wait would save 11 µs of CPU
  time, but the server starts 16 µs earlier if it wakes up while we are still busy with the body.
- The time for reading can be cut short from outside. After the event that ends a stream, the end of the body is waited
  for no longer than a moment, and httpcore takes the time limits of a body from where they were when it began.
- Chunks that arrive together are handed on as one (see `joining`).

Everything else (connecting, TLS, time limits, errors) is httpcore's. `network_backend=` is its door for this.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

import httpcore

if TYPE_CHECKING:
    from .joining import Joiner

__all__ = ["AsyncLine", "AsyncLines", "Habits", "Line", "Lines"]

_MOST_JOINED = 64 * 1024  # longer ones are not copied just to save a system call


class Habits:
    """What the two forms of a line decide.

    Attributes:
        hurry: seconds after which a read gives up, if that is sooner than its time limit; None when there is no hurry.
        heads_wait: whether heads are written together with what follows them.
    """

    heads_wait = False

    def __init__(self) -> None:
        self.hurry: float | None = None
        self._held: bytes | None = b""  # None between the head of a request and its answer
        self._received: list[bytes] | None = None  # what was read of an answer whose head is not complete
        self._joiner: Joiner | None = None

    def _due(self, buffer: bytes) -> tuple[bytes, ...]:
        """What to write now, given what httpcore wants written."""
        held = self._held
        if held is None:
            return (buffer,) if buffer else ()
        if not held:
            self._received, self._joiner = [], None
            if self.heads_wait:
                self._held = buffer  # a body follows, be it an empty one
                return ()
            self._held = None
            return (buffer,)
        self._held = None
        return (held, buffer) if len(buffer) > _MOST_JOINED else (held + buffer,)

    def _turn(self) -> bytes:
        """From writing to reading: what is still held."""
        held, self._held = self._held, b""
        return held or b""

    def _taken(self, data: bytes) -> bytes:
        """What to hand on of what was read."""
        if self._joiner is not None:
            return self._joiner.feed(data)
        if self._received is not None:
            self._received.append(data)
        return data

    def settle(self, chunked: bool) -> None:
        """Say that the head of the answer is complete, and whether its body comes in chunks."""
        received, self._received = self._received, None
        if chunked and received:
            from .joining import Joiner

            self._joiner = Joiner.after(b"".join(received))

    def _limit(self, timeout: float | None) -> float | None:
        if self.hurry is None:
            return timeout
        return self.hurry if timeout is None else min(timeout, self.hurry)


class Line(Habits, httpcore.NetworkStream):
    """A connection, with or without TLS, for threads."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        super().__init__()
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there, or wait for something."""
        self._turn()
        return self._taken(self._stream.read(max_bytes, self._limit(timeout)))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write."""
        for piece in self._due(buffer):
            self._stream.write(piece, timeout)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> Line:
        """The same connection, encrypted."""
        return Line(self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks about a connection: its socket, its addresses, whether it can be read."""
        return self._stream.get_extra_info(info)


class AsyncLine(Habits, httpcore.AsyncNetworkStream):
    """A connection, with or without TLS, for asyncio."""

    heads_wait = True

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        super().__init__()
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there, or wait for something."""
        if held := self._turn():
            await self._stream.write(held, timeout)
        return self._taken(await self._stream.read(max_bytes, self._limit(timeout)))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write, or hold back what is better written together."""
        for piece in self._due(buffer):
            await self._stream.write(piece, timeout)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncLine:
        """The same connection, encrypted."""
        return AsyncLine(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks about a connection: its socket, its addresses, whether it can be read."""
        return self._stream.get_extra_info(info)


class Lines(httpcore.SyncBackend):
    """Opens connections for a pool of httpcore."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> Line:
        """Connect to a server."""
        return Line(super().connect_tcp(host, port, timeout, local_address, socket_options))


class AsyncLines(httpcore.AsyncNetworkBackend):
    """Opens connections for a pool of httpcore, under asyncio."""

    def __init__(self) -> None:
        # A cast, because httpcore has another class of the name for where anyio is missing. httpx requires anyio.
        self._backend = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> AsyncLine:
        """Connect to a server."""
        return AsyncLine(await self._backend.connect_tcp(host, port, timeout, local_address, socket_options))
