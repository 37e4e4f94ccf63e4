"""The road through httpx: for clients that the caller built, for proxies, and for tools that watch httpx's methods.

A client is asked for one thing: send these bytes, hand me the answer's. Redirects, cookies, authentication, decoding
and retries stay off, because each is decided above, once for every engine. A client that the caller built is used as
it is, with its hooks, mounts, proxies and transports; without one, httpx's own defaults hold, so that proxy variables
and certificate settings of the environment keep their meaning.

Clients of our own are kept by their class, because older tracers put another class in the place of `httpx.Client`.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from functools import lru_cache, partial
from sys import modules
from typing import TYPE_CHECKING, Any

import httpx

from .breaking import CLOSED, HTTPX
from .core_messages import headers_of
from .shares import LONGEST_IDLE, Share, Shares
from .tls import tls_context
from .transport import TransportFailure

if TYPE_CHECKING:
    from .codecs.multipart import MultipartBody
    from .transport import HttpRequest

__all__ = ["AsyncRoad", "SyncRoad"]

_LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=100, keepalive_expiry=LONGEST_IDLE)
_ONE = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=LONGEST_IDLE)


class _Dialect:
    """Requests in the classes of one package: of httpx, or of httpx2, which is the same under other names."""

    def __init__(self, package: Any) -> None:
        self._package = package
        self._url: Any = lru_cache(maxsize=64)(package.URL)
        bases = (package.SyncByteStream, package.AsyncByteStream)
        self._pieces: Any = type("Pieces", bases, {"__init__": _keep, "__iter__": _each, "__aiter__": _each_awaited})

    def built(self, request: HttpRequest, timeouts: dict[str, float | None]) -> Any:
        """A request with exactly our headers, Host and the length of the body."""
        url = self._url(request.url)
        content = request.content if request.content is not None else b""
        whole = isinstance(content, bytes)
        return self._package.Request(
            request.method,
            url,
            headers=headers_of(request, url.netloc),
            stream=self._package.ByteStream(content) if whole else self._pieces(content),
            extensions={"timeout": timeouts},
        )


def _keep(self: Any, content: MultipartBody) -> None:
    self.content = content


def _each(self: Any) -> Iterator[bytes]:
    return iter(self.content)


def _each_awaited(self: Any) -> AsyncIterator[bytes]:
    found: AsyncIterator[bytes] = self.content.__aiter__()
    return found


_HTTPX = _Dialect(httpx)
_dialects = {"httpx": _HTTPX}


def _dialect_of(client: object) -> _Dialect:
    """The dialect of the package that a client's class comes from."""
    for ancestor in type(client).__mro__:
        name = ancestor.__module__.partition(".")[0]
        if name in HTTPX:
            if name not in _dialects:
                _dialects[name] = _Dialect(modules[name])
            return _dialects[name]
    return _HTTPX


class SyncRoad:
    """Sends requests through the caller's `httpx.Client`, or through one of its own."""

    def __init__(self, client: httpx.Client | None, options: dict[str, Any]) -> None:
        self._given = client
        self._dialect = _dialect_of(client)
        self._options = options
        self._clients: dict[type[httpx.Client], httpx.Client] = {}
        self._lock = threading.Lock()

    def send(self, request: HttpRequest, timeouts: dict[str, float | None]) -> httpx.Response:
        """Send, and return when the headers of the answer are there."""
        client = self._one()
        if client.is_closed:
            raise TransportFailure("protocol", CLOSED)
        built = self._dialect.built(request, timeouts)
        return client.send(built, stream=True, auth=None, follow_redirects=False)

    def _one(self) -> httpx.Client:
        if self._given is not None:
            return self._given
        with self._lock:
            client = self._clients.get(httpx.Client)
            if client is None:
                options: dict[str, Any] = {"limits": _LIMITS, **self._options}
                client = self._clients[httpx.Client] = httpx.Client(follow_redirects=False, **options)
            return client

    def close(self) -> None:
        """Close the clients that were made here."""
        for client in self._clients.values():
            client.close()


class AsyncRoad:
    """Sends requests through the caller's `httpx.AsyncClient`, or through some of its own.

    Args:
        client: the caller's own.
        options: of a client that is made here.
        spread: whether each connection gets a client, which is cheaper where hundreds of requests run at once.
    """

    def __init__(self, client: httpx.AsyncClient | None, options: dict[str, Any], *, spread: bool) -> None:
        self._given = client
        self._dialect = _dialect_of(client)
        self._options = options
        self._spread = spread
        self._clients: dict[type[httpx.AsyncClient], httpx.AsyncClient] = {}
        self._shares: dict[tuple[type[httpx.AsyncClient], bool], Shares[httpx.AsyncClient]] = {}

    async def share(self, request: HttpRequest) -> Share[httpx.AsyncClient] | None:
        """The client for one request, where each connection has one."""
        if not self._spread:
            return None
        kind, secure = httpx.AsyncClient, request.url.startswith("https:")
        shares = self._shares.get((kind, secure))
        if shares is None:
            # For plain HTTP, a context that nobody uses: to read certificates takes 15 ms.
            context = tls_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            make = partial(kind, verify=context, limits=_ONE, follow_redirects=False)
            shares = self._shares[kind, secure] = Shares(make)
        return await shares.take()

    async def send(
        self,
        request: HttpRequest,
        timeouts: dict[str, float | None],
        share: Share[httpx.AsyncClient] | None,
    ) -> httpx.Response:
        """Send, and return when the headers of the answer are there."""
        client = self._one() if share is None else share.carrier
        if client.is_closed:
            raise TransportFailure("protocol", CLOSED)
        built = self._dialect.built(request, timeouts)
        return await client.send(built, stream=True, auth=None, follow_redirects=False)

    def _one(self) -> httpx.AsyncClient:
        if self._given is not None:
            return self._given
        client = self._clients.get(httpx.AsyncClient)
        if client is None:
            options: dict[str, Any] = {"limits": _LIMITS, **self._options}
            client = self._clients[httpx.AsyncClient] = httpx.AsyncClient(follow_redirects=False, **options)
        return client

    def clients(self) -> list[httpx.AsyncClient]:
        """Those that were made here, to be closed."""
        spread = [share.carrier for shares in self._shares.values() for share in shares.all]
        return [*self._clients.values(), *spread]
