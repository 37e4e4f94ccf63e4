"""Streams of bodies that have been read already: an event stream or JSON that was sent in place of the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.values.type_guards import is_list, is_object

from .event_kinds import is_heartbeat, is_named_end
from .framing import EventDecoder, decode_leniently, documents_of
from .result import stream_result
from .state import StreamState

if TYPE_CHECKING:
    from indoxrouter._runtime.http.interface import TransportFailure
    from indoxrouter._runtime.operations.operation import Call

    from ..calls.history import HttpAnswer
    from ..settings.values import Settings

__all__ = ["AsyncReceivedBody", "ReceivedBody", "holds_events", "only_document", "read_events"]

_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")


class ReceivedBody:
    """A body in place of an open HTTP response.

    Args:
        body: all bytes, or those before the failure.
        failure: raised after them; None if the body is whole.
    """

    def __init__(self, body: bytes, failure: TransportFailure | None) -> None:
        self.deadline: Any = None
        self._body = body
        self._failure = failure

    def iter_raw(self) -> Iterator[bytes]:
        """The bytes, in one piece."""
        yield self._body
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Do nothing: the connection has been released."""

    def abort(self) -> None:
        """Do nothing: the connection has been released."""


class AsyncReceivedBody:
    """The asynchronous form of `ReceivedBody`."""

    def __init__(self, body: bytes, failure: TransportFailure | None) -> None:
        self.deadline: Any = None
        self._pieces = ReceivedBody(body, failure)

    async def iter_raw(self) -> AsyncIterator[bytes]:
        """The bytes, in one piece."""
        for piece in self._pieces.iter_raw():
            yield piece

    async def close(self) -> None:
        """Do nothing: the connection has been released."""

    def release(self) -> None:
        """Do nothing: the connection has been released."""

    def abort(self) -> None:
        """Do nothing: the connection has been released."""


def holds_events(body: bytes) -> bool:
    """Whether a body is an event stream, or JSON: one document, or several, one after the other."""
    start = body[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(_FIELDS):
        return True
    return start[:1] in (b"{", b"[") and bool(documents_of(body))


def only_document(body: bytes) -> Any:
    """The JSON of the one event of a body; None for a body with several, or with none.

    An event that reports a failure is the document, as the body of an error.
    """
    if not holds_events(body):
        return None
    decoder = EventDecoder(len(body))
    found: list[Any] = []
    for name, data in [*decoder.feed_pairs(body), *decoder.flush()]:
        value = decode_leniently(data)
        if name == "error":
            return value if is_object(value) and value.get("error") else {"error": value}
        if not is_object(value):
            found.extend([value] if is_list(value) else [])
        elif value and not is_heartbeat(name, value) and not is_named_end(name, value):
            found.append(value)
    return found[0] if len(found) == 1 else None


def read_events(
    call: Call[Any], answer: HttpAnswer, settings: Settings, secrets: list[str], clock: Callable[[], float]
) -> Any:
    """The response that the events of a body add up to; None if the body holds no events.

    Raises:
        IndoxRouterError: as iterating over a stream of these events does.
    """
    body = bytes(answer.body)
    if not holds_events(body):
        return None
    state = StreamState(
        call, answer, settings, secrets, clock, lambda total: stream_result(call, total, answer)
    )
    state.feed(body)
    if answer.failure is None:
        state.end_of_stream()
    else:
        state.connection_lost(answer.failure)
    error = state.take_error()
    if error is not None:
        raise error
    return state.response()
