"""The fast engine for threads: blocking sockets, each used by one thread at a time."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from indoxrouter._runtime.tls import tls_context
from indoxrouter._runtime.transport import GRACE, Headers, HttpRequest, TransportFailure

from .blocking import READ_SIZE, Connection
from .origins import PROBATION, Origin, reason_of
from .wire import CLOSED, AnswerReader, Heads

if TYPE_CHECKING:
    import ssl

__all__ = ["FastEngine"]

MAX_CONNECTIONS = 1000
MAX_IDLE = 100
IDLE_SECONDS = 30.0


class FastEngine:
    """Sends requests over plain sockets, for the synchronous client. Safe to use from many threads."""

    name = "fast"

    def __init__(self) -> None:
        self._heads = Heads()
        self._idle: dict[Origin, deque[Connection]] = {}
        self.lock = threading.Lock()
        self._freed = threading.Condition(self.lock)
        self._active = 0
        self._waiting = 0
        self._tls: ssl.SSLContext | None = None
        self._closed = False

    def send(self, request: HttpRequest) -> _Response:
        """Send, and return when the headers of the answer are there."""
        if self._closed:
            raise TransportFailure("protocol", "the engine has been closed")
        origin, head = self._heads.of(request)
        connection = self._take(origin, request.timeouts.pool)
        done = False
        try:
            if connection is not None and not connection.proven and request.method != "GET":
                connection.proven = True
                if not connection.is_silent(PROBATION):
                    connection.close()
                    connection = None
            if connection is None:
                connection = self._connect(origin, request.timeouts.connect)
            reader = self._exchange(connection, head, request)
            done = True
            return _Response(self, connection, reader, request.idle)
        finally:
            if not done:  # a failure, or Ctrl-C
                self.give_back(connection, False)

    def _take(self, origin: Origin, limit: float | None) -> Connection | None:
        """Leave to use one more connection, and an idle one if there is any that lives."""
        with self.lock:
            if self._active >= MAX_CONNECTIONS:
                self._waiting += 1
                try:
                    free = self._freed.wait_for(lambda: self._active < MAX_CONNECTIONS, limit)
                finally:
                    self._waiting -= 1
                if not free:
                    raise TransportFailure("pool_timeout", "no free connection within the pool timeout")
            self._active += 1
            idle = self._idle.get(origin)
            while idle:
                connection = idle.pop()  # the one that was used last is the likeliest to live
                if time.monotonic() - connection.idle_since < IDLE_SECONDS and connection.is_silent():
                    return connection
                connection.close()
        return None

    def _connect(self, origin: Origin, timeout: float | None) -> Connection:
        failure: TransportFailure
        sock: socket.socket | None = None
        try:
            sock = socket.create_connection((origin.host, origin.port), timeout)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if origin.tls:
                sock = self._tls_context().wrap_socket(sock, server_hostname=origin.host)
            return Connection(sock, origin, timeout)
        except TimeoutError:
            failure = TransportFailure("connect_timeout", "no connection within the connect timeout")
        except (OSError, UnicodeError) as error:  # UnicodeError: a host name with an empty or overlong label
            failure = TransportFailure(
                "connect", reason_of(error) if isinstance(error, OSError) else "no host name"
            )
        if sock is not None:
            sock.close()
        raise failure

    def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = tls_context()
        return self._tls

    def _exchange(self, connection: Connection, head: bytes, request: HttpRequest) -> AnswerReader:
        """Write the request and read until the head of the answer is there."""
        refused = self._write(connection, head, request)
        reader = AnswerReader()
        connection.set_timeout(request.timeouts.read)
        try:
            connection.read_head(reader)
        except TransportFailure as failure:
            if refused is None or failure.kind.endswith("timeout"):
                raise
        else:
            if refused is not None:
                reader.reusable = False  # the server answered without waiting for the whole request
            return reader
        raise refused

    def _write(self, connection: Connection, head: bytes, request: HttpRequest) -> TransportFailure | None:
        """Write the request. A server that stops reading may still have said why, so that is no failure yet."""
        connection.set_timeout(request.timeouts.write)
        content = request.content
        failure: TransportFailure | None = None
        try:
            if content is None:
                connection.write(head)
            elif isinstance(content, bytes):
                if len(content) <= READ_SIZE:
                    connection.write(head + content)
                else:
                    connection.write(head)
                    connection.write(content)
            else:
                connection.write(head)
                for piece in content:
                    connection.write(piece)
        except TransportFailure as broken:
            if broken.timeout:
                raise
            failure = broken
        return failure

    def give_back(self, connection: Connection | None, reusable: bool) -> None:
        """Keep a connection for the next request, or close it; either way another one may be used."""
        with self.lock:
            self._active -= 1
            if self._waiting:
                self._freed.notify()
            if reusable and connection is not None and not self._closed:
                idle = self._idle.get(connection.origin)
                if idle is None:
                    idle = self._idle[connection.origin] = deque()
                if len(idle) < MAX_IDLE:
                    connection.idle_since = time.monotonic()
                    idle.append(connection)
                    return
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Close the connections."""
        self._closed = True
        with self.lock:
            idle = [connection for connections in self._idle.values() for connection in connections]
            self._idle.clear()
        for connection in idle:
            connection.close()


class _Response:
    """An answer whose body is read as it is asked for."""

    __slots__ = ("_connection", "_engine", "_idle", "_reader", "headers", "status")

    def __init__(
        self, engine: FastEngine, connection: Connection, reader: AnswerReader, idle: float | None
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

    def iter_raw(self) -> Iterator[bytes]:
        """The body as it arrives, still compressed."""
        reader = self._reader
        if reader.held:
            yield reader.take()
        connection = self._connection
        if connection is None:
            return
        connection.set_timeout(self._idle)
        while not reader.complete:
            if self._connection is None:
                raise TransportFailure("read", CLOSED)
            try:
                connection.read_into(reader)
            except BaseException:  # the network failed, or Ctrl-C
                self.close()
                raise
            if reader.ended():
                self._finish(connection)
            if reader.held:
                yield reader.take()

    def read_all(self, limit: int) -> bytes | bytearray | None:
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
        connection.set_timeout(self._idle)
        while place:
            size = connection.fill(place)
            if not size:
                reader.end_of_data()
            reader.filled(size)
            place = place[size:]
        self._finish(connection)
        return body

    def _finish(self, connection: Connection) -> None:
        """The body is complete: give the connection back."""
        self._connection = None
        self._engine.give_back(connection, self._reader.reusable)

    def close(self) -> None:
        """Free the connection at once. What has not been read is not waited for."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._engine.give_back(connection, False)

    def finish(self) -> None:
        """Free the connection, and keep it for the next request if the body turns out to end here."""
        connection, reader = self._connection, self._reader
        try:
            if connection is not None:
                connection.set_timeout(GRACE)
                connection.read_into(reader)
                if reader.ended():
                    self._finish(connection)
        except TransportFailure:
            pass  # nothing came, or the connection broke: it is closed
        finally:
            self.close()

    def abort(self) -> None:
        """Break the connection from another thread, so that a read that waits ends now."""
        # Under the lock, the connection cannot at the same time be given back and taken by someone else.
        with self._engine.lock:
            if self._connection is not None:
                self._connection.shut()
