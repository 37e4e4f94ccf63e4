"""The default engine: httpx. This is the only module that imports it.

The client asks httpx for one thing: send these bytes, hand me the answer's. Redirects, cookies, authentication,
decoding and retries stay off, because each of them is decided above, once for every engine. A client that the
caller built is used as it is, with its hooks, mounts, proxies and transports; without one, httpx's own defaults
hold, so that proxy variables and certificate settings of the environment keep their meaning.
"""

from __future__ import annotations

import logging
import os
import re
import socket
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

import httpx

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


_QUOTES = re.compile(r"[:\s(]*(bytearray\(|b['\"]).*", re.DOTALL)


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
    text = _QUOTES.sub("", text)
    reason = _REASONS.get(kind) or text.strip() or type(error).__name__
    return TransportFailure(kind, reason[:300])


# What httpx lets through: its own errors, `InvalidURL`, misuse of streams, and errors of the operating system.
_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError)


_sending: ContextVar[bool] = ContextVar("indoxrouter_sending", default=False)


class _Discreet(logging.Filter):
    """Takes the headers out of the debug lines that are written below httpx while one of our requests is sent.

    httpcore writes all headers of an answer at DEBUG, a cookie with a token among them, and quotes the bytes that it
    could not read. Other users of httpcore in the same program keep their lines, but for such quotes.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if _sending.get():
            what = record.getMessage().partition(" ")[0]
            record.msg, record.args = f"{what} (without headers, which may hold secrets)", ()
        elif "exception=" in str(record.msg):
            record.msg, record.args = _QUOTES.sub("", record.getMessage()), ()
        return True


for _name in ("httpcore.http11", "httpcore.http2", "hpack.hpack", "hpack.table"):
    logging.getLogger(_name).addFilter(_Discreet())


def _allow_idle(built: httpx.Request, idle: float | None) -> None:
    """From the headers on, another read timeout holds; httpcore looks it up when the body is first read."""
    timeout: dict[str, float | None] | None = built.extensions.get("timeout")
    if timeout is not None:
        timeout["read"] = idle


def _build(request: HttpRequest, *, asynchronous: bool = False) -> httpx.Request:
    """A request with exactly our headers: httpx adds Host and the length of the body, and nothing else."""
    content: Any = request.content
    headers = list(request.headers)
    if content is not None and not isinstance(content, bytes):
        headers.append(("Content-Length", str(len(content))))
        content = _AsyncContent(content) if asynchronous else content
    limits = request.timeouts
    timeout = {"connect": limits.connect, "read": limits.read, "write": limits.write, "pool": limits.pool}
    return httpx.Request(
        request.method, request.url, headers=headers, content=content, extensions={"timeout": timeout}
    )


class _AsyncContent:
    """The asynchronous face of a body that can be iterated both ways: httpx would take the other one."""

    def __init__(self, content: MultipartBody) -> None:
        self._content = content

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._content.__aiter__()


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


def _check_open(client: httpx.Client | httpx.AsyncClient) -> None:
    if client.is_closed:
        raise TransportFailure("protocol", "the httpx client that sends the requests has been closed")


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
        _check_open(self._client)
        failure: TransportFailure | None = None
        response: httpx.Response | None = None
        discretion = _sending.set(True)
        try:
            built = _build(request)
            response = self._client.send(built, stream=True, auth=None, follow_redirects=False)
            _allow_idle(built, request.idle)
        except _ERRORS as error:
            failure = _failure_of(error)
        finally:
            _sending.reset(discretion)
        if response is None:
            raise failure or TransportFailure("protocol", "no response")
        return _SyncResponse(response)

    def close(self) -> None:
        """Close the connections, if this engine opened them."""
        if self._owned:
            self._client.close()


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


class AsyncHttpxEngine:
    """Sends requests through an `httpx.AsyncClient`. Takes the same arguments as `HttpxEngine`."""

    name = "httpx"

    def __init__(self, client: httpx.AsyncClient | None = None, **options: Any) -> None:
        self._owned = client is None
        options.setdefault("limits", _LIMITS)
        self._client = client or httpx.AsyncClient(follow_redirects=False, **options)

    async def send(self, request: HttpRequest) -> _AsyncResponse:
        """Send, and return when the headers of the answer are there."""
        _check_open(self._client)
        failure: TransportFailure | None = None
        response: httpx.Response | None = None
        discretion = _sending.set(True)
        try:
            built = _build(request, asynchronous=True)
            response = await self._client.send(built, stream=True, auth=None, follow_redirects=False)
            _allow_idle(built, request.idle)
        except _ERRORS as error:
            failure = _failure_of(error)
        finally:
            _sending.reset(discretion)
        if response is None:
            raise failure or TransportFailure("protocol", "no response")
        return _AsyncResponse(response)

    async def close(self) -> None:
        """Close the connections, if this engine opened them."""
        if self._owned:
            await self._client.aclose()

    def abandon(self) -> None:
        """Close the connections as far as that goes without awaiting, for a client that was dropped unclosed."""
        if self._owned:
            _run_at_once(self._client.aclose())


class _AsyncResponse:
    __slots__ = ("_process", "_response", "headers", "status")

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
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
        with suppress(*_ERRORS):  # the connection is gone, which is what was asked for
            await self._response.aclose()

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
