"""The stream of a blocking client, and what both kinds of stream share.

A stream releases its connection when it is exhausted, when a loop over it is left by `break`, an exception or
cancellation, when it is closed, and when it is garbage-collected. To read the first chunks and continue later, call
`next(stream)` (or `await anext(stream)`), which leaves the stream open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from indoxrouter._runtime.http.interface import TransportFailure
from indoxrouter.errors import RequestError, StreamTruncatedError

from ..responses.raw_response import call_log
from .accumulator import StreamEnd
from .chunk import StreamChunk
from .result import stream_result
from .state import StreamState

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from indoxrouter._runtime.http.interface import HttpResponse
    from indoxrouter._runtime.operations.operation import Call
    from indoxrouter.models import StopStreamResponse
    from typing_extensions import Self

    from ..calls.history import CallInfo, HttpAnswer
    from ..settings.values import Settings

__all__ = ["Stream", "StreamBase", "finisher_of"]

ResponseT = TypeVar("ResponseT")


class StreamBase(Generic[ResponseT]):
    """The part of both kinds of stream that does not wait."""

    _state: StreamState
    _http: Any  # the open HTTP response or None; subclasses declare its type

    def __init__(self, state: StreamState, response: Any, stop: Callable[[str], Any]) -> None:
        self._state = state
        self._http = response
        self._pieces = response.iter_raw()
        self._stop = stop
        self._looping = False
        self._left = False  # a loop has ended, or the stream was closed
        self._reading = False

    @classmethod
    def of_answer(
        cls,
        call: Call[Any],
        answer: HttpAnswer,
        settings: Settings,
        secrets: list[str],
        clock: Callable[[], float],
        bind: Callable[[Any], Any],
        stop: Callable[[str], Any],
    ) -> Self:
        """The stream of an open answer.

        Args:
            call, answer, settings, secrets, clock: see `StreamState`.
            bind: gives a response its client.
            stop: asks the server to stop the stream with an id.
        """
        log = call_log.get()
        if log is not None:
            log.append(answer.info())
        state = StreamState(
            call, answer, settings, secrets, clock, lambda total: bind(stream_result(call, total, answer))
        )
        return cls(state, answer.stream, stop)

    def __repr__(self) -> str:
        count = self._state.total.count
        return (
            f"<{type(self).__name__} {self.stream_id or 'without id'}: {count} events, {self._shown_state()}>"
        )

    if not TYPE_CHECKING:  # hidden from type checkers, so that they report wrong uses

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            raise AttributeError(
                f"{type(self).__name__} has no {name!r}: it yields chunks. until_done() reads it to its end and "
                f"returns the response, text_stream yields the text"
            )

        def __getitem__(self, key: object) -> Any:  # Python also asks here for the items of a loop
            loop = "async for" if hasattr(self, "__aiter__") else "for"
            raise TypeError(
                f"{type(self).__name__} is read by a loop, `{loop} chunk in stream`; until_done() returns the response"
            )

    def _shown_state(self) -> str:
        state = self._state
        if state.is_over():
            return state.end.value
        return "closed" if self._http is None else "open"

    def _begin_loop(self) -> None:
        """Raise unless a loop over the stream can begin: each event is delivered once."""
        if self._looping:
            raise RequestError("This stream is being read by another loop: each chunk can be read once")
        if self._left or (self._http is None and not self._state.chunks):
            raise RequestError(
                f"This stream cannot be read again: it is {self._shown_state()}; .response holds what was received"
            )
        self._looping = True

    def _end_loop(self) -> None:
        self._looping = False
        self._left = True

    def _check_single_reader(self) -> None:
        if self._reading:
            raise RequestError(
                "This stream is being read by another thread or task: only one can wait for a chunk"
            )

    @property
    def stream_id(self) -> str | None:
        """The id by which the server can stop this stream; None before the first event."""
        return self._state.total.id or self._state.answer.headers.get("x-stream-id")

    @property
    def response(self) -> ResponseT:
        """The response so far."""
        self._state.decode_pending()
        response: ResponseT = self._state.response()
        return response

    @property
    def http(self) -> CallInfo:
        """Status, headers, attempts and request id of the call."""
        return self._state.answer.info()

    def abort(self) -> None:
        """Abort the connection, because the client is being closed. The current or next read raises."""
        if self._http is not None:
            self._http.abort()

    def _detach(self) -> Any:
        """Take the open response out of the stream, so that one caller closes it."""
        response, self._http = self._http, None
        if response is not None and self._state.answer.observation is not None:
            self._state.released()
        return response

    def _raise(self) -> None:
        # The state drops the error: its traceback refers to this stream, which would make a reference cycle.
        error = self._state.take_error()
        if error is not None:
            try:
                raise error.with_traceback(None)
            finally:
                del error

    def _closed_early(self) -> Exception:
        error = StreamTruncatedError(
            "The stream was closed before it was complete; .partial holds the response so far"
        )
        partial: Any = self.response
        error.partial = partial
        return error


def finisher_of(response: Any) -> Callable[[], Any]:
    """How an HTTP response is released after the last event of a stream.

    `[DONE]` precedes the end of the HTTP body, and a connection whose body was not read to its end cannot carry another
    request. The `finish` method of an engine's response reads the end if it has arrived; `close` closes the connection.
    """
    finish: Callable[[], Any] | None = getattr(response, "finish", None)
    return response.close if finish is None else finish


class Stream(StreamBase[ResponseT]):
    """The events of an answer as they are received. Iterate over it; each item is a `StreamChunk`.

    Iterating raises, after all received chunks have been yielded:
        StreamTruncatedError: the connection failed, or the stream ended early.
        RequestTimeoutError: no event was received in time.
        IndoxRouterError: the error that the server reported inside the stream.
    `partial` of each of them holds the response so far.

    Each chunk can be read once. A second loop, a loop after `close()`, and a second reader at the same time raise
    `RequestError`.
    """

    _http: HttpResponse | None

    def __iter__(self) -> Iterator[StreamChunk]:
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

    def __next__(self) -> StreamChunk:
        chunks = self._state.chunks
        while not chunks:
            if not self._advance():
                raise StopIteration
        return chunks.popleft()

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
            self._check_single_reader()
            try:
                self._read(self._http)
            except (
                BaseException
            ):  # interrupted (Ctrl-C): bytes may be lost, so the stream cannot be continued
                self.close()
                raise
        return True

    def _read(self, response: HttpResponse) -> None:
        state = self._state
        if state.limited:
            response.deadline = state.read_deadline()
        piece: bytes | None = None
        failure: TransportFailure | None = None
        self._reading = True
        try:
            piece = next(self._pieces, None)
        except TransportFailure as error:
            failure = error
        finally:
            self._reading = False
        if piece is not None:
            state.feed(piece)
        elif self._http is None:
            return  # closed by another thread while this one was reading
        elif failure is not None:
            state.connection_lost(failure)
        else:
            state.end_of_stream()

    @property
    def text_stream(self) -> Iterator[str]:
        """The text of the chunks that have any. Raises as iterating over the stream does."""
        return (chunk.text for chunk in self if chunk.text)

    def until_done(self) -> ResponseT:
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
        self._left = self._left or not self._state.is_over()
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

    def __del__(self) -> None:
        if getattr(self, "_http", None) is not None:
            self.close()
