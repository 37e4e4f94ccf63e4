"""The direct engine for threads: a pool of blocking sockets, each used by one thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from indoxrouter._runtime.http.interface import (
    GRACE,
    Deadline,
    HttpRequest,
    TransportFailure,
    time_left,
    timed_out,
)

from ..fork_safety import register_for_fork
from .addresses import Origin
from .blocking_connection import BlockingConnection, connect
from .http1 import ResponseParser, request_pieces
from .pool import CLOSED_RESPONSE, ENGINE_CLOSED, KEEPALIVE_CHECK, MAX_CONNECTIONS, Answer, Pool


class DirectEngine(Pool[BlockingConnection]):
    """Sends requests over sockets, for the synchronous client. Safe to use from many threads."""

    def __init__(self) -> None:
        super().__init__()
        self.reset_after_fork()
        register_for_fork(self)

    def reset_after_fork(self) -> None:
        """In a forked child: the thread that held the lock does not exist, and the connections belong to the parent."""
        self.lock = threading.Lock()
        self._freed = threading.Condition(self.lock)
        self._idle = {}
        self._active = 0

    def send(self, request: HttpRequest) -> _Response:
        """Send, and return when the head of the answer has arrived."""
        origin, head = self._encoder.encode(request)
        connection = self._acquire(origin, request)
        timeouts, deadline = request.timeouts, request.deadline
        try:
            if connection is not None and not connection.reused and request.method != "GET":
                connection.reused = True
                if not connection.is_usable(KEEPALIVE_CHECK):
                    connection.close()
                    connection = None
            if connection is None:
                connection = connect(origin, self._tls_of(origin), timeouts.connect, deadline)
            parser = connection.parser = ResponseParser(request.method)
            for piece in request_pieces(head, request.content):
                if not connection.write(piece, timeouts.write, deadline):
                    parser.reusable = False  # the server awaits the rest of the body
                    break
            while parser.headers is None:
                connection.wait("read_timeout", timeouts.read, deadline)
        except BaseException:  # a failure, or Ctrl-C
            self.release(connection, False)
            raise
        return _Response(self, connection, parser, request)

    def _acquire(self, origin: Origin, request: HttpRequest) -> BlockingConnection | None:
        """A place in the pool, and an idle connection if one is usable."""
        with self.lock:
            if self._active >= MAX_CONNECTIONS:
                seconds = request.timeouts.pool
                limit = time_left("pool_timeout", seconds, request.deadline)
                if not self._freed.wait_for(lambda: self._active < MAX_CONNECTIONS or self._closed, limit):
                    raise timed_out("pool_timeout", seconds, request.deadline)
            if self._closed:
                raise TransportFailure("protocol", ENGINE_CLOSED)
            self._active += 1
            return self._take_idle(origin)

    def release(self, connection: BlockingConnection | None, reusable: bool) -> None:
        """Keep a connection for the next request, or close it; either way its place in the pool is free."""
        with self.lock:
            self._active -= 1
            self._freed.notify()
            if reusable and connection is not None and self._keep(connection):
                return
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Close the idle connections. Those in use are closed when their answers end."""
        with self.lock:
            self._closed = True
            self._freed.notify_all()
            self._close_idle()


class _Response(Answer[BlockingConnection]):
    """An answer whose body is read on demand."""

    _engine: DirectEngine

    def iter_raw(self) -> Iterator[bytes]:
        """The body as it arrives, still compressed."""
        parser = self._parser
        while parser.held or not parser.complete:
            if parser.held:
                yield parser.take()
            else:
                self._read(self._seconds, self.deadline)

    def _read(self, seconds: float | None, deadline: Deadline | None) -> None:
        """Wait until there is more of the body, or its end. What has arrived already comes before any failure."""
        connection = self.connection
        if connection is None:
            raise TransportFailure("read", CLOSED_RESPONSE)
        try:
            connection.wait("read_timeout", seconds, deadline)
        except BaseException:  # the network failed, or Ctrl-C
            self.release()
            raise
        self._release_if_complete()

    def close(self) -> None:
        """Free the connection at once, without waiting for what has not been read."""
        self.release()

    def finish(self) -> None:
        """Free the connection, and keep it for the next request if the body ends here."""
        try:
            if not self._parser.complete:
                self._read(GRACE, None)
        except TransportFailure:
            pass  # nothing arrived, or the connection broke
        finally:
            self.release()

    def abort(self) -> None:
        """Break the connection from another thread, so that a read that waits ends now."""
        with self._engine.lock:  # not while its thread returns the connection to the pool
            connection = self.connection  # its thread may set this to None meanwhile
            if connection is not None:
                connection.shutdown()
