"""What the engines of threads and of tasks decide alike: which connection is used again, and what an answer frees.

They differ in how they connect, read, write and wait. That is left to `blocking` and `asynchronous`, and to the modules
of their connections.
"""

from __future__ import annotations

import os
import select
import socket
import time
from abc import abstractmethod
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

from indoxrouter._runtime.http.interface import Deadline, HttpRequest, TransportFailure
from indoxrouter._runtime.http.tls import tls_context

from .addresses import Origin, reason_of
from .http1 import RequestEncoder, ResponseParser

if TYPE_CHECKING:
    import ssl

MAX_CONNECTIONS = 1000
"""Requests under way at once; further ones wait for as long as `timeout.pool` allows.

It bounds the idle connections to each server as well, because one is opened only when none is idle.
"""

IDLE_SECONDS = 30.0
"""Seconds after which an idle connection is not used again. Many servers and gateways close at 60."""

KEEPALIVE_CHECK = 0.001
"""Seconds for which a connection is watched before its second request, if that is one that cannot be repeated.

Some servers close after each answer without announcing it. Their FIN arrives a moment after the answer, and a paid call
written into that moment fails for nothing. The check costs a millisecond, once in the life of a connection.
"""

ENGINE_CLOSED = "the engine has been closed"
CLOSED_RESPONSE = "the answer was closed while it was read"


class Connection:
    """One connection to a server.

    Attributes:
        parser: of the response under way; None while the connection is idle.
        failure: why nothing more will arrive, or None while the connection lives.
        reused: whether it has been checked before a second request.
    """

    def __init__(self, sock: socket.socket, origin: Origin) -> None:
        self.origin = origin
        self.parser: ResponseParser | None = None
        self.failure: TransportFailure | None = None
        self.reused = False
        self.idle_since = 0.0
        self._sock = sock
        self._is_readable = _readiness(sock)
        # How many bytes TLS has decrypted, of which the operating system knows nothing.
        self._decrypted: Callable[[], int] | None = getattr(sock, "pending", None)
        self._process = os.getpid()

    @property
    def settled(self) -> bool:
        """Whether the head of the final answer has arrived, or nothing more will."""
        answered = self.parser is not None and self.parser.headers is not None
        return answered or self.failure is not None

    def feed(self, data: bytes) -> None:
        """Bytes have arrived. If nothing was asked for, the connection cannot be trusted any more."""
        if self.parser is None:
            self.close()
        else:
            self.parser.feed(data)
            self.failure = self.failure or self.parser.fault

    def end(self, error: OSError | None = None, *, in_order: bool = True) -> None:
        """Nothing more will arrive. This completes a body that only the end of the connection delimits.

        Args:
            error: what broke the connection; None if the server closed it.
            in_order: see `ResponseParser.end_of_data`.
        """
        parser = self.parser
        if self.failure is None and parser is not None and not parser.complete:
            if error is not None:
                self.failure = TransportFailure("read", reason_of(error))
            else:
                parser.end_of_data(in_order=in_order)
                self.failure = parser.fault
        self.failure = self.failure or TransportFailure("disconnected", "the server closed the connection")
        if parser is None:
            self.close()

    def has_unread(self, seconds: float | None = 0) -> bool:
        """Whether there is something to read, now or within some seconds: bytes, or the end of the connection."""
        try:
            return bool(self._decrypted is not None and self._decrypted()) or self._is_readable(seconds)
        except (OSError, ValueError):  # it is closed, which a read will say
            return True

    def is_usable(self, seconds: float = 0) -> bool:
        """Whether an idle connection can carry another request, and stays so for some seconds."""
        return self.failure is None and not self.has_unread(seconds)

    def shutdown(self) -> None:
        """Break the connection, so that whoever waits for it wakes up to a failure.

        In a forked child this would break the parent's connection.
        """
        self.failure = self.failure or TransportFailure("read", CLOSED_RESPONSE)
        if os.getpid() == self._process:
            with suppress(OSError):  # it is closed already
                # Not the method of a TLS socket, which would take the TLS state away from a thread that reads.
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    @abstractmethod
    def close(self) -> None:
        """Drop the connection now. In a forked child this leaves the parent's connection alone."""


def _readiness(sock: socket.socket) -> Callable[[float | None], bool]:
    """A function that says whether a socket has something to read, now or within some seconds; None waits for ever."""
    if not hasattr(select, "poll"):  # Windows
        return lambda seconds: bool(select.select([sock], [], [], seconds)[0])
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return lambda seconds: bool(poll.poll(None if seconds is None else seconds * 1000))


ConnectionT = TypeVar("ConnectionT", bound=Connection)


class Pool(Generic[ConnectionT]):
    """The idle connections of an engine, by server, and what its requests share."""

    name = "direct"

    def __init__(self) -> None:
        self._encoder = RequestEncoder()
        self._idle: dict[Origin, deque[ConnectionT]] = {}
        self._active = 0
        self._tls: ssl.SSLContext | None = None
        self._closed = False

    def _idle_at(self, origin: Origin) -> deque[ConnectionT]:
        """The idle connections to a server. Those that have been idle for too long are closed first."""
        idle = self._idle.setdefault(origin, deque())
        oldest = time.monotonic() - IDLE_SECONDS
        while idle and idle[0].idle_since <= oldest:
            idle.popleft().close()
        return idle

    def _take_idle(self, origin: Origin) -> ConnectionT | None:
        idle = self._idle_at(origin)
        while idle:
            connection = idle.pop()  # the one that was used last is the likeliest to live
            if connection.is_usable():
                return connection
            connection.close()
        return None

    def _keep(self, connection: ConnectionT) -> bool:
        """Keep a connection for the next request, if it lives."""
        if self._closed or connection.failure is not None:
            return False
        connection.parser = None
        connection.idle_since = time.monotonic()
        self._idle_at(connection.origin).append(connection)
        return True

    def _close_idle(self) -> None:
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    def _tls_of(self, origin: Origin) -> ssl.SSLContext | None:
        if not origin.tls:
            return None
        if self._tls is None:
            self._tls = tls_context()
        return self._tls

    @abstractmethod
    def release(self, connection: ConnectionT | None, reusable: bool) -> None:
        """Keep a connection for the next request, or close it; either way its place in the pool is free."""


class Answer(Generic[ConnectionT]):
    """The head of an answer, and the connection that its body arrives on; `HttpResponse` describes the attributes.

    Attributes:
        connection: None once the answer has freed it.
    """

    def __init__(
        self, engine: Pool[ConnectionT], connection: ConnectionT, parser: ResponseParser, request: HttpRequest
    ) -> None:
        assert parser.headers is not None
        self._engine = engine
        self._parser = parser
        self._seconds = request.timeouts.read
        self.connection: ConnectionT | None = connection
        self.deadline: Deadline | None = request.deadline
        self.status = parser.status
        self.headers = parser.headers
        self._release_if_complete()

    def _release_if_complete(self) -> None:
        if self._parser.complete:
            self.release()

    def release(self) -> None:
        """Free the connection without waiting. It is kept for the next request if the answer has arrived as a whole."""
        connection, self.connection = self.connection, None
        if connection is not None:
            self._engine.release(connection, self._parser.complete and self._parser.reusable)
