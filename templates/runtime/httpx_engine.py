"""The default engine: httpx. This is the only module that imports it.

The client asks httpx for one thing: send these bytes, hand me the answer's. Redirects, cookies, authentication,
decoding and retries stay off, because each of them is decided above, once for every engine. A client that the
caller built is used as it is, with its hooks, mounts, proxies and transports; without one, httpx's own defaults
hold, so that proxy variables and certificate settings of the environment keep their meaning.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import suppress
from functools import lru_cache
from types import FunctionType
from typing import TYPE_CHECKING, Any, cast

import httpx

from .discretion import QUOTES, sending
from .probation import Probation
from .proxies import proxies_are_set
from .transport import FailureKind, Headers, HttpRequest, TransportFailure

if TYPE_CHECKING:
    from .multipart import MultipartBody

__all__ = ["AsyncHttpxEngine", "HttpxEngine"]

_KINDS: tuple[tuple[type[Exception], FailureKind], ...] = (
    (httpx.ConnectTimeout, "connect_timeout"),
    (httpx.PoolTimeout, "pool_timeout"),
    (httpx.ReadTimeout, "read_timeout"),
    (httpx.WriteTimeout, "write_timeout"),
    (httpx.ConnectError, "connect"),
    (httpx.ProxyError, "connect"),
    (httpx.WriteError, "write"),
    (httpx.ReadError, "read"),
    (httpx.CloseError, "read"),
    (httpx.DecodingError, "decode"),
)

_REASONS: dict[FailureKind, str] = {
    "connect_timeout": "no connection within the connect timeout",
    "pool_timeout": "no free connection within the pool timeout",
    "read_timeout": "nothing arrived within the read timeout",
    "write_timeout": "the request could not be sent within the write timeout",
    "disconnected": "the server closed the connection without an answer",
}

_LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=100, keepalive_expiry=30.0)


def _failure_of(error: Exception) -> TransportFailure:
    """Describe an exception of httpx without keeping it: it holds the request, and that holds secrets."""
    kind: FailureKind = "protocol"
    for candidate, name in _KINDS:
        if isinstance(error, candidate):
            kind = name
            break
    text = str(error)
    if isinstance(error, httpx.RemoteProtocolError):
        kind = "disconnected" if "without sending a response" in text else "read"
    text = re.sub(r"^\[Errno -?\d+\]\s*", "", text)
    # What a server sent in place of HTTP is quoted there, and may echo a secret; what was wrong with it stays.
    text = QUOTES.sub("", text)
    reason = _REASONS.get(kind) or text.strip() or type(error).__name__
    return TransportFailure(kind, reason[:300])


# What httpx lets through: its own errors, `InvalidURL`, misuse of streams, and errors of the operating system.
_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError)


def _allow_idle(built: httpx.Request, idle: float | None) -> None:
    """From the headers on, another read timeout holds; httpcore looks it up when the body is first read."""
    timeout: dict[str, float | None] | None = built.extensions.get("timeout")
    if timeout is not None:
        timeout["read"] = idle


def _build(request: HttpRequest, *, asynchronous: bool = False) -> httpx.Request:
    """A request with exactly our headers, Host and the length of the body. The URL, once parsed, is remembered."""
    url = _url(request.url)
    headers = [("Host", url.netloc.decode("ascii")), *request.headers]
    content = request.content
    stream: httpx.ByteStream | _Pieces
    if content is None or isinstance(content, bytes):
        if content is not None or request.method in _WITH_BODY:
            headers.append(("Content-Length", str(len(content or b""))))
        stream = httpx.ByteStream(content or b"")
    else:
        headers.append(("Content-Length", str(len(content))))
        stream = _AsyncPieces(content) if asynchronous else _SyncPieces(content)
    limits = request.timeouts
    timeout = {"connect": limits.connect, "read": limits.read, "write": limits.write, "pool": limits.pool}
    return httpx.Request(request.method, url, headers=headers, stream=stream, extensions={"timeout": timeout})


_url = lru_cache(maxsize=64)(httpx.URL)
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class _SyncPieces(httpx.SyncByteStream):
    def __init__(self, content: MultipartBody) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._content)


class _AsyncPieces(httpx.AsyncByteStream):
    def __init__(self, content: MultipartBody) -> None:
        self._content = content

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._content.__aiter__()


_Pieces = _SyncPieces | _AsyncPieces


def _headers_of(response: httpx.Response) -> Headers:
    return Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)


def _abort(response: httpx.Response, process: int) -> None:
    """Shut the socket down: whoever waits for it wakes up with the end of the stream.

    A forked child leaves it alone: shutting down, unlike closing, would break the parent's connection.
    """
    stream = response.extensions.get("network_stream")
    sock = stream.get_extra_info("socket") if stream is not None and os.getpid() == process else None
    if sock is not None:
        with suppress(OSError, ValueError):  # it is closed already
            # A duplicate, because the sockets that event loops hand out (uvloop's) need not know `shutdown`.
            duplicate = socket.socket(fileno=os.dup(sock.fileno()))
            try:
                duplicate.shutdown(socket.SHUT_RDWR)
            finally:
                duplicate.close()


def _run_at_once(closing: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that has nothing to wait for, step by step, to its end, without an event loop's help."""
    try:
        for _ in range(_MOST_STEPS):
            closing.send(None)
    except (StopIteration, *_ERRORS):
        return
    except (RuntimeError, TypeError, AttributeError):
        pass  # outside of a task, anyio's cancel scopes refuse; the pool drops a shut socket when it sees it
    finally:
        closing.close()


_MOST_STEPS = 256


def _is_as_imported(client: type[httpx.Client | httpx.AsyncClient]) -> bool:
    """Whether no mocking or tracing tool has put something in the place of a client's methods."""
    for name in ("send", "_send_single_request", "_transport_for_url"):
        method = getattr(client, name, None)
        if type(method) is not FunctionType or method.__module__ != client.send.__module__:
            return False
    return client.send.__module__ == "httpx._client"


def _context(url: str) -> ssl.SSLContext | bool:
    """TLS settings for the connections to a server: httpx's own, or none that would take 15 ms to load for plain HTTP."""
    return True if url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class HttpxEngine:
    """Sends requests through an `httpx.Client`, or, where nobody could tell the difference, through its transport.

    Half of what a client does for a request has been decided already (redirects, cookies, authentication, the URL). When the
    client is the engine's own, no proxy is set and no tool has replaced the client's methods, the request goes
    straight to an `httpx.HTTPTransport`, where mocking and tracing tools see it as well.

    Args:
        client: the caller's own client, which the engine then does not close; by default a new one.
        options: passed to `httpx.Client` when a new one is made: `verify`, `cert`, `proxy`, `http2`, `limits`,
            `trust_env`.
    """

    name = "httpx"

    def __init__(self, client: httpx.Client | None = None, **options: Any) -> None:
        self._owned = client is None
        self._client = client
        self._options = options
        self._direct = client is None and not options and not proxies_are_set()
        self._transports: dict[bool, httpx.HTTPTransport] = {}
        self._lock = threading.Lock()
        self._probation = Probation()
        self._closed = False

    def send(self, request: HttpRequest) -> _SyncResponse:
        """Send, and return when the headers of the answer are there."""
        failure: TransportFailure | None = None
        response: httpx.Response | None = None
        discretion = sending.set(True)
        try:
            if pause := self._probation.pause(request):
                time.sleep(pause)
            built = _build(request)
            if self._direct and _is_as_imported(httpx.Client):
                response = self._transport(request.url).handle_request(built)
            else:
                response = self._own_client().send(built, stream=True, auth=None, follow_redirects=False)
            _allow_idle(built, request.idle)
            self._probation.note(response.extensions.get("network_stream"))
        except _ERRORS as error:
            failure = _failure_of(error)
        finally:
            sending.reset(discretion)
        if response is None:
            raise failure or TransportFailure("protocol", "no response")
        return _SyncResponse(response)

    def _transport(self, url: str) -> httpx.HTTPTransport:
        if self._closed:
            raise TransportFailure("protocol", _CLOSED)
        secure = url.startswith("https:")
        transport = self._transports.get(secure)
        if transport is None:
            with self._lock:
                transport = self._transports.get(secure)
                if transport is None:
                    transport = httpx.HTTPTransport(verify=_context(url), limits=_LIMITS)
                    self._transports[secure] = transport
        return transport

    def _own_client(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                options: dict[str, Any] = {"limits": _LIMITS, **self._options}
                self._client = httpx.Client(follow_redirects=False, **options)
            if self._closed or self._client.is_closed:
                raise TransportFailure("protocol", _CLOSED)
            return self._client

    def close(self) -> None:
        """Close the connections, if this engine opened them."""
        self._closed = True
        if self._owned and self._client is not None:
            self._client.close()
        for transport in self._transports.values():
            transport.close()


_CLOSED = "the httpx client that sends the requests has been closed"


class _SyncResponse:
    __slots__ = ("_process", "_response", "headers", "status")

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._process = os.getpid()
        self.status = response.status_code
        self.headers = _headers_of(response)

    def iter_raw(self) -> Iterator[bytes]:
        """The body as it arrives, still compressed."""
        stream = cast("httpx.SyncByteStream", self._response.stream)
        failure: TransportFailure | None = None
        try:
            yield from stream
        except _ERRORS as error:
            failure = _failure_of(error)
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Free the connection."""
        with suppress(*_ERRORS):  # the connection is gone, which is what was asked for
            self._response.close()

    def abort(self) -> None:
        """Break the connection from another thread."""
        _abort(self._response, self._process)


class _Share:
    """A transport with one connection, and how many requests it carries or has waiting.

    httpcore looks at every connection of a pool for every request, so that a pool of hundreds spends its time
    looking. Hundreds of pools of one carry as much in a quarter of the time.
    """

    def __init__(self, verify: ssl.SSLContext | bool, free: deque[_Share]) -> None:
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_LONGEST_IDLE)
        self.transport = httpx.AsyncHTTPTransport(verify=verify, limits=limits)
        self.busy = 0
        self.idle_since = 0.0
        self._free = free

    def leave(self) -> None:
        """One request less; a share without any is the first to be used again."""
        self.busy -= 1
        if not self.busy:
            self.idle_since = time.monotonic()
            self._free.append(self)


_MOST_SHARES = 1000
_LONGEST_IDLE = 30.0


class _Shares:
    """The transports to the servers of one scheme."""

    def __init__(self) -> None:
        self.all: list[_Share] = []
        self.free: deque[_Share] = deque()
        self._context: ssl.SSLContext | bool | None = None

    async def take(self, url: str) -> _Share:
        """A share for one request; when all 1,000 are busy, the one with the fewest, which makes it wait."""
        if self.free and time.monotonic() - self.free[0].idle_since > _LONGEST_IDLE:
            unused = self.free.popleft()
            self.all.remove(unused)
            await unused.transport.aclose()
        if self.free:
            share = self.free.pop()
        elif len(self.all) < _MOST_SHARES:
            if self._context is None:  # read from disk once, for all of them
                context = _context(url)
                self._context = httpx.create_ssl_context() if context is True else context
            share = _Share(self._context, self.free)
            self.all.append(share)
        else:
            share = min(self.all, key=lambda share: share.busy)
        share.busy += 1
        return share


class AsyncHttpxEngine:
    """Sends requests through an `httpx.AsyncClient`, or straight through transports. Arguments as for `HttpxEngine`."""

    name = "httpx"

    def __init__(self, client: httpx.AsyncClient | None = None, **options: Any) -> None:
        self._owned = client is None
        self._client = client
        self._options = options
        self._direct = client is None and not options and not proxies_are_set()
        self._shares = {False: _Shares(), True: _Shares()}
        self._probation = Probation()
        self._closed = False

    async def send(self, request: HttpRequest) -> _AsyncResponse:
        """Send, and return when the headers of the answer are there."""
        failure: TransportFailure | None = None
        response: httpx.Response | None = None
        share: _Share | None = None
        discretion = sending.set(True)
        try:
            if pause := self._probation.pause(request):
                await asyncio.sleep(pause)
            built = _build(request, asynchronous=True)
            if self._direct and _is_as_imported(httpx.AsyncClient):
                if self._closed:
                    raise TransportFailure("protocol", _CLOSED)
                share = await self._shares[request.url.startswith("https:")].take(request.url)
                response = await share.transport.handle_async_request(built)
            else:
                client = self._own_client()
                response = await client.send(built, stream=True, auth=None, follow_redirects=False)
            _allow_idle(built, request.idle)
            self._probation.note(response.extensions.get("network_stream"))
        except _ERRORS as error:
            failure = _failure_of(error)
        finally:
            sending.reset(discretion)
            if response is None and share is not None:
                share.leave()
        if response is None:
            raise failure or TransportFailure("protocol", "no response")
        return _AsyncResponse(response, share)

    def _own_client(self) -> httpx.AsyncClient:
        if self._client is None:
            options: dict[str, Any] = {"limits": _LIMITS, **self._options}
            self._client = httpx.AsyncClient(follow_redirects=False, **options)
        if self._closed or self._client.is_closed:
            raise TransportFailure("protocol", _CLOSED)
        return self._client

    async def close(self) -> None:
        """Close the connections, if this engine opened them."""
        self._closed = True
        if self._owned and self._client is not None:
            await self._client.aclose()
        for share in (*self._shares[False].all, *self._shares[True].all):
            await share.transport.aclose()

    def abandon(self) -> None:
        """Close the connections as far as that goes without awaiting, for a client that was dropped unclosed."""
        self._closed = True
        if self._owned and self._client is not None:
            _run_at_once(self._client.aclose())
        for share in (*self._shares[False].all, *self._shares[True].all):
            _run_at_once(share.transport.aclose())


class _AsyncResponse:
    __slots__ = ("_process", "_response", "_share", "headers", "status")

    def __init__(self, response: httpx.Response, share: _Share | None) -> None:
        self._response = response
        self._share = share
        self._process = os.getpid()
        self.status = response.status_code
        self.headers = _headers_of(response)

    async def iter_raw(self) -> AsyncIterator[bytes]:
        """The body as it arrives, still compressed."""
        stream = cast("httpx.AsyncByteStream", self._response.stream)
        failure: TransportFailure | None = None
        try:
            async for piece in stream:
                yield piece
        except _ERRORS as error:
            failure = _failure_of(error)
        if failure is not None:
            raise failure

    async def close(self) -> None:
        """Free the connection."""
        try:
            with suppress(*_ERRORS):  # the connection is gone, which is what was asked for
                await self._response.aclose()
        finally:
            self._leave_share()

    def _leave_share(self) -> None:
        share, self._share = self._share, None
        if share is not None:
            share.leave()

    def abort(self) -> None:
        """Break the connection from a callback of the event loop."""
        _abort(self._response, self._process)

    def release(self) -> None:
        """Free the connection without awaiting.

        httpx frees it in a coroutine. After the socket is shut down nothing in it waits for the network, so it is
        run here, step by step, to its end. A task would have to outlive whoever dropped the stream, and asyncio
        promises nothing for tasks that nobody holds.
        """
        _abort(self._response, self._process)
        _run_at_once(self._response.aclose())
        self._leave_share()
