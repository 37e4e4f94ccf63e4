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

from .async_connecting import connect
from .async_connection import READ_SIZE, AsyncConnection
from .http1 import ResponseParser, request_pieces
from .pool import CLOSED_RESPONSE, ENGINE_CLOSED, KEEPALIVE_CHECK, MAX_CONNECTIONS, Answer, Pool

__all__ = ["AsyncDirectEngine"]


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
        connection: AsyncConnection | None = None
        answered = False
        try:
            connection = self._take_idle(origin)
            if connection is not None and not connection.reused and request.method != "GET":
                connection.reused = True
                await asyncio.sleep(KEEPALIVE_CHECK)
                if not connection.is_usable():
                    connection.close()
                    connection = None
            if connection is None:
                tls, seconds = self._tls_of(origin), request.timeouts.connect
                connection = await connect(origin, tls, self._buffer, seconds, request.deadline)
            parser = connection.parser = ResponseParser(request.method)
            await self._write(connection, head, request, parser)
            while parser.headers is None and connection.failure is None:
                await connection.wait("read_timeout", request.timeouts.read, request.deadline)
            if parser.headers is None:
                failure, connection.failure = connection.failure, None
                raise failure or TransportFailure("disconnected", "the connection was closed")
            answered = True
            return _Response(self, connection, parser, request)
        finally:
            if not answered:  # a failure, or the task was cancelled
                self.release(connection, False)

    async def _wait_for_place(self, request: HttpRequest) -> None:
        """Wait until a request that ends passes its place in the pool on to this one."""
        seconds = request.timeouts.pool
        limit = time_left("pool_timeout", seconds, request.deadline)
        place: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append(place)
        try:
            await asyncio.wait({place}, timeout=limit)
        except BaseException:  # cancelled
            if place.done():
                self._free_place()
            raise
        finally:
            if not place.done():
                self._waiters.remove(place)
        if not place.done():
            raise timed_out("pool_timeout", seconds, request.deadline)
        if self._closed:
            self._free_place()
            raise TransportFailure("protocol", ENGINE_CLOSED)

    def _free_place(self) -> None:
        if self._waiters:
            self._waiters.popleft().set_result(None)
        else:
            self._active -= 1

    async def _write(
        self, connection: AsyncConnection, head: bytes, request: HttpRequest, parser: ResponseParser
    ) -> None:
        """Write the request, but no further than until a final answer arrives."""
        seconds, deadline = request.timeouts.write, request.deadline
        time_left("write_timeout", seconds, deadline)  # nothing is sent after the deadline
        first, rest = request_pieces(head, request.content)
        await connection.write(first, seconds, deadline)
        for piece in rest:
            if connection.closed or connection.answered:
                parser.reusable = False  # the server awaits the rest of the body
                return
            await connection.write(piece, seconds, deadline)

    def release(self, connection: AsyncConnection | None, reusable: bool) -> None:
        """Keep a connection for the next request, or drop it; either way its place in the pool is free."""
        self._free_place()
        if connection is None:
            return
        if reusable and not connection.closed and self._keep(connection):
            connection.rest()
        else:
            connection.close()

    async def close(self) -> None:
        """Close the connections."""
        self.abandon()
        await asyncio.sleep(0)  # transports close their sockets in the loop's next round

    def abandon(self) -> None:
        """Close all connections without awaiting."""
        self._closed = True
        idle = self._take_all()
        if not self._loop.is_closed():
            for place in self._waiters:  # each finds that the engine is closed, and passes its place on
                if not place.done():
                    self._active += 1
                    place.set_result(None)
            self._waiters.clear()
            for connection in idle:
                connection.close()


class _Response(Answer[AsyncConnection]):
    """An answer whose body is delivered as it arrives."""

    __slots__ = ()

    async def iter_raw(self) -> AsyncIterator[bytes]:
        """The body as it arrives, still compressed."""
        parser = self._parser
        while True:
            if parser.held:
                yield parser.take()
            elif parser.complete:
                self._release_if_complete()
                return
            else:
                await self._read(self._seconds, self.deadline)

    async def _read(self, seconds: float | None, deadline: Deadline | None) -> None:
        """Wait until there is more of the body, or its end. What has arrived already comes before any failure."""
        connection = self.connection
        if connection is None:
            raise TransportFailure("read", CLOSED_RESPONSE)
        try:
            if connection.failure is not None:
                raise connection.failure
            connection.resume_reading()
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
            if self._parser.complete:
                self._release_if_complete()
            elif self.connection is not None:
                await self._read(GRACE, None)
        except TransportFailure:
            pass  # nothing arrived, or the connection broke
        finally:
            self.release()

    def abort(self) -> None:
        """Break the connection from a callback, so that a read that waits ends now."""
        if self.connection is not None:
            self.connection.close()
