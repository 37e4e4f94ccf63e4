"""The fast engine for asyncio: transports and protocols, one for each connection, without streams and tasks."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.tls import tls_context
from indoxrouter._runtime.transport import GRACE, Headers, HttpRequest, TransportFailure

from .connection import Connection
from .origins import PROBATION, Origin, reason_of
from .wire import CLOSED, AnswerReader, Heads

if TYPE_CHECKING:
    import ssl


__all__ = ["AsyncFastEngine"]

MAX_CONNECTIONS = 1000
MAX_IDLE = 1000
READ_SIZE = 256 * 1024


class AsyncFastEngine:
    """Sends requests over the running event loop's transports, for the asynchronous client."""

    name = "fast"

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._heads = Heads()
        self._idle: dict[Origin, deque[Connection]] = {}
        self._active = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._tls: ssl.SSLContext | None = None
        self._buffer = memoryview(bytearray(READ_SIZE))
        self._closed = False

    async def send(self, request: HttpRequest) -> _Response:
        """Send, and return when the headers of the answer are there."""
        if self._closed:
            raise TransportFailure("protocol", "the engine has been closed")
        origin, head = self._heads.of(request)
        if self._active >= MAX_CONNECTIONS:
            await self._wait_for_place(request.timeouts.pool)
        self._active += 1
        connection: Connection | None = None
        done = False
        try:
            connection = self._take(origin)
            if connection is not None and not connection.proven and request.method != "GET":
                connection.proven = True
                await asyncio.sleep(PROBATION)
                if not connection.is_usable():
                    connection.abort()
                    connection = None
            if connection is None:
                connection = await self._connect(origin, request.timeouts.connect)
            reader = connection.reader = AnswerReader()
            await connection.write(head, request.content, request.timeouts.write)
            while reader.headers is None and connection.failure is None:
                await connection.changed(request.timeouts.read)
            if reader.headers is None:
                failure, connection.failure = connection.failure, None
                raise failure or TransportFailure("disconnected", "the connection was closed")
            done = True
            return _Response(self, connection, reader, request.idle)
        finally:
            if not done:  # a failure, or the task was cancelled
                self.give_back(connection, False)

    def _take(self, origin: Origin) -> Connection | None:
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()  # the one that was used last is the likeliest to live
            if connection.is_usable():
                connection.failure = None
                return connection
            connection.abort()
        return None

    async def _wait_for_place(self, limit: float | None) -> None:
        place = self._loop.create_future()
        self._queue.append(place)
        timer = None if limit is None else self._loop.call_later(limit, _set_false, place)
        try:
            free = await place
        finally:
            if timer is not None:
                timer.cancel()
            if place in self._queue:
                self._queue.remove(place)
        if free is False:
            raise TransportFailure("pool_timeout", "no free connection within the pool timeout")

    async def _connect(self, origin: Origin, limit: float | None) -> Connection:
        if origin.tls and self._tls is None:
            self._tls = tls_context()
        failure: TransportFailure
        made: list[Connection] = []

        def protocol() -> Connection:
            made.append(Connection(self._loop, origin, self._buffer))
            return made[-1]

        try:
            opening = self._loop.create_connection(
                protocol,
                origin.host,
                origin.port,
                ssl=self._tls if origin.tls else None,
                server_hostname=origin.host if origin.tls else None,
            )
            _, connection = await asyncio.wait_for(opening, limit)
            return connection
        except (asyncio.TimeoutError, TimeoutError):
            failure = TransportFailure("connect_timeout", "no connection within the connect timeout")
        except (OSError, UnicodeError) as error:
            failure = TransportFailure("connect", _cause_of(error))
        for connection in made:
            connection.abort()
        raise failure

    def give_back(self, connection: Connection | None, reusable: bool) -> None:
        """Keep a connection for the next request, or drop it; either way another one may be used."""
        self._active -= 1
        while self._queue:
            place = self._queue.popleft()
            if not place.done():
                place.set_result(None)
                break
        if connection is None:
            return
        connection.reader = None
        if reusable and not self._closed and not connection.closed:
            idle = self._idle.get(connection.origin)
            if idle is None:
                idle = self._idle[connection.origin] = deque()
            if len(idle) < MAX_IDLE:
                connection.idle_since = self._loop.time()
                connection.resume()
                idle.append(connection)
                return
        connection.abort()

    async def close(self) -> None:
        """Close the connections."""
        self.abandon()
        await asyncio.sleep(0)  # transports close their sockets in the loop's next round

    def abandon(self) -> None:
        """Close all connections without awaiting."""
        self._closed = True
        idle = [connection for connections in self._idle.values() for connection in connections]
        self._idle.clear()
        if not self._loop.is_closed():
            for connection in idle:
                connection.abort()


def _set_false(place: asyncio.Future[Any]) -> None:
    if not place.done():
        place.set_result(False)


def _cause_of(error: Exception) -> str:
    """What an attempt to connect failed of; asyncio wraps the system's words into its own."""
    number = getattr(error, "errno", None)
    if isinstance(number, int) and number > 0 and type(error).__module__ == "builtins":
        return os.strerror(number)
    return reason_of(error) if isinstance(error, OSError) else "no host name"


class _Response:
    """An answer whose body is handed out as it arrives."""

    __slots__ = ("_connection", "_engine", "_idle", "_reader", "headers", "status")

    def __init__(
        self, engine: AsyncFastEngine, connection: Connection, reader: AnswerReader, idle: float | None
    ) -> None:
        assert reader.headers is not None
        self._engine = engine
        self._connection: Connection | None = connection
        self._reader = reader
        self._idle = idle
        self.status = reader.status
        self.headers: Headers = reader.headers
        if reader.complete:
            self._finish(connection)

    async def iter_raw(self) -> AsyncIterator[bytes]:
        """The body as it arrives, still compressed."""
        reader = self._reader
        if reader.held:
            yield reader.take()
        while not reader.complete:
            connection = self._connection
            if connection is None:
                raise TransportFailure("read", CLOSED)
            failure = connection.failure
            if failure is None:
                connection.resume()
                try:
                    await connection.changed(self._idle)
                except BaseException:  # the task was cancelled
                    self.release()
                    raise
                failure = connection.failure
                if reader.ended():
                    self._finish(connection)
            if reader.held:
                yield reader.take()
            if failure is not None and not reader.ended():
                self.release()
                raise failure

    async def read_all(self, limit: int) -> bytes | bytearray | None:
        """The whole body, still compressed, written into memory once; None where that is no better than `iter_raw`.

        Raises:
            TransportFailure: when it breaks off, or is longer than `limit` bytes.
        """
        reader, connection = self._reader, self._connection
        made = reader.in_one_place(limit)
        if made is None:
            return None
        body, place = made
        if not place:
            return body
        if connection is None:
            raise TransportFailure("read", CLOSED)
        connection.place = place
        try:
            connection.resume()
            while not reader.complete:
                if connection.failure is not None:
                    raise connection.failure
                await connection.changed(self._idle)
        finally:
            connection.place = None
        if self._connection is None:
            raise TransportFailure("read", CLOSED)
        self._finish(connection)
        return body

    def _finish(self, connection: Connection) -> None:
        """The body is complete: give the connection back."""
        self._connection = None
        self._engine.give_back(connection, self._reader.reusable)

    async def close(self) -> None:
        """Free the connection at once. What has not been read is not waited for."""
        self.release()

    async def finish(self) -> None:
        """Free the connection, and keep it for the next request if the body turns out to end here."""
        connection, reader = self._connection, self._reader
        try:
            if connection is not None and connection.failure is None and not reader.ended():
                connection.resume()
                await connection.changed(GRACE)
                if reader.ended() and self._connection is connection:
                    self._finish(connection)
        finally:
            self.release()

    def release(self) -> None:
        """The same, without awaiting."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._engine.give_back(connection, False)

    def abort(self) -> None:
        """Break the connection from a callback, so that a read that waits ends now."""
        if self._connection is not None:
            self._connection.abort()
