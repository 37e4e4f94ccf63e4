"""The streams of an asynchronous client.

They have a module of its own, so that a program without an event loop does not import asyncio for its first stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from indoxrouter._runtime.http.interface import TransportFailure
from indoxrouter.errors import RequestError

from .accumulator import StreamEnd
from .base import AssembledAnswer, ResponseT_co, StreamBase, TypedEvents, finisher_of
from .chunk import StreamChunk

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from indoxrouter._runtime.http.interface import AsyncHttpResponse
    from indoxrouter.models import StopStreamResponse
    from typing_extensions import Self

    from .state import StreamState

EventT_co = TypeVar("EventT_co", covariant=True)


class AsynchronousStream(StreamBase, Generic[EventT_co]):
    """The part of the streams of an asynchronous client that reads."""

    _http: AsyncHttpResponse | None

    def __init__(self, state: StreamState, stop: Callable[[str], Any]) -> None:
        super().__init__(state, stop)
        self._event_loop = asyncio.get_running_loop()

    def _begin_loop(self) -> None:
        if asyncio.get_running_loop() is not self._event_loop:
            raise RequestError(f"This {type(self).__name__} belongs to the event loop that opened it")
        super()._begin_loop()

    def __aiter__(self) -> AsyncIterator[EventT_co]:
        return _Loop(self)

    async def __anext__(self) -> EventT_co:
        chunks = self._state.chunks
        if not chunks and not await self._advance():
            raise StopAsyncIteration
        return chunks.popleft()  # type: ignore[no-any-return]  # made by the state of this kind of stream

    async def _advance(self) -> bool:
        """Read until there is a chunk. Returns False at the end; raises the error that ended the stream."""
        state = self._state
        while not state.chunks:
            if state.pending:
                state.decode_next()
                continue
            if state.end is StreamEnd.FAILED:
                await self.close()
                self._raise()
            if state.end is StreamEnd.COMPLETE:
                await self._finish()
                return False
            if self._http is None:
                return False
            self._begin_reading(self._http)
            try:
                await self._read()
            except BaseException:  # cancelled: bytes may be lost, so the stream cannot be continued
                self._abandon()
                raise
        return True

    async def _read(self) -> None:
        piece: bytes | None = None
        failure: TransportFailure | None = None
        self._reading = True
        try:
            piece = await anext(self._pieces, None)
        except TransportFailure as error:
            failure = error
        finally:
            self._reading = False
        self._take(piece, failure)

    async def stop(self) -> StopStreamResponse | None:
        """Ask the server to stop generating, and close the stream; see `Stream.stop`."""
        stream_id = self.stream_id
        try:
            answer: StopStreamResponse | None = await self._stop(stream_id) if stream_id is not None else None
            return answer
        finally:
            await self.close()

    async def close(self) -> None:
        """Release the connection. Chunks that have been received can still be read with `anext`."""
        response = self._detach()
        if response is not None:
            await response.close()

    async def aclose(self) -> None:
        """The same as `close`, under the name that `contextlib.aclosing` calls."""
        await self.close()

    async def _finish(self) -> None:
        """Release the connection after the last event, for the next call if the body ends here."""
        response = self._detach()
        if response is not None:
            await finisher_of(response)()

    def _abandon(self) -> None:
        """Release the connection where nothing can be awaited."""
        response = self._detach()
        if response is not None:
            response.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    if not TYPE_CHECKING:  # type checkers report `with` themselves

        @property
        def __enter__(self) -> None:  # alone it makes no context manager for `isinstance`
            raise AttributeError(f"{type(self).__name__}: use `async with`, or Client with `with`")

    def __del__(self) -> None:
        if getattr(self, "_http", None) is not None:
            self._abandon()


class AsyncStream(AssembledAnswer[ResponseT_co], AsynchronousStream[StreamChunk]):
    """The asynchronous form of `Stream`: iterate with `async for`. Raises as `Stream` does."""

    @property
    def text_stream(self) -> AsyncTextStream:
        """The text of the chunks that have any. Raises as iterating over the stream does."""
        return AsyncTextStream(self)

    async def until_done(self) -> ResponseT_co:
        """Read to the end and return the full response, with usage if the server sent it.

        Raises:
            StreamTruncatedError: also if the stream was closed before its end.
            IndoxRouterError: as iterating over the stream does.
        """
        if not self._left:
            async for _ in self:
                pass
        if self._state.end is not StreamEnd.COMPLETE:
            raise self._closed_early()
        return self.response


class AsyncEventStream(TypedEvents, AsynchronousStream[EventT_co]):
    """The asynchronous form of `EventStream`: iterate with `async for`. Raises as `EventStream` does."""


class _Loop(AsyncIterator[EventT_co]):
    """One `async for` over a stream. When the loop is left, this object is collected and releases the connection.

    An asynchronous generator would do so later: its `finally` waits for the event loop.
    """

    __slots__ = ("_begun", "_stream")

    def __init__(self, stream: AsynchronousStream[EventT_co]) -> None:
        self._stream = stream
        self._begun = False

    async def __anext__(self) -> EventT_co:
        if not self._begun:
            self._stream._begin_loop()  # pyright: ignore[reportPrivateUsage]  # a part of the stream
            self._begun = True
        return await self._stream.__anext__()

    async def aclose(self) -> None:
        """Close the stream."""
        await self._stream.close()

    def __del__(self) -> None:
        if self._begun:
            self._stream._end_loop()  # pyright: ignore[reportPrivateUsage]  # a part of the stream
            self._stream._abandon()  # pyright: ignore[reportPrivateUsage]  # likewise


class AsyncTextStream(AsyncIterator[str]):
    """The text of an asynchronous stream, for one `async for`. Raises as iterating over the stream does."""

    __slots__ = ("_loop",)

    def __init__(self, stream: AsyncStream[Any]) -> None:
        self._loop: _Loop[StreamChunk] = _Loop(stream)

    async def aclose(self) -> None:
        """Close the stream."""
        await self._loop.aclose()

    async def __anext__(self) -> str:
        while True:
            text = (await self._loop.__anext__()).text
            if text:
                return text
