"""The default engine: httpx. This is the only module that imports it.

The client asks httpx for one thing: send these bytes, hand me the answer's. Redirects, cookies, authentication,
decoding and retries stay off, because each of them is decided above, once for every engine. A client that the
caller built is used as it is, with its hooks, mounts, proxies and transports; without one, httpx's own defaults
hold, so that proxy variables and certificate settings of the environment keep their meaning.
"""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any, cast

import httpx

from .transport import FailureKind, Headers, HttpRequest, TransportFailure

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
    reason = _REASONS.get(kind) or re.sub(r"^\[Errno -?\d+\]\s*", "", text).strip() or type(error).__name__
    return TransportFailure(kind, reason[:300])


# What httpx lets through: its own errors, `InvalidURL`, misuse of streams, and errors of the operating system.
_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError)


def _allow_idle(built: httpx.Request, idle: float | None) -> None:
    """From the headers on, another read timeout holds; httpcore looks it up when the body is first read."""
    timeout: dict[str, float | None] | None = built.extensions.get("timeout")
    if timeout is not None:
        timeout["read"] = idle


def _build(request: HttpRequest) -> httpx.Request:
    """A request with exactly our headers: httpx adds Host and the length of the body, and nothing else."""
    content: Any = request.content
    headers = list(request.headers)
    if content is not None and not isinstance(content, bytes):
        headers.append(("Content-Length", str(len(content))))
    limits = request.timeouts
    timeout = {"connect": limits.connect, "read": limits.read, "write": limits.write, "pool": limits.pool}
    return httpx.Request(
        request.method, request.url, headers=headers, content=content, extensions={"timeout": timeout}
    )


def _headers_of(response: httpx.Response) -> Headers:
    return Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)


def _abort(response: httpx.Response) -> None:
    """Shut the socket down: whoever waits for it wakes up with the end of the stream."""
    stream = response.extensions.get("network_stream")
    sock = stream.get_extra_info("socket") if stream is not None else None
    if sock is not None:
        with suppress(OSError, ValueError):  # it is closed already
            sock.shutdown(socket.SHUT_RDWR)


class HttpxEngine:
    """Sends requests through an `httpx.Client`.

    Args:
        client: the caller's own client, which the engine then does not close; by default a new one. options: passed
        to `httpx.Client` when a new one is made: `verify`, `cert`, `proxy`, `http2`, `limits`, `trust_env`.
    """

    name = "httpx"

    def __init__(self, client: httpx.Client | None = None, **options: Any) -> None:
        self._owned = client is None
        options.setdefault("limits", _LIMITS)
        self._client = client or httpx.Client(follow_redirects=False, **options)

    def send(self, request: HttpRequest) -> _SyncResponse:
        """Send, and return when the headers of the answer are there."""
        failure: TransportFailure | None = None
        response: httpx.Response | None = None
        try:
            built = _build(request)
            response = self._client.send(built, stream=True, auth=None, follow_redirects=False)
            _allow_idle(built, request.idle)
        except _ERRORS as error:
            failure = _failure_of(error)
        if response is None:
            raise failure or TransportFailure("protocol", "no response")
        return _SyncResponse(response)

    def close(self) -> None:
        """Close the connections, if this engine opened them."""
        if self._owned:
            self._client.close()


class _SyncResponse:
    __slots__ = ("_response", "headers", "status")

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
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
        _abort(self._response)


class AsyncHttpxEngine:
    """Sends requests through an `httpx.AsyncClient`. Takes the same arguments as `HttpxEngine`."""

    name = "httpx"

    def __init__(self, client: httpx.AsyncClient | None = None, **options: Any) -> None:
        self._owned = client is None
        options.setdefault("limits", _LIMITS)
        self._client = client or httpx.AsyncClient(follow_redirects=False, **options)

    async def send(self, request: HttpRequest) -> _AsyncResponse:
        """Send, and return when the headers of the answer are there."""
        failure: TransportFailure | None = None
        response: httpx.Response | None = None
        try:
            built = _build(request)
            response = await self._client.send(built, stream=True, auth=None, follow_redirects=False)
            _allow_idle(built, request.idle)
        except _ERRORS as error:
            failure = _failure_of(error)
        if response is None:
            raise failure or TransportFailure("protocol", "no response")
        return _AsyncResponse(response)

    async def close(self) -> None:
        """Close the connections, if this engine opened them."""
        if self._owned:
            await self._client.aclose()


class _AsyncResponse:
    __slots__ = ("_response", "headers", "status")

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
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
        with suppress(*_ERRORS):  # the connection is gone, which is what was asked for
            await self._response.aclose()

    def abort(self) -> None:
        """Break the connection from a callback of the event loop."""
        _abort(self._response)

    def release(self) -> None:
        """Free the connection without awaiting.

        httpx frees it in a coroutine. After the socket is shut down nothing in it waits for the network, so it is
        run here, step by step, to its end. A task would have to outlive whoever dropped the stream, and asyncio
        promises nothing for tasks that nobody holds.
        """
        _abort(self._response)
        closing = self._response.aclose()
        try:
            for _ in range(_MOST_STEPS):
                closing.send(None)
        except (StopIteration, *_ERRORS):
            return
        except (RuntimeError, TypeError, AttributeError):
            pass  # outside of a task, anyio's cancel scopes refuse; the pool drops a shut socket when it sees it
        finally:
            closing.close()


_MOST_STEPS = 32
