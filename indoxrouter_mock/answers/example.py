"""The answer to an operation that the mock has no behaviour for: the spec's example, or a valid value made from the
schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..base.json import dumps, is_object, loads
from ..base.reply import NamedEvent, Reply, Stream
from ..content import fake_text
from ..request.call import Call
from ..spec.events import ENVELOPE, end_marker, event_schemas
from ..spec.examples import CannotBuild, build, documented_example

SEQUENCES = (
    "text/event-stream",
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
    "application/jsonlines",
    "application/json-seq",
)
"""Media types of values in a row."""


def example_reply(call: Call) -> Reply:
    """A valid answer with the operation's first success status. The same request gets the same answer.

    Raises CannotBuild when the spec describes something that no value can be made for.
    """
    status = next((status for status in sorted(call.operation.responses) if status.startswith("2")), None)
    if status is None:
        raise CannotBuild("the spec gives no success status")
    number = 200 if status == "2XX" else int(status)
    contents = _contents(call, status)
    if not contents:
        return Reply(status=number, content=b"", media_type="")
    asked = call.operation.stream is not None and is_object(call.body) and call.wants_stream
    for media_type, content in contents.items():
        events = media_type.partition(";")[0].strip() in SEQUENCES
        if events and (asked or all(name.partition(";")[0].strip() in SEQUENCES for name in contents)):
            pointer = call.operation.responses[status].get(media_type.lower())
            if pointer is not None:
                return _events_reply(call, media_type, content, pointer, number)
    media_type, content = next(
        (item for item in contents.items() if item[0].endswith("json")), next(iter(contents.items()))
    )
    value = _value(call, content)
    if media_type.endswith("json"):
        return Reply(value, number, media_type=media_type)
    if media_type.startswith("text/"):
        return Reply(status=number, content=str(value).encode(), media_type=media_type)
    return Reply(
        status=number, content=value.encode() if isinstance(value, str) else b"mock", media_type=media_type
    )


def _contents(call: Call, status: str) -> dict[str, Any]:
    response, _ = call.spec.resolve(call.operation.raw["responses"].get(status, {}))
    return dict(response.get("content", {}))


def _value(call: Call, content: dict[str, Any]) -> Any:
    def resolve(part: Any) -> Any:
        return call.spec.resolve(part)[0]

    given, value = documented_example(content, resolve)
    if given:
        return value
    return build(
        content.get("schema", True),
        fake_text.seeded_random("example", call.operation.id, call.path, call.state.seed),
        resolve,
    )


def _events_reply(call: Call, media_type: str, content: dict[str, Any], pointer: str, status: int) -> Reply:
    """The events of an operation, in the framing of its media type."""
    events = _events(call, content, pointer)
    if not media_type.startswith("text/event-stream"):
        lines = [dumps(event.data if isinstance(event, NamedEvent) else event) for event in events]
        return Reply(status=status, content=b"".join(line + b"\n" for line in lines), media_type=media_type)
    done = (call.operation.stream or {}).get("done") or end_marker(call.spec, pointer) or "[DONE]"
    stream = Stream(call.request_id, lambda: iter(events), close=lambda: None, stop=lambda: None, done=done)
    return Reply(status=status, stream=stream)


def _events(call: Call, content: dict[str, Any], pointer: str) -> list[Any]:
    """The examples that the spec gives, or one event of each kind; what ends the stream comes last."""
    events = [event for entry in content.get("examples", {}).values() for event in _example(call, entry)]
    schemas = event_schemas(call.spec, pointer)
    rng = fake_text.seeded_random("example", call.operation.id, call.path, call.state.seed)
    for schema in schemas if not events else ():
        kinds = list(_kinds(call, schema.pointer))
        for kind in kinds if len(kinds) * len(schemas) > 1 else kinds * 3:
            value = build(kind, rng, lambda part: call.spec.resolve(part)[0])
            events.append(NamedEvent(schema.name, value) if schema.name else value)
    terminal = (call.operation.stream or {}).get("terminal", ())
    return sorted(events, key=lambda event: _kind(event) in terminal)


def _example(call: Call, entry: Any) -> Iterator[Any]:
    """The event of one of the spec's examples, unless it is the end of a stream or a failure."""
    found, _ = call.spec.resolve(entry)
    value = found.get("value") if is_object(found) else None
    name = ""
    if is_object(value) and "data" in value and value.keys() <= ENVELOPE:
        name, value = value.get("event", ""), value["data"]
        if isinstance(value, str):
            value = loads(value.encode()) if value.startswith("{") else None
    if value is not None and not (is_object(value) and "error" in value):
        yield NamedEvent(name, value) if name else value


def _kinds(call: Call, pointer: str) -> Iterator[Any]:
    """The alternatives of a schema, so that each of them is shown."""
    schema, _ = call.spec.resolve(call.spec.at(pointer))
    alternatives = (schema.get("anyOf") or schema.get("oneOf")) if is_object(schema) else None
    yield from alternatives or (schema,)


def _kind(event: Any) -> Any:
    if isinstance(event, NamedEvent):
        return event.name
    return event.get("type") if is_object(event) and isinstance(event.get("type"), str) else None
