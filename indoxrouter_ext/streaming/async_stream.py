"""Streams for asyncio: what `streams` does for threads.

In a module of its own, because a program without an event loop should not import asyncio for its first stream.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, TypeVar

from indoxrouter._runtime.http.interface import TransportFailure

from .stream import StreamBase, end_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from indoxrouter._runtime.http.interface import AsyncHttpResponse

    from .chunk import StreamChunk
    from .state import StreamState

__all__ = ["AsyncStream"]

ResponseT = TypeVar("ResponseT")


class AsyncStream(StreamBase[ResponseT]):
    """The asynchronous form of `Stream`: iterate with `async for`. Raises as `Stream` does."""

    def __init__(
        self,
        state: StreamState,
        response: AsyncHttpResponse,
        stop: Callable[[str], Awaitable[Any]],
    ) -> None:
        self._state = state
        self._http: AsyncHttpResponse | None = response
        self._pieces = response.iter_raw()
        self._stop = stop

    def __aiter__(self) -> AsyncIterator[StreamChunk]:
        return _Loop(self)

    async def __anext__(self) -> StreamChunk:
        chunks = self._state.chunks
        if not chunks and not await self._advance():
            raise StopAsyncIteration
        return chunks.popleft()

    async def _advance(self) -> bool:
        """Read until there is a chunk, an error or the end. False at the end."""
        state = self._state
        while not state.chunks:
            if state.waiting:
                state.take_some()
                continue
            if state.failed:
                await self.close()
                self._raise()
            if state.finished:
                await self._finish()
                return False
            if self._http is None:
                return False
            try:
                await self._read(self._http)
            except BaseException:  # cancelled: nobody will read the rest
                self._abandon()
                raise
        return True

    async def _read(self, response: AsyncHttpResponse) -> None:
        state = self._state
        if state.limited:
            response.deadline = state.read_deadline()
        piece: bytes | None = None
        failure: TransportFailure | None = None
        try:
            piece = await anext(self._pieces, None)
        except TransportFailure as error:
            failure = error
        if piece is not None:
            state.feed(piece)
        elif self._http is None:
            return  # closed by another task while this one was reading
        elif failure is not None:
            state.broken(failure)
        else:
            state.end_of_stream()

    @property
    def text_stream(self) -> AsyncIterator[str]:
        """The pieces of text alone."""
        return _Texts(self)

    async def until_done(self) -> ResponseT:
        """Read to the end and return the full response, with usage if the server sent it.

        Raises:
            StreamTruncatedError: also when the stream was closed before its end.
        """
        async for _ in self:
            pass
        if not self._state.finished:
            raise self._not_finished()
        return self.response

    async def stop(self) -> Any:
        """Ask the server to stop generating, and close the stream; returns the server's answer."""
        stream_id = self.stream_id
        try:
            return await self._stop(stream_id) if stream_id is not None else None
        finally:
            await self.close()

    async def close(self) -> None:
        """Free the connection. Chunks that have arrived can still be read with `anext`."""
        response, self._http = self._http, None
        if response is not None:
            await response.close()

    async def _finish(self) -> None:
        """Free the connection after the last event, so that it serves the next call if the body ends here."""
        response, self._http = self._http, None
        if response is not None:
            await end_of(response)()

    def _abandon(self) -> None:
        """Free the connection without awaiting anything, for the places where nothing can be awaited."""
        response, self._http = self._http, None
        if response is not None:
            response.release()

    async def __aenter__(self) -> AsyncStream[ResponseT]:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __del__(self) -> None:
        if getattr(self, "_http", None) is not None:
            self._abandon()


class _Loop:
    """One `async for` over a stream. When the loop is left, in whatever way, this object goes and frees the connection.

    An asynchronous generator could not do this: its `finally` runs when the event loop gets round to it.
    """

    __slots__ = ("_stream",)

    def __init__(self, stream: AsyncStream[Any]) -> None:
        self._stream = stream

    def __aiter__(self) -> _Loop:
        return self

    async def __anext__(self) -> StreamChunk:
        return await self._stream.__anext__()

    def __del__(self) -> None:
        self._stream._abandon()  # pyright: ignore[reportPrivateUsage]  # a part of the stream


class _Texts:
    """One `async for` over the text of a stream; see `_Loop`."""

    __slots__ = ("_loop",)

    def __init__(self, stream: AsyncStream[Any]) -> None:
        self._loop = _Loop(stream)

    def __aiter__(self) -> _Texts:
        return self

    async def __anext__(self) -> str:
        while True:
            text = (await self._loop.__anext__()).text
            if text:
                return text
