"""Streams as a caller meets them: iterators of chunks that are context managers, and free their connection at once.

A stream's connection is freed when the stream is exhausted, when a loop over it is left by `break`, by an exception
or by cancellation, when it is closed, and when the last reference to it goes away. To look at the first chunks and
go on later, call `next(stream)` (or `await anext(stream)`), which leaves the stream open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from indoxrouter._runtime.http.interface import TransportFailure

from ..responses.decoding import info_of
from .chunk import StreamChunk

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from indoxrouter._runtime.http.interface import HttpResponse

    from ..calls.history import CallInfo
    from .state import StreamState

__all__ = ["Stream", "StreamBase", "end_of"]

ResponseT = TypeVar("ResponseT")


class StreamBase(Generic[ResponseT]):
    """What both kinds of stream know without waiting."""

    _state: StreamState
    _http: Any  # the open response or None; the classes below say of which kind

    def __repr__(self) -> str:
        total = self._state.total
        how = "finished" if self._state.finished else "failed" if self._state.failed else "open"
        return f"<{type(self).__name__} {self.stream_id or 'without id'}: {total.count} events, {how}>"

    @property
    def stream_id(self) -> str | None:
        """The id by which the server can stop this stream; known from the first event on."""
        return self._state.total.id or self._state.answer.headers.get("x-stream-id")

    @property
    def response(self) -> ResponseT:
        """What has come so far, as a response."""
        self._state.take_waiting()
        made: ResponseT = self._state.response()
        return made

    @property
    def http(self) -> CallInfo:
        """Status, headers, attempts and request id of the call."""
        return info_of(self._state.answer)

    def break_off(self) -> None:
        """Break the connection, because the client is being closed: the next read, or the one that waits, raises."""
        if self._http is not None:
            self._http.abort()

    def _raise(self) -> None:
        # The state lets go of the error: its traceback leads to this stream, and that would make a cycle.
        error = self._state.take_error()
        if error is not None:
            try:
                raise error.with_traceback(None)
            finally:
                del error

    def _not_finished(self) -> Exception:
        from indoxrouter.errors import StreamTruncatedError

        error = StreamTruncatedError(
            "The stream was closed before it was finished; what had come is in .partial"
        )
        error.partial = self.response
        return error


def end_of(response: Any) -> Callable[[], Any]:
    """How the response of an engine is left after the event that ends a stream.

    `[DONE]` comes before the end of the HTTP body, and a connection whose body was not read to its end cannot carry
    another request. An engine that has `finish` may take the end if it is there; one that has not closes.
    """
    finish: Callable[[], Any] | None = getattr(response, "finish", None)
    return response.close if finish is None else finish


class Stream(StreamBase[ResponseT]):
    """The events of an answer, as they arrive. Iterate over it; each item is a `StreamChunk`.

    Raises while iterating, after everything that came before was handed out:
        StreamTruncatedError: the connection broke, or the stream ended before it was finished.
        RequestTimeoutError: nothing arrived in time.
        IndoxRouterError: the error that the server reported inside the stream.
    Every one of them holds what had come in `partial`.
    """

    def __init__(
        self,
        state: StreamState,
        response: HttpResponse,
        stop: Callable[[str], Any],
    ) -> None:
        self._state = state
        self._http: HttpResponse | None = response
        self._pieces = response.iter_raw()
        self._stop = stop
        self._reading = False

    def __iter__(self) -> Iterator[StreamChunk]:
        # A generator, so that leaving the loop ends it, and its end frees the connection, though the stream lives on.
        try:
            chunks = self._state.chunks
            while True:
                while chunks:
                    yield chunks.popleft()
                if not self._advance():
                    return
        finally:
            self.close()

    def __next__(self) -> StreamChunk:
        chunks = self._state.chunks
        while not chunks:
            if not self._advance():
                raise StopIteration
        return chunks.popleft()

    def _advance(self) -> bool:
        """Read until there is a chunk, an error or the end. False at the end."""
        state = self._state
        while not state.chunks:
            if state.waiting:
                state.take_some()
                continue
            if state.failed:
                self.close()
                self._raise()
            if state.finished:
                self._finish()
                return False
            if self._http is None:
                return False
            try:
                self._read(self._http)
            except BaseException:  # interrupted (Ctrl-C): the rest of the stream would start in the middle
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
            state.broken(failure)
        else:
            state.end_of_stream()

    @property
    def text_stream(self) -> Iterator[str]:
        """The pieces of text alone."""
        return (chunk.text for chunk in self if chunk.text)

    def until_done(self) -> ResponseT:
        """Read to the end and return the full response, with usage if the server sent it.

        Raises:
            StreamTruncatedError: also when the stream was closed before its end.
        """
        for _ in self:
            pass
        if not self._state.finished:
            raise self._not_finished()
        return self.response

    def stop(self) -> Any:
        """Ask the server to stop generating, and close the stream.

        Returns:
            The server's answer, or None when the stream had no id yet and could only be closed.
        """
        stream_id = self.stream_id
        try:
            # Asked while the connection is open: a server that notices the hang-up first has nothing left to stop.
            return self._stop(stream_id) if stream_id is not None else None
        finally:
            self.close()

    def close(self) -> None:
        """Free the connection. Chunks that have arrived can still be read with `next`.

        Any thread may do it: one that is waiting for the next chunk wakes up to the end of the stream.
        """
        response = self._let_go()
        if response is not None:
            if self._reading:
                response.abort()  # closing a socket does not wake the thread that reads from it
            response.close()

    def _finish(self) -> None:
        """Free the connection after the last event, so that it serves the next call if the body ends here."""
        response = self._let_go()
        if response is not None:
            end_of(response)()

    def _let_go(self) -> HttpResponse | None:
        """The response, if it is open, for the one caller that closes it."""
        response, self._http = self._http, None
        return response

    def __enter__(self) -> Stream[ResponseT]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_http", None) is not None:
            self.close()
