"""Reports the parts of answers that the description does not contain, for `client.on_unknown`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from indoxrouter._runtime.codecs.base import describe
from indoxrouter._runtime.codecs.unknown import UnknownPart, unknown_parts
from indoxrouter.about import load_operation

from ..calls.observation import ObservedCall, Observer


@dataclass(frozen=True)
class Unknown:
    """A part of an answer that the description of the API does not contain.

    Attributes:
        operation: id of the operation, such as `createChatCompletion`.
        kind: `field`, `enum value` or `event type`.
        name: its place, such as `response.usage.region` or `event.type`.
        schema: the schema that lacks it; empty if it has no name.
        value: the enum value or the event type; for a field, only its JSON type, because its content may be private.
    """

    operation: str
    kind: str
    name: str
    schema: str
    value: str


class UnknownObserver(Observer):
    """Calls a function for each unknown part of an answer, a stream or an error, once for each call.

    Args:
        callback: takes an `Unknown`.

    Raises:
        ValueError: for something that cannot be called.
    """

    def __init__(self, callback: Callable[[Unknown], object]) -> None:
        if not callable(callback) or inspect.iscoroutinefunction(callback):
            raise ValueError(f"on_unknown: expected a plain function, got {describe(callback)}")
        self._callback = callback

    def on_event(self, call: ObservedCall, event: dict[str, Any]) -> None:
        """Look at an event; what is found is reported at the end, because the caller waits for the event."""
        stream = load_operation(call.operation).stream
        if stream is not None:
            call.notes.setdefault(self, {}).update(dict.fromkeys(unknown_parts(stream.codec, event, "event")))

    def on_end(self, call: ObservedCall) -> None:
        """Report what the events, the answer or the error of a call hold."""
        found: dict[UnknownPart, None] | None = call.notes.pop(self, None)
        operation = load_operation(call.operation)
        parts: Iterable[UnknownPart] = found or ()
        if found is None and call.response is not None and not call.streaming:
            codecs = [answer.codec for answer in operation.responses if answer.codec is not None]
            each = (list(unknown_parts(codec, call.response, "response")) for codec in codecs)
            parts = dict.fromkeys(min(each, key=len, default=()))
        body = getattr(call.error, "body", None)
        codec = operation.error_bodies.get(str(getattr(call.error, "status_code", None)))
        if body is not None and codec is not None:
            parts = dict.fromkeys([*parts, *unknown_parts(codec, body, "error")])
        for part in parts:
            self._callback(Unknown(call.operation, *part))
