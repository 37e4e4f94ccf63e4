"""The direct engine for asyncio: a pool of connections of one event loop, without streams and tasks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from indoxrouter._runtime.http.interface import (
    GRACE,
    Deadline,
    HttpRequest,
    TransportFailure,
    time_left,
    timed_out,
)

from .async_connection import READ_SIZE, AsyncConnection, connect
from .http1 import ResponseParser, request_pieces
from .pool import CLOSED_RESPONSE, ENGINE_CLOSED, KEEPALIVE_CHECK, MAX_CONNECTIONS, Answer, Pool


class AsyncDirectEngine(Pool[AsyncConnection]):
    """Sends requests over the running event loop's transports, for the asynchronous client."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._buffer = memoryview(bytearray(READ_SIZE))

    async def send(self, request: HttpRequest) -> _Response:
        """Send, and return when the head of the answer has arrived."""
        if self._closed:
            raise TransportFailure("protocol", ENGINE_CLOSED)
        origin, head = self._encoder.encode(request)
        if self._active < MAX_CONNECTIONS:
            self._active += 1
        else:
            await self._wait_for_place(request)
        timeouts, deadline = request.timeouts, request.deadline
        connection: AsyncConnection | None = None
        try:
            connection = self._take_idle(origin)
            if connection is not None and not connection.reused and request.method != "GET":
                connection.reused = True
                await asyncio.sleep(KEEPALIVE_CHECK)
                if not connection.is_usable():
                    connection.close()
                    connection = None
            if connection is None:
                tls = self._tls_of(origin)
                connection = await connect(origin, tls, self._buffer, timeouts.connect, deadline)
            parser = connection.parser = ResponseParser(request.method)
            for piece in request_pieces(head, request.content):
                if not await connection.write(piece, timeouts.write, deadline):
                    parser.reusable = False  # the server awaits the rest of the body
                    break
            while parser.headers is None:
                await connection.wait("read_timeout", timeouts.read, deadline)
        except BaseException:  # a failure, or the task was cancelled
            self.release(connection, False)
            raise
        return _Response(self, connection, parser, request)

    async def _wait_for_place(self, request: HttpRequest) -> None:
        """Wait until a request that ends passes its place in the pool on to this one."""
        seconds = request.timeouts.pool
        limit = time_left("pool_timeout", seconds, request.deadline)
        place: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append(place)
        taken = False
        try:
            await asyncio.wait({place}, timeout=limit)
            taken = place.done() and not self._closed
        finally:
            if not place.done():  # the time is up, or the task was cancelled
                self._waiters.remove(place)
            elif not taken:
                self._free_place()
        if not taken:
            closed = TransportFailure("protocol", ENGINE_CLOSED)
            raise closed if self._closed else timed_out("pool_timeout", seconds, request.deadline)

    def _free_place(self) -> None:
        if self._waiters:
            self._waiters.popleft().set_result(None)
        else:
            self._active -= 1

    def release(self, connection: AsyncConnection | None, reusable: bool) -> None:
        """Keep a connection for the next request, or drop it; either way its place in the pool is free."""
        self._free_place()
        if connection is not None and not (reusable and self._keep(connection)):
            connection.close()

    async def close(self) -> None:
        """Close the connections."""
        self.abandon()
        await asyncio.sleep(0)  # transports close their sockets in the loop's next round

    def abandon(self) -> None:
        """Close all connections without awaiting."""
        self._closed = True
        if not self._loop.is_closed():
            while self._waiters:  # each finds that the engine is closed, and passes its place on
                self._active += 1
                self._free_place()
            self._close_idle()


class _Response(Answer[AsyncConnection]):
    """An answer whose body is delivered as it arrives."""

    async def iter_raw(self) -> AsyncIterator[bytes]:
        """The body as it arrives, still compressed."""
        parser = self._parser
        while parser.held or not parser.complete:
            if parser.held:
                yield parser.take()
            else:
                await self._read(self._seconds, self.deadline)
        self._release_if_complete()

    async def _read(self, seconds: float | None, deadline: Deadline | None) -> None:
        """Wait until there is more of the body, or its end. What has arrived already comes before any failure."""
        connection = self.connection
        if connection is None:
            raise TransportFailure("read", CLOSED_RESPONSE)
        try:
            await connection.wait("read_timeout", seconds, deadline)
        except BaseException:  # the network failed, or the task was cancelled
            self.release()
            raise
        self._release_if_complete()

    async def close(self) -> None:
        """Free the connection at once, without waiting for what has not been read."""
        self.release()

    async def finish(self) -> None:
        """Free the connection, and keep it for the next request if the body ends here."""
        try:
            if not self._parser.complete:
                await self._read(GRACE, None)
        except TransportFailure:
            pass  # nothing arrived, or the connection broke
        finally:
            self.release()

    def abort(self) -> None:
        """Break the connection from a callback, so that a read that waits ends now."""
        if self.connection is not None:
            self.connection.close()
