"""The httpx engine: requests through httpx, by its public interface and nothing else.

A client sends bytes and returns those of the answer. Redirects, authentication, decompression and retries stay off,
because each is decided above, once for every engine. A client that the caller built is used as it is.

httpx hands bytes that follow an answer on a kept connection to the next request. A connection on which such bytes can
be seen (in the socket, or decrypted) is broken here before httpx can use it again. Bytes that its parser has read along
with the end of an answer cannot be seen from outside; docs/reliability.md says so.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import httpx

from .httpx_calls import LeftBehind, failure_of, foreign_errors, in_own_request, within
from .httpx_clients import Clients, refuse_late
from .interface import GRACE, Deadline, Headers, HttpRequest, TransportFailure, body_pieces, timed_out

T = TypeVar("T")


class _Answer:
    """What the blocking and the asynchronous answer share; `HttpResponse` describes the attributes."""

    def __init__(self, engine: Any, client: Any, response: Any, request: HttpRequest) -> None:
        self._engine = engine
        self._client = client
        self._response = response
        self._request = request
        self._process = os.getpid()
        self._open = True
        self._left_behind = False
        self._read: Any = None  # returns the next piece of the body, or None; made with the first
        self._body: bytes | None = None  # decompressed, where a hook or a tool has read it already
        self.deadline: Deadline | None = request.deadline
        self.status: int = response.status_code
        pairs = response.headers.multi_items()
        if response.is_stream_consumed or response.is_closed:
            with suppress(*foreign_errors()):
                self._body = response.content
            if self._body is None:
                raise TransportFailure("read", "a hook of http_client consumed the body of the answer")
            pairs = [pair for pair in pairs if pair[0].lower() not in ("content-encoding", "content-length")]
        self.headers = Headers(pairs)

    def _end(self) -> None:
        """Break the connection of a complete answer if more than the answer has arrived on it."""
        stream = self._stream()
        if stream is not None:
            secure = stream.get_extra_info("ssl_object")
            if (secure is not None and secure.pending()) or stream.get_extra_info("is_readable"):
                self._break()

    def _stream(self) -> Any:
        """The connection, if nothing else uses it: under HTTP/2 other answers do, in a forked child the parent."""
        if self._response.http_version == "HTTP/2" or os.getpid() != self._process:
            return None
        return self._response.extensions.get("network_stream")

    def abort(self) -> None:
        """Break the connection from outside, so that a read that waits ends now."""
        if self._open:
            self._break()

    def _break(self) -> None:
        stream = self._stream()
        sock = None if stream is None else stream.get_extra_info("socket")
        if sock is not None:
            with suppress(OSError, ValueError), socket.socket(fileno=os.dup(sock.fileno())) as duplicate:
                duplicate.shutdown(socket.SHUT_RDWR)


class HttpxEngine:
    """Sends requests through an `httpx.Client`, for the synchronous client.

    Args:
        client: the caller's own, which the engine does not close; by default one is made.
    """

    name = "httpx"

    def __init__(self, client: httpx.Client | None = None) -> None:
        self._clients: Clients[httpx.Client] = Clients(client, lambda: httpx.Client)

    def send(self, request: HttpRequest) -> _SyncAnswer:
        """Send, and return when the head of the answer has arrived."""
        content: Any = request.content
        if content is not None and not isinstance(content, bytes):
            content = (bytes(piece) for piece in body_pieces(content))

        def trace(event: str, info: object) -> None:
            refuse_late(request, event)

        def work() -> _SyncAnswer:
            client = self._clients.of(request.url)
            built = self._clients.build(client, request, content, trace)
            response = client.send(built, stream=True, auth=None, follow_redirects=False)
            return _SyncAnswer(self, client, response, request)

        def discard(answer: _SyncAnswer | None) -> None:
            if answer is not None:
                answer.close()

        try:
            return within(work, request, request.deadline, discard)
        except TransportFailure as failure:
            raise self._clients.explained(failure, request.url) from None

    def close(self) -> None:
        """Close the client, if the engine made it."""
        self._clients.closed = True
        for client in self._clients.own.values():
            client.close()


class _SyncAnswer(_Answer):
    def iter_raw(self) -> Iterator[bytes]:
        """The body as it arrives, still compressed unless a hook has read it."""
        if self._body is not None:
            yield self._body
            return
        while (piece := self._next(self.deadline)) is not None:
            yield piece
        self._end()

    def _next(self, deadline: Deadline | None) -> bytes | None:
        if self._read is None:
            self._read = partial(next, iter(self._response.stream), None)
        try:
            piece: bytes | None = within(self._read, self._request, deadline, lambda _: self._close())
            return piece
        except LeftBehind:
            self._left_behind = True
            raise

    def finish(self) -> None:
        """Free the connection, and keep it for the next request if the body ends here."""
        try:
            grace = Deadline(time.monotonic() + GRACE, "deadline", GRACE)
            if self._body is None and self._stream() is not None and self._next(grace) is None:
                self._end()
        except TransportFailure:
            pass  # nothing arrived, or the connection broke
        finally:
            self.close()

    def close(self) -> None:
        """Free the connection."""
        if self._left_behind:  # a thread still reads from it: it ends now, and closes
            self.abort()
        else:
            self._close()
        self._open = False

    def _close(self) -> None:
        with suppress(*foreign_errors()):  # it is gone, which is what was asked for
            self._response.close()


class AsyncHttpxEngine:
    """Sends requests through an `httpx.AsyncClient`, for the asynchronous client.

    A cancellation inside httpx may leave a place in its pool occupied for good. So a client of our own in which a
    request was interrupted gets no further ones, and is closed when the last of its requests has ended.

    Args:
        client: the caller's own, which the engine does not close; by default one is made.
    """

    name = "httpx"

    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self._clients: Clients[httpx.AsyncClient] = Clients(client, lambda: httpx.AsyncClient)
        self._users: dict[httpx.AsyncClient, int] = {}
        self._retired: set[httpx.AsyncClient] = set()
        self._tasks: set[asyncio.Future[None]] = set()

    async def send(self, request: HttpRequest) -> _AsyncAnswer:
        """Send, and return when the head of the answer has arrived."""
        content: Any = request.content
        if content is not None and not isinstance(content, bytes):
            content = _each(body_pieces(content))

        async def trace(event: str, info: object) -> None:
            refuse_late(request, event)

        async def work() -> httpx.Response:
            built = self._clients.build(client, request, content, trace)
            return await client.send(built, stream=True, auth=None, follow_redirects=False)

        client = self._clients.of(request.url)
        self._users[client] = self._users.get(client, 0) + 1
        answer: _AsyncAnswer | None = None
        try:
            response = await self.within(work(), client, request, request.deadline)
            answer = _AsyncAnswer(self, client, response, request)
            return answer
        except TransportFailure as failure:
            raise self._clients.explained(failure, request.url) from None
        finally:
            if answer is None:
                self.release(client)

    async def within(
        self,
        work: Coroutine[Any, Any, T],
        client: httpx.AsyncClient,
        request: HttpRequest,
        deadline: Deadline | None,
    ) -> T:
        """Let httpx do something, until the deadline; its exceptions become `TransportFailure`."""
        failure: TransportFailure
        outer = in_own_request.set(True)
        task: asyncio.Future[T] | None = None
        try:
            if deadline is None:
                return await work
            task = asyncio.ensure_future(work)
            await asyncio.wait({task}, timeout=max(0.0, deadline.left()))
            if task.done():
                return task.result()
            failure = timed_out("read_timeout", request.timeouts.read, deadline)
            self._interrupt(task, client)
        except foreign_errors() as error:
            failure = failure_of(error, request)
        except asyncio.CancelledError:
            self._interrupt(task, client)
            raise
        finally:
            in_own_request.reset(outer)
        raise failure

    def _interrupt(self, task: asyncio.Future[Any] | None, client: httpx.AsyncClient) -> None:
        if task is not None:
            # It may have an answer, now or in spite of the cancellation.
            task.add_done_callback(self._discard)
            task.cancel()
        if self._clients.remove(client):
            self._retired.add(client)

    def _discard(self, task: asyncio.Future[Any]) -> None:
        closing = None if task.cancelled() or task.exception() else getattr(task.result(), "aclose", None)
        if closing is not None:
            self.later(closing())

    def release(self, client: httpx.AsyncClient) -> None:
        """One request of a client has ended."""
        self._users[client] -= 1
        if not self._users[client]:
            del self._users[client]
            if client in self._retired:
                self._retired.remove(client)
                self.later(client.aclose())

    def later(self, work: Coroutine[Any, Any, None]) -> asyncio.Future[None]:
        """Close something on the event loop, where nothing can be awaited, or a cancellation must not interrupt it."""
        task = asyncio.ensure_future(_quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Close the clients that the engine made."""
        self.abandon()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def abandon(self) -> None:
        """Close them without awaiting."""
        self._clients.closed = True
        for client in [*self._clients.own.values(), *self._retired]:
            self.later(client.aclose())
        self._clients.own.clear()
        self._retired.clear()


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    with suppress(*foreign_errors()):  # it is gone, which is what was asked for
        await work


async def _each(pieces: Iterator[bytes | memoryview]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield bytes(piece)


class _AsyncAnswer(_Answer):
    async def iter_raw(self) -> AsyncIterator[bytes]:
        """The body as it arrives, still compressed unless a hook has read it."""
        if self._body is not None:
            yield self._body
            return
        within, client, request = self._engine.within, self._client, self._request
        while (piece := await within(self._next(), client, request, self.deadline)) is not None:
            yield piece
        self._end()

    async def _next(self) -> bytes | None:
        if self._read is None:
            self._read = partial(anext, aiter(self._response.stream), None)
        piece: bytes | None = await self._read()
        return piece

    async def close(self) -> None:
        """Free the connection."""
        await self._free(self._response.aclose)

    async def finish(self) -> None:
        """Free the connection, and keep it for the next request if the body ends here."""
        await self._free(self._response.aclose if self._body or self._stream() is None else self._read_end)

    async def _free(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if self._open:
            self._open = False
            closing = self._engine.later(work())
            self._engine.release(self._client)
            await asyncio.shield(closing)

    async def _read_end(self) -> None:
        try:
            ending = asyncio.ensure_future(self._next())
            await asyncio.wait({ending}, timeout=GRACE)
            if not ending.done():
                self._break()  # which ends the read; a cancellation might occupy a place in httpx's pool for good
            if await ending is None:
                self._end()
        finally:
            await self._response.aclose()

    def release(self) -> None:
        """Free the connection without awaiting."""
        if self._open:
            self._break()
            self._open = False
            with suppress(RuntimeError):  # the event loop has ended
                self._engine.later(self._response.aclose())
            self._engine.release(self._client)
