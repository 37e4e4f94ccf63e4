"""Bodies that have been read already: an event stream or JSON that was sent in place of the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.values.json import is_list, is_object

from .accumulator import is_heartbeat, is_named_end
from .framing import EventDecoder, as_utf8, decode_leniently, documents_of
from .state import StreamState

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Call

    from ..calls.answer import HttpAnswer
    from ..settings.values import Settings

_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")


def holds_events(body: bytes) -> bool:
    """Whether a body is an event stream, or JSON: one document, or several, one after the other."""
    body = as_utf8(body)
    start = body[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(_FIELDS):
        return True
    return start[:1] in (b"{", b"[") and bool(documents_of(body))


class DocumentReader:
    """Finds the JSON document in the events of a body, as they arrive.

    Attributes:
        has_document: whether there is one, so that nothing else has to be waited for.
        is_over: whether the server has sent the end of the events.
    """

    def __init__(self, limit: int) -> None:
        self._decoder = EventDecoder(limit)
        self._found: list[Any] = []
        self.has_document = self.is_over = False

    def document(self) -> Any:
        """The only document, or an error body for an event named `error`; None if there are several, or none."""
        # `data: []` is a heartbeat as well.
        found = [value for value in self._found if value] or self._found[:1]
        return found[0] if len(found) == 1 else None

    def feed(self, part: bytes, *, last: bool = False) -> None:
        """Take the next bytes; `last`: they end the body."""
        for name, data in [*self._decoder.feed(part), *(self._decoder.flush() if last else ())]:
            value = decode_leniently(data)
            if self.is_over:
                return
            if name == "error":
                self._found = [value if is_object(value) and value.get("error") else {"error": value}]
                self.is_over = True
            elif data.strip(b' "') == b"[DONE]" or (is_object(value) and is_named_end(name, value)):
                self.is_over = self.has_document
            elif is_list(value) or (is_object(value) and value and not is_heartbeat(name, value)):
                self._found.append(value)
            self.has_document = bool(self._found)


def only_document(body: bytes) -> Any:
    """The JSON of the one event of a body; None for a body with several, or with none."""
    if not holds_events(body):
        return None
    reader = DocumentReader(len(body))
    reader.feed(body, last=True)
    return reader.document()


def read_events(
    call: Call[Any], answer: HttpAnswer, settings: Settings, secrets: list[str], clock: Callable[[], float]
) -> Any:
    """The response that the events of a body add up to; None if the body holds no events.

    Raises:
        IndoxRouterError: as iterating over a stream of these events does.
    """
    if not holds_events(bytes(answer.body)):
        return None
    state = StreamState(call, answer, settings, secrets, clock)
    state.take_body()
    error = state.take_error()
    if error is not None:
        raise error
    return state.response()
