"""The state of a stream whose events are delivered as the spec types them, one by one."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from indoxrouter import models
from indoxrouter._runtime.models.model import Model
from indoxrouter._runtime.values.json import as_object, as_text, is_object
from indoxrouter._runtime.values.text import plural

from ..responses.formats import content_text
from .accumulator import HEARTBEATS, Accumulator, StreamEnd
from .chunk import event_text, usage_of
from .framing import decode_leniently
from .state import StreamState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..responses.usage import Usage
    from .sse import Event

KEPT = 1000
"""Events that an error keeps: the last ones, because a stream may go on for days."""

_KIND_KEYS = ("type", "event", "kind", "object")
"""The keys under which APIs name the kind of an event; a server may name it in the `event` line instead."""


class PartialEvents(NamedTuple):
    """What was received of a stream of typed events: the `partial` of its errors.

    Attributes:
        text: the texts of all events, one after the other.
        usage: tokens and cost, if events report them; else None.
        events: the last thousand events, as the stream yielded them.
        total: the number of all events.
    """

    text: str
    usage: Usage | None
    events: list[Any]
    total: int

    def __repr__(self) -> str:
        size = f"{plural(self.total, 'event')}, {plural(len(self.text), 'character')}"
        return f"<PartialEvents: {size}, usage={self.usage!r}>"


class _EventSum(Accumulator):
    """Counts events, and collects their text and usage.

    Attributes:
        only: the JSON of the first event, as long as no other follows.
        last: the last events, decoded.
    """

    def __init__(self, terminal: tuple[str, ...], expected: int) -> None:
        super().__init__(terminal, expected)
        self.only: dict[str, Any] | None = None
        self.last: deque[Any] = deque(maxlen=KEPT)

    def add(self, event: dict[str, Any]) -> str:
        """Take an event."""
        if not self.count:
            self._first = event
        self.count += 1
        usage = usage_of(event) or {}
        known = {key: value for key, value in usage.items() if value is not None}
        # Some servers report the parts in several events.
        self.usage = {**(self.usage or {}), **known} or None
        self.only = event if self.count == 1 else None
        text = _text_of(event)
        kind = event.get("type")
        if isinstance(kind, str) and kind.endswith(_ENDINGS):
            text = self._answer.missing(text)  # the whole text once more
        self._answer.add_text(text)
        return text


class EventState(StreamState):
    """`StreamState` for events that are decoded by the codec of the operation, and delivered one by one."""

    _total_class = _EventSum

    def _decode(self, events: Sequence[Event]) -> None:
        for name, data in events:
            if self.is_over():
                return
            value = decode_leniently(data)
            if self._is_marker(data, value):
                self._end_by_marker()
            elif is_object(value):
                if not self._handle_control(name, value):
                    self._deliver(name, value)
            elif name == "error" or data.lstrip()[:1] == b"{":
                self._fail_with_event(name, data, value)
            elif name not in HEARTBEATS and not (value is None and data.strip() == b"null"):
                self._deliver_other(name, data, value)

    def _is_marker(self, data: bytes, value: Any) -> bool:
        """Whether an event ends the stream by its data, which may be text or JSON."""
        if data.strip(b' "').lower() in (self._done, b"[done]"):
            return True
        is_json = is_object(value) and self._done[:1] == b"{"
        return is_json and value == decode_leniently(self._spec.done.encode())

    def _deliver_other(self, name: str, data: bytes, value: Any) -> None:
        """Deliver a value that is not an object, if the spec has such events; JSON is preferred to text."""
        codec = self._spec.named.get(name, self._spec.codec)
        text = data.decode("utf-8", "replace")
        for candidate in (value, text):
            if candidate is not None and codec.accepts(candidate):
                self._deliver(name, candidate)
                return
        self._ignored = self._ignored or data[:200]

    def _deliver(self, name: str, value: Any) -> None:
        total: Any = self.total
        fields = as_object(value)
        observation = self.answer.observation
        add = total.add if observation is None or not is_object(value) else observation.on_each(total.add)
        add(fields)
        codec = self._spec.named.get(name, self._spec.codec)
        event = codec.decode(value)
        self.chunks.append(event)
        total.last.append(event)
        kinds = [name, *(fields.get(key) for key in _KIND_KEYS)]
        if any(kind in self._spec.terminal for kind in kinds if isinstance(kind, str)):
            self.end = StreamEnd.COMPLETE

    def whole(self) -> Any:
        """The answer, if it was sent whole in place of events; else None."""
        total: Any = self.total
        responses = self._call.operation.responses
        codec = responses[0].codec if responses else None
        if not self._decoder.is_json or total.only is None or codec is None:
            return None
        answer: Any = codec.decode(total.only)
        if isinstance(answer, Model):
            answer.__dict__["_http_"] = self.answer.info()
        return self._bind(answer)

    def response(self) -> Any:
        """What was received: the whole answer, or what the events add up to; None before the first."""
        total: Any = self.total
        whole = self.whole()
        if whole is not None or not total.count:
            return whole
        usage = None if total.usage is None else models.Usage.from_dict(total.usage)
        return PartialEvents(total.text, usage, list(total.last), total.count)

    def _ends_with_body(self) -> bool:
        return self._spec.open_ended or super()._ends_with_body()


_ENDINGS = ("done", "completed", "complete", "stop", "end")


def _text_of(event: dict[str, Any]) -> str:
    """The text that an event of any API adds."""
    delta = event.get("delta")
    holder = delta if is_object(delta) else event
    found = event_text(event) or as_text(delta)
    return found or content_text(holder.get("text") or holder.get("content"))
