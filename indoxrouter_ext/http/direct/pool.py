"""What the engines of threads and of tasks decide alike: which connection is used again, and what an answer frees.

They differ in how they wait, which is left to `blocking` and `asynchronous`.
"""

from __future__ import annotations

import select
import time
from abc import abstractmethod
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from indoxrouter._runtime.http.tls import tls_context

from .http1 import RequestEncoder, ResponseParser

if TYPE_CHECKING:
    import ssl

    from indoxrouter._runtime.http.interface import Deadline, Headers, HttpRequest

    from .addresses import Origin

__all__ = [
    "CLOSED_RESPONSE",
    "ENGINE_CLOSED",
    "IDLE_SECONDS",
    "KEEPALIVE_CHECK",
    "MAX_CONNECTIONS",
    "Answer",
    "Pool",
    "readiness",
]

MAX_CONNECTIONS = 1000
"""Requests under way at once; further ones wait for as long as `timeout.pool` allows."""

MAX_IDLE = 1000
"""Idle connections that are kept for each server."""

IDLE_SECONDS = 30.0
"""Seconds after which an idle connection is not used again. Many servers and gateways close at 60."""

KEEPALIVE_CHECK = 0.001
"""Seconds for which a connection is watched before its second request, if that is one that cannot be repeated.

Some servers close after each answer without announcing it. Their FIN arrives a moment after the answer, and a paid call
written into that moment fails for nothing. The check costs a millisecond, once in the life of a connection.
"""

ENGINE_CLOSED = "the engine has been closed"
CLOSED_RESPONSE = "the answer was closed while it was read"


class _Connection(Protocol):
    origin: Origin
    idle_since: float

    def is_usable(self) -> bool: ...

    def close(self) -> None: ...


ConnectionT = TypeVar("ConnectionT", bound=_Connection)


class Pool(Generic[ConnectionT]):
    """The idle connections of an engine, by server, and what its requests share."""

    name = "direct"

    def __init__(self) -> None:
        self._encoder = RequestEncoder()
        self._idle: dict[Origin, deque[ConnectionT]] = {}
        self._active = 0
        self._tls: ssl.SSLContext | None = None
        self._closed = False

    def _take_idle(self, origin: Origin) -> ConnectionT | None:
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()  # the one that was used last is the likeliest to live
            if time.monotonic() - connection.idle_since < IDLE_SECONDS and connection.is_usable():
                return connection
            connection.close()
        return None

    def _keep(self, connection: ConnectionT) -> bool:
        """Keep a connection for the next request, if there is room for it."""
        if self._closed:
            return False
        idle = self._idle.setdefault(connection.origin, deque())
        now = time.monotonic()
        # The oldest are taken last, so without this they would stay open after a rush for good.
        while idle and now - idle[0].idle_since >= IDLE_SECONDS:
            idle.popleft().close()
        if len(idle) >= MAX_IDLE:
            return False
        connection.idle_since = now
        idle.append(connection)
        return True

    def _take_all(self) -> list[ConnectionT]:
        idle = [connection for connections in self._idle.values() for connection in connections]
        self._idle.clear()
        return idle

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

    __slots__ = ("_engine", "_parser", "_seconds", "connection", "deadline", "headers", "status")

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
        self.headers: Headers = parser.headers
        self._release_if_complete()

    def _release_if_complete(self) -> None:
        if self._parser.complete:
            self.release(self._parser.reusable)

    def release(self, reusable: bool = False) -> None:
        """Free the connection without waiting."""
        connection, self.connection = self.connection, None
        if connection is not None:
            self._engine.release(connection, reusable)


def readiness(sock: Any) -> Callable[[float], bool]:
    """A function that says whether a socket has something to read, now or within some seconds."""
    if not hasattr(select, "poll"):  # Windows
        return lambda seconds: bool(select.select([sock], [], [], seconds)[0])
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLIN)
    return lambda seconds: bool(poll.poll(seconds * 1000))
