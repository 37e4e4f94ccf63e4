"""How an operation streams: `x-stream`, and the schema under `text/event-stream` or another type of values in a row.

The schema describes the data of one event, or the event around it: an object with `data`, and perhaps with `event`,
`id` and `retry`. It may list several such objects, which the `event` line or the data distinguishes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..schema.interpreter import Interpreter
from ..schema.shapes import Shape
from ..source.forms import check_keys, strings_at
from ..source.json_types import is_object
from ..source.node import Node
from .model import OperationSpec, StreamInfo

_STREAM_KEYS = frozenset({"parameter", "done", "stop", "terminal"})
_ENVELOPE_KEYS = frozenset({"data", "event", "id", "retry"})
_USUAL_END = "[DONE]"


def read_stream(operation: OperationSpec, interpreter: Interpreter) -> StreamInfo | None:
    """How an operation streams; None if it does not, or if the description does not say when it does.

    The answers that are streams are taken out of the operation's answers.
    """
    found = operation.node.get("x-stream")
    successes = [answer for answer in operation.answers if answer.status[0] == "2"]
    streams = [answer for answer in successes if answer.framing]
    if found is None and (not streams or len(streams) < len(successes)):
        return None
    terminal = read_terminal(found) if found is not None else ()
    if not streams or streams[0].shape is None:
        node = found or operation.node
        raise node.refuse("a stream needs a text/event-stream answer with the schema of one event; add it")
    parameter = found.text("parameter") if found is not None else None
    if found is not None and parameter is None and len(streams) < len(successes):
        raise found.refuse(
            "`parameter` has to name the field that asks for events, as there are other answers"
        )
    operation.answers = [answer for answer in operation.answers if answer not in streams]
    data = _Data(streams[0].shape, interpreter, f"{operation.name}_event")
    done = (found.text("done") if found is not None else None) or data.marker
    return StreamInfo(
        parameter=parameter,
        shape=data.shape,
        envelope=streams[0].shape,
        done=done or _USUAL_END,
        terminal=terminal,
        stop=found.text("stop") if found is not None else None,
        named=data.named,
        open_ended=done is None and not terminal,
        answers=streams,
    )


def read_terminal(found: Node) -> tuple[str, ...]:
    """The types of events that end a stream, of `x-stream`, whose keys are checked."""
    check_keys(found, _STREAM_KEYS)
    return strings_at(found, "terminal")


class _Data:
    """The data of events, where the schema describes the events around it.

    Attributes:
        shape: of the data of any event.
        named: of the data of events with a certain name.
        marker: the constant text that is the data of one event, such as `[DONE]`; None if there is none.
    """

    def __init__(self, envelope: Shape, interpreter: Interpreter, hint: str) -> None:
        self.shape = envelope
        self.named: dict[str, Shape] = {}
        self.marker: str | None = None
        self._interpreter = interpreter
        members = [self._target(node) for node in self._members(envelope.node)]
        if not all(_is_envelope(member) for member in members):
            return
        schemas = [
            schema for member in members for schema in self._payloads(member.child("properties"), hint)
        ]
        values = [schema.value for schema in schemas]
        if values and all(value == values[0] for value in values):
            self.shape = interpreter.shape(schemas[0], hint)
        elif values:
            node = envelope.node
            self.shape = interpreter.shape(Node({"anyOf": values}, node.file, node.pointer), hint)

    def _target(self, node: Node) -> Node:
        if is_object(node.value) and "$ref" in node.value:
            return self._interpreter.components.referenced(self._interpreter.resolver, node).node
        return node

    def _members(self, node: Node) -> Iterator[Node]:
        node = self._target(node)
        members = _choices(node)
        for member in members:
            yield from self._members(member)
        if not members:
            yield node

    def _payloads(self, properties: Node, hint: str) -> Iterator[Node]:
        """The schemas of the JSON in an event's data."""
        data = properties.child("data")
        names = _constants(properties.get("event"))
        for member in _choices(data) or [data]:
            target = self._target(member)
            schema = target.get("contentSchema") if is_object(target.value) else None
            if schema is None and _is_json(target):
                schema = member
            if schema is None:
                self.marker = self.marker or next(iter(_constants(target)), None)
                continue
            for number, name in enumerate(names):
                self.named[name] = self._interpreter.shape(schema, f"{hint}_{number}")
            yield schema


def _choices(node: Node) -> list[Node]:
    return [member for word in ("anyOf", "oneOf") for member in node.elements_at(word)]


def _is_envelope(node: Node) -> bool:
    properties = node.value.get("properties") if is_object(node.value) else None
    if not is_object(properties) or "data" not in properties:
        return False
    return properties.keys() <= _ENVELOPE_KEYS and ("event" in properties or not _is_text(properties["data"]))


def _is_text(schema: Any) -> bool:
    """Whether a schema is that of any text, which is as likely a field of the data as the data itself."""
    return is_object(schema) and schema.keys() <= {"type", "description", "title", "examples", "minLength"}


def _is_json(node: Node) -> bool:
    """Whether the data itself is described, and not the text that holds it."""
    value = node.value
    return (
        is_object(value)
        and "const" not in value
        and "enum" not in value
        and not (value.get("type") == "string" and "contentMediaType" in value)
    )


def _constants(node: Node | None) -> list[str]:
    """The texts that a schema allows, if it lists them."""
    if node is None or not is_object(node.value):
        return []
    value = node.value
    listed = [value["const"]] if "const" in value else value.get("enum") or []
    return [text for text in listed if isinstance(text, str)]
