"""What all streams share: who may read, how the connection is released, and what is known of the answer.

A stream releases its connection when it is exhausted, when a loop over it is left by `break`, an exception or
cancellation, when it is closed, and when it is garbage-collected. To read the first chunks and continue later, call
`next(stream)` (or `await anext(stream)`), which leaves the stream open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from indoxrouter._runtime.values.text import plural
from indoxrouter.errors import RequestError, StreamTruncatedError

from ..responses.raw_response import call_log
from .state import StreamState

if TYPE_CHECKING:
    from collections.abc import Callable

    from indoxrouter._runtime.http.interface import TransportFailure
    from indoxrouter._runtime.models.model import Model
    from typing_extensions import Never

    from ..calls.answer import CallInfo
    from ..responses.text import ParsedT, TextResponse

ResponseT_co = TypeVar("ResponseT_co", covariant=True)


class StreamBase:
    """The part of all streams that does not wait."""

    _state: StreamState
    _http: Any  # the open HTTP response or None; subclasses declare its type

    def __init__(self, state: StreamState, stop: Callable[[str], Any]) -> None:
        """`state`: of an open answer; `stop` asks the server to stop the stream with an id."""
        self._state = state
        self._http = state.answer.stream  # None for a body that was read before
        self._pieces: Any = None if self._http is None else self._http.iter_raw()
        self._stop = stop
        self._looping = False
        self._left = False  # a loop has ended, or the connection was released
        self._reading = False
        log = call_log.get()
        if log is not None:
            log.append(state.answer.info())

    @staticmethod
    def _state_class() -> type[StreamState]:
        return StreamState

    def __repr__(self) -> str:
        events = plural(self._state.total.count, "event")
        return f"<{type(self).__name__} {self.stream_id or 'without id'}: {events}, {self._shown_state()}>"

    if not TYPE_CHECKING:  # hidden from type checkers, so that they report wrong uses

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            whole = (
                ". until_done() reads it to its end and returns the response, text_stream yields the text"
                if hasattr(type(self), "until_done")
                else ""
            )
            raise AttributeError(f"{type(self).__name__} has no {name!r}: it yields what is received{whole}")

        def __getitem__(self, key: object) -> Any:  # Python also asks here for the items of a loop
            loop = "async for" if hasattr(self, "__aiter__") else "for"
            response = "; until_done() returns the response" if hasattr(type(self), "until_done") else ""
            raise TypeError(f"{type(self).__name__} is read by a loop, `{loop} chunk in stream`{response}")

    def __reduce__(self) -> Never:
        raise TypeError(f"{type(self).__name__} cannot be copied or pickled; its .response can")

    def _shown_state(self) -> str:
        state = self._state
        if state.is_over():
            return state.end.value
        return "closed" if self._http is None else "open"

    def _begin_loop(self) -> None:
        """Raise unless a loop over the stream can begin: each event is delivered once."""
        if self._looping:
            raise RequestError("This stream is being read by another loop: each chunk can be read once")
        if self._left:
            raise RequestError(
                f"This stream cannot be read again: it is {self._shown_state()}; .response holds what was received"
            )
        self._looping = True

    def _end_loop(self) -> None:
        self._looping = False
        self._left = True

    def _begin_reading(self, response: Any) -> None:
        """Raise for a second reader, and set the time limit of the next read."""
        if self._reading:
            raise RequestError(
                "This stream is being read by another thread or task: only one can wait for a chunk"
            )
        if self._state.limited:
            response.deadline = self._state.read_deadline()

    @property
    def stream_id(self) -> str | None:
        """The id by which the server can stop this stream; None before the first event."""
        return self._state.total.id or self._state.answer.headers.get("x-stream-id")

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
        self._left = True
        if self._state.answer.observation is not None:
            self._state.released()
        return response

    def _take(self, piece: bytes | None, failure: TransportFailure | None) -> None:
        """Process the result of a read: bytes, a failure, or the end of the body."""
        if piece is not None:
            self._state.feed(piece)
        elif self._http is not None:  # else it was closed during the read, by another thread or task
            self._state.end_of_stream(failure)

    def _raise(self) -> None:
        # The state drops the error: its traceback refers to this stream, which would make a reference cycle.
        error = self._state.take_error()
        if error is not None:
            try:
                raise error.with_traceback(None)
            finally:
                del error


class AssembledAnswer(Generic[ResponseT_co]):
    """A mixin of streams whose events add up to a response."""

    _state: StreamState

    @property
    def response(self) -> ResponseT_co:
        """The response so far."""
        self._state.decode_pending()
        response: ResponseT_co = self._state.response()
        return response

    @property
    def parsed_so_far(self: AssembledAnswer[TextResponse[ParsedT]]) -> ParsedT | None:
        """The structured output as far as it has arrived; None as long as there is no JSON.

        An instance of the `response_format` of the call; without one, a JSON value. Fields that have not arrived are
        None, or missing from a TypedDict; the last text may still grow. Pydantic models are not validated: the
        `parsed` of the response is. Each access reads the text from its beginning.

        Raises:
            ImportError: when the extra `partial` is not installed.
        """
        from ..tools.partial_json import parse_partial  # cost: few programs read parts

        response = self.response
        value: ParsedT | None = parse_partial(response.text, response.__dict__.get("_format_"))
        return value

    def _closed_early(self) -> Exception:
        reason = "The stream was closed before it was complete; .partial holds the response so far"
        return StreamTruncatedError(reason, partial=self.response)


class TypedEvents:
    """A mixin of streams whose events are delivered as the spec types them."""

    _state: StreamState

    @staticmethod
    def _state_class() -> type[StreamState]:
        from .events import EventState  # cost: few programs read such streams

        return EventState

    @property
    def response(self) -> Model | None:
        """The answer, if the server sent it whole in place of events; else None."""
        state: Any = self._state
        state.decode_pending()
        response: Model | None = state.whole()
        return response


def finisher_of(response: Any) -> Callable[[], Any]:
    """How an HTTP response is released after the last event of a stream.

    `[DONE]` precedes the end of the HTTP body, and a connection whose body was not read to its end cannot carry another
    request. The `finish` method of an engine's response reads the end if it has arrived; `close` closes the connection.
    """
    finish: Callable[[], Any] | None = getattr(response, "finish", None)
    return response.close if finish is None else finish
