"""The direct engine for threads: a pool of blocking sockets, each used by one thread at a time."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from indoxrouter._runtime.http.interface import (
    GRACE,
    Deadline,
    Headers,
    HttpRequest,
    TransportFailure,
    body_pieces,
    time_left,
    timed_out,
)
from indoxrouter._runtime.http.tls import tls_context

from ..fork_safety import register_for_fork
from .blocking_connection import READ_SIZE, Connection, connect
from .http1 import RequestEncoder, ResponseParser
from .limits import CLOSED_RESPONSE, ENGINE_CLOSED, IDLE_SECONDS, KEEPALIVE_CHECK, MAX_CONNECTIONS, MAX_IDLE

if TYPE_CHECKING:
    import ssl

    from .addresses import Origin

__all__ = ["DirectEngine"]


class DirectEngine:
    """Sends requests over sockets, for the synchronous client. Safe to use from many threads."""

    name = "direct"

    def __init__(self) -> None:
        self._encoder = RequestEncoder()
        self._idle: dict[Origin, deque[Connection]] = {}
        self._lock = threading.Lock()
        self._freed = threading.Condition(self._lock)
        self._active = 0
        self._tls: ssl.SSLContext | None = None
        self._closed = False
        register_for_fork(self)

    def reset_after_fork(self) -> None:
        """In a forked child: whoever held the lock is not there, and the connections are the parent's."""
        self._lock = threading.Lock()
        self._freed = threading.Condition(self._lock)
        self._idle = {}
        self._active = 0

    def send(self, request: HttpRequest) -> _Response:
        """Send, and return when the head of the answer has arrived."""
        origin, head = self._encoder.encode(request)
        connection = self._acquire(origin, request)
        answered = False
        try:
            if connection is not None and not connection.reused and request.method != "GET":
                connection.reused = True
                if connection.has_unread(KEEPALIVE_CHECK):
                    connection.close()
                    connection = None
            if connection is None:
                connection = self._connect(origin, request)
            parser = self._exchange(connection, head, request)
            answered = True
            return _Response(self, connection, parser, request)
        finally:
            if not answered:  # a failure, or Ctrl-C
                self.release(connection, False)

    def _acquire(self, origin: Origin, request: HttpRequest) -> Connection | None:
        """A place in the pool, and an idle connection if one is usable."""
        with self._lock:
            if self._active >= MAX_CONNECTIONS:
                seconds = request.timeouts.pool
                limit = time_left("pool_timeout", seconds, request.deadline)
                if not self._freed.wait_for(lambda: self._active < MAX_CONNECTIONS or self._closed, limit):
                    raise timed_out("pool_timeout", seconds, request.deadline)
            if self._closed:
                raise TransportFailure("protocol", ENGINE_CLOSED)
            self._active += 1
            idle = self._idle.get(origin)
            while idle:
                connection = idle.pop()  # the one that was used last is the likeliest to live
                if time.monotonic() - connection.idle_since < IDLE_SECONDS and not connection.has_unread():
                    return connection
                connection.close()
        return None

    def _connect(self, origin: Origin, request: HttpRequest) -> Connection:
        if origin.tls and self._tls is None:
            self._tls = tls_context()
        return connect(origin, self._tls if origin.tls else None, request.timeouts.connect, request.deadline)

    def _exchange(self, connection: Connection, head: bytes, request: HttpRequest) -> ResponseParser:
        """Write the request and read until the head of the answer is there."""
        parser = ResponseParser(request.method)
        seconds, deadline = request.timeouts.read, request.deadline
        refused: TransportFailure | None = None
        try:
            self._write(connection, head, request, parser)
        except TransportFailure as failure:
            if failure.kind != "write":
                raise
            refused = failure  # a server that stops reading may have said why
        try:
            while parser.headers is None:
                connection.read(parser, seconds, deadline)
        except TransportFailure as failure:
            if refused is None or failure.timeout:
                raise
        else:
            parser.reusable = parser.reusable and refused is None
            return parser
        raise refused

    def _write(
        self, connection: Connection, head: bytes, request: HttpRequest, parser: ResponseParser
    ) -> None:
        """Write the request, but no further than until a final answer arrives."""
        content, seconds, deadline = request.content, request.timeouts.write, request.deadline
        if content is None:
            connection.write(head, seconds, deadline)
        elif isinstance(content, bytes) and len(content) <= READ_SIZE:
            connection.write(head + content, seconds, deadline)
        else:
            connection.write(head, seconds, deadline)
            for piece in body_pieces(content):
                if connection.has_unread():
                    connection.read_without_waiting(parser)
                if parser.headers is None:
                    connection.upload(memoryview(piece), seconds, deadline, parser)
                if parser.headers is not None:
                    parser.reusable = False  # the server awaits the rest of the body
                    return

    def release(self, connection: Connection | None, reusable: bool) -> None:
        """Keep a connection for the next request, or close it; either way its place in the pool is free."""
        with self._lock:
            self._active -= 1
            self._freed.notify()
            if reusable and connection is not None and not self._closed:
                idle = self._idle.setdefault(connection.origin, deque())
                now = time.monotonic()
                # The oldest are taken last, so without this they would stay open after a rush for good.
                while idle and now - idle[0].idle_since >= IDLE_SECONDS:
                    idle.popleft().close()
                if len(idle) < MAX_IDLE:
                    connection.idle_since = now
                    idle.append(connection)
                    return
        if connection is not None:
            connection.close()

    def shutdown(self, response: _Response) -> None:
        """Break the connection of a response; not while another thread returns it to the pool."""
        with self._lock:
            connection = response.connection  # its thread may set this to None meanwhile
            if connection is not None:
                response.aborted = True
                connection.shutdown()

    def close(self) -> None:
        """Close the idle connections. Those in use are closed when their answers end."""
        with self._lock:
            self._closed = True
            self._freed.notify_all()
            idle = [connection for connections in self._idle.values() for connection in connections]
            self._idle.clear()
        for connection in idle:
            connection.close()


class _Response:
    """An answer whose body is read on demand."""

    __slots__ = ("_engine", "_idle", "_parser", "aborted", "connection", "deadline", "headers", "status")

    def __init__(
        self, engine: DirectEngine, connection: Connection, parser: ResponseParser, request: HttpRequest
    ) -> None:
        assert parser.headers is not None
        self._engine = engine
        self._parser = parser
        self._idle = request.timeouts.read
        self.aborted = False
        self.connection: Connection | None = connection
        self.deadline: Deadline | None = request.deadline
        self.status = parser.status
        self.headers: Headers = parser.headers
        if parser.complete:
            self._release(parser.reusable)

    def iter_raw(self) -> Iterator[bytes]:
        """The body as it arrives, still compressed."""
        parser = self._parser
        while True:
            if parser.held:
                yield parser.take()
            elif parser.complete:
                return
            else:
                self._read(self._idle, self.deadline)

    def _read(self, seconds: float | None, deadline: Deadline | None) -> None:
        connection = self.connection
        if connection is None:
            raise TransportFailure("read", CLOSED_RESPONSE)
        try:
            connection.read(self._parser, seconds, deadline)
            if self.aborted:  # what looks like the end of the body is our own doing
                raise TransportFailure("read", CLOSED_RESPONSE)
        except BaseException:  # the network failed, or Ctrl-C
            self.close()
            raise
        if self._parser.complete:
            self._release(self._parser.reusable)

    def _release(self, reusable: bool) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            self._engine.release(connection, reusable)

    def close(self) -> None:
        """Free the connection at once, without waiting for what has not been read."""
        self._release(False)

    def finish(self) -> None:
        """Free the connection, and keep it for the next request if the body ends here."""
        try:
            if self.connection is not None:
                self._read(GRACE, None)
        except TransportFailure:
            pass  # nothing arrived, or the connection broke
        finally:
            self.close()

    def abort(self) -> None:
        """Break the connection from another thread, so that a read that waits ends now."""
        self._engine.shutdown(self)
