"""The streams of a blocking client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

from indoxrouter._runtime.http.interface import TransportFailure

from .accumulator import StreamEnd
from .base import AssembledAnswer, ResponseT_co, StreamBase, TypedEvents, finisher_of
from .chunk import StreamChunk

if TYPE_CHECKING:
    from types import TracebackType

    from indoxrouter._runtime.http.interface import HttpResponse
    from indoxrouter.models import StopStreamResponse
    from typing_extensions import Self

EventT_co = TypeVar("EventT_co", covariant=True)


class BlockingStream(StreamBase, Generic[EventT_co]):
    """The part of the streams of a blocking client that reads."""

    _http: HttpResponse | None

    def __iter__(self) -> Iterator[EventT_co]:
        # A generator: leaving the loop ends it and releases the connection, even if the stream is still referenced.
        self._begin_loop()
        try:
            chunks = self._state.chunks
            while True:
                while chunks:
                    yield chunks.popleft()
                if not self._advance():
                    return
        finally:
            self._end_loop()
            self.close()

    def __next__(self) -> EventT_co:
        chunks = self._state.chunks
        while not chunks:
            if not self._advance():
                raise StopIteration
        return chunks.popleft()  # type: ignore[no-any-return]  # made by the state of this kind of stream

    def _advance(self) -> bool:
        """Read until there is a chunk. Returns False at the end; raises the error that ended the stream."""
        state = self._state
        while not state.chunks:
            if state.pending:
                state.decode_next()
                continue
            if state.end is StreamEnd.FAILED:
                self.close()
                self._raise()
            if state.end is StreamEnd.COMPLETE:
                self._finish()
                return False
            if self._http is None:
                return False
            self._begin_reading(self._http)
            try:
                self._read()
            except BaseException:  # Ctrl-C: bytes may be lost, so the stream cannot be continued
                self.close()
                raise
        return True

    def _read(self) -> None:
        piece: bytes | None = None
        failure: TransportFailure | None = None
        self._reading = True
        try:
            piece = next(self._pieces, None)
        except TransportFailure as error:
            failure = error
        finally:
            self._reading = False
        self._take(piece, failure)

    def stop(self) -> StopStreamResponse | None:
        """Ask the server to stop generating, and close the stream.

        Returns:
            The server's answer, or None if the stream had no id yet and could only be closed.
        """
        stream_id = self.stream_id
        try:
            # Sent while the connection is open: a server that notices the disconnect first has nothing left to stop.
            answer: StopStreamResponse | None = self._stop(stream_id) if stream_id is not None else None
            return answer
        finally:
            self.close()

    def close(self) -> None:
        """Release the connection. Chunks that have been received can still be read with `next`.

        Any thread may call it. A thread that waits for the next chunk sees the end of the stream.
        """
        response = self._detach()
        if response is not None:
            if self._reading:
                response.abort()  # closing a socket does not wake a thread that reads from it
            response.close()

    def _finish(self) -> None:
        """Release the connection after the last event, for the next call if the body ends here."""
        response = self._detach()
        if response is not None:
            finisher_of(response)()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    if not TYPE_CHECKING:  # type checkers report `async with` themselves

        @property
        def __aenter__(self) -> None:  # alone it makes no context manager for `isinstance`
            raise AttributeError(f"{type(self).__name__}: use `with`, or AsyncClient with `async with`")

    def __del__(self) -> None:
        if getattr(self, "_http", None) is not None:
            self.close()


class Stream(AssembledAnswer[ResponseT_co], BlockingStream[StreamChunk]):
    """The events of an answer as they are received. Iterate over it; each item is a `StreamChunk`.

    Iterating raises, after all received chunks have been yielded:
        StreamTruncatedError: the connection failed, or the stream ended early.
        RequestTimeoutError: no event was received in time.
        IndoxRouterError: the error that the server reported inside the stream.
    `partial` of each of them holds the response so far.

    Each chunk can be read once. A second loop, a loop after `close()`, and a second reader at the same time raise
    `RequestError`.
    """

    @property
    def text_stream(self) -> Iterator[str]:
        """The text of the chunks that have any. Raises as iterating over the stream does."""
        return (chunk.text for chunk in self if chunk.text)

    def until_done(self) -> ResponseT_co:
        """Read to the end and return the full response, with usage if the server sent it.

        Raises:
            StreamTruncatedError: also if the stream was closed before its end.
            IndoxRouterError: as iterating over the stream does.
        """
        if not self._left:
            for _ in self:
                pass
        if self._state.end is not StreamEnd.COMPLETE:
            raise self._closed_early()
        return self.response


class EventStream(TypedEvents, BlockingStream[EventT_co]):
    """The events of an operation as the spec types them. Iterate over it; each item is a model, or another JSON value.

    It ends, fails and is closed like a `Stream`. `partial` of its errors has the text, the usage and the last thousand
    of the events that were received; None before the first.
    """
