"""The direct engine for threads: a pool of blocking sockets, each used by one thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from indoxrouter._runtime.http.interface import (
    GRACE,
    Deadline,
    HttpRequest,
    TransportFailure,
    time_left,
    timed_out,
)

from ..fork_safety import register_for_fork
from .blocking_connection import Connection, connect
from .http1 import ResponseParser, request_pieces
from .pool import CLOSED_RESPONSE, ENGINE_CLOSED, KEEPALIVE_CHECK, MAX_CONNECTIONS, Answer, Pool

if TYPE_CHECKING:
    from .addresses import Origin

__all__ = ["DirectEngine"]


class DirectEngine(Pool[Connection]):
    """Sends requests over sockets, for the synchronous client. Safe to use from many threads."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._freed = threading.Condition(self._lock)
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
                seconds = request.timeouts.connect
                connection = connect(origin, self._tls_of(origin), seconds, request.deadline)
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
            return self._take_idle(origin)

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
        seconds, deadline = request.timeouts.write, request.deadline
        first, rest = request_pieces(head, request.content)
        connection.write(first, seconds, deadline, parser)
        for piece in rest:
            if connection.has_unread():
                connection.read(parser, 0, None)
            if parser.headers is None:
                connection.write(piece, seconds, deadline, parser)
            if parser.headers is not None:
                parser.reusable = False  # the server awaits the rest of the body
                return

    def release(self, connection: Connection | None, reusable: bool) -> None:
        """Keep a connection for the next request, or close it; either way its place in the pool is free."""
        with self._lock:
            self._active -= 1
            self._freed.notify()
            if reusable and connection is not None and self._keep(connection):
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
            idle = self._take_all()
        for connection in idle:
            connection.close()


class _Response(Answer[Connection]):
    """An answer whose body is read on demand."""

    __slots__ = ("aborted",)

    _engine: DirectEngine

    def __init__(
        self, engine: DirectEngine, connection: Connection, parser: ResponseParser, request: HttpRequest
    ) -> None:
        self.aborted = False
        super().__init__(engine, connection, parser, request)

    def iter_raw(self) -> Iterator[bytes]:
        """The body as it arrives, still compressed."""
        parser = self._parser
        while True:
            if parser.held:
                yield parser.take()
            elif parser.complete:
                return
            else:
                self._read(self._seconds, self.deadline)

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
        self._release_if_complete()

    def close(self) -> None:
        """Free the connection at once, without waiting for what has not been read."""
        self.release()

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
