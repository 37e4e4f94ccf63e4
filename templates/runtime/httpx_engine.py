"""The default engine, for threads: httpx, or, where nobody could tell the difference, httpcore below it.

httpcore is httpx's own transport layer: pools, connections, TLS and HTTP/1.1 are the same either way. What httpx puts
on top (redirects, cookies, authentication, event hooks, its own requests and answers) has been decided already when a
request gets here. So requests go past it, unless somebody is there to notice: the caller's own client or options,
proxies in the environment, or a tool that has replaced httpx's methods (see `watch`). Only then is httpx imported.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpcore

from .breaking import CLOSED, errors, failure_of
from .core_messages import MOST_LEFT, OpenAnswer, address_of, core_request, timeouts_of
from .discretion import sending
from .lines import Line, Lines
from .probation import Probation
from .proxies import proxies_are_set
from .tls import tls_context
from .transport import GRACE, HttpRequest, TransportFailure
from .watch import SYNC_HTTPX

if TYPE_CHECKING:
    import httpx

    from .httpx_road import SyncRoad

__all__ = ["HttpxEngine"]


class HttpxEngine:
    """Sends requests through an `httpx.Client`, or straight through httpcore where no client is needed.

    Args:
        client: the caller's own client, which the engine then does not close; by default a new one.
        options: passed to `httpx.Client` when a new one is made: `verify`, `cert`, `proxy`, `http2`, `limits`,
            `trust_env`.
    """

    name = "httpx"

    def __init__(self, client: httpx.Client | None = None, **options: Any) -> None:
        self._client = client
        self._options = options
        self._direct = client is None and not options and not proxies_are_set()
        self._pools: dict[bool, httpcore.ConnectionPool] = {}
        self._road: SyncRoad | None = None
        self._lock = threading.Lock()
        self._probation = Probation()
        self._closed = False

    def send(self, request: HttpRequest) -> _Answer:
        """Send, and return when the headers of the answer are there."""
        failure: TransportFailure | None = None
        answer: _Answer | None = None
        discretion = sending.set(True)
        try:
            if pause := self._probation.pause(request):
                time.sleep(pause)
            if self._closed:
                raise TransportFailure("protocol", CLOSED)
            timeouts = timeouts_of(request)
            if self._direct and SYNC_HTTPX.is_untouched():
                address = address_of(request.url)
                pool = self._pools.get(address.secure) or self._new_pool(address.secure)
                answer = _Answer(pool.handle_request(core_request(request, address, timeouts)))
            else:
                answer = _Answer((self._road or self._new_road()).send(request, timeouts))
            # From the headers on, another limit holds; httpcore looks it up when the body is first read.
            timeouts["read"] = request.idle
            self._probation.note(answer.connection)
        except errors() as error:
            failure = failure_of(error)
        finally:
            sending.reset(discretion)
        if answer is None:
            raise failure or TransportFailure("protocol", "no response")
        return answer

    def _new_pool(self, secure: bool) -> httpcore.ConnectionPool:
        with self._lock:
            pool = self._pools.get(secure)
            if pool is None:
                pool = self._pools[secure] = httpcore.ConnectionPool(
                    ssl_context=tls_context() if secure else None,
                    max_connections=1000,
                    max_keepalive_connections=100,
                    keepalive_expiry=30.0,
                    network_backend=Lines(),
                )
            return pool

    def _new_road(self) -> SyncRoad:
        from .httpx_road import SyncRoad

        with self._lock:
            if self._road is None:
                self._road = SyncRoad(self._client, self._options)
            return self._road

    def close(self) -> None:
        """Close the connections, if this engine opened them."""
        self._closed = True
        if self._road is not None:
            self._road.close()
        for pool in self._pools.values():
            pool.close()


class _Answer(OpenAnswer):
    __slots__ = ()

    def iter_raw(self) -> Iterator[bytes]:
        """The body as it arrives, still compressed."""
        failure: TransportFailure | None = None
        self._pieces = iter(self._stream)
        try:
            yield from self._pieces
        except errors() as error:
            failure = failure_of(error)
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Free the connection."""
        try:
            self._response.close()
        except errors():  # the connection is gone, which is what was asked for
            return

    def finish(self) -> None:
        """Free the connection, and keep it for the next request if the body turns out to end here."""
        line, pieces = self.connection, self._pieces
        try:
            if isinstance(line, Line) and pieces is not None:
                line.hurry = GRACE
                for _ in range(MOST_LEFT):
                    if next(pieces, None) is None:
                        break
        except errors():
            pass  # nothing came, or the connection broke: it is closed
        finally:
            if isinstance(line, Line):
                line.hurry = None
            self.close()
