"""What the spec says about the events of a stream: the schemas of their data, and the data that ends the stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..base.json import is_object
from .document import Spec

ENVELOPE = frozenset({"data", "event", "id", "retry"})


class EventSchema(NamedTuple):
    """The schema of one kind of events: its pointer, and the name in the `event` line, or none."""

    pointer: str
    name: str = ""


def event_schemas(spec: Spec, pointer: str) -> list[EventSchema]:
    """The schemas of the JSON that events hold, given the pointer of the schema under `text/event-stream`.

    The spec may write the schema of the data itself, or of the events `{"data": …}` around it. Their data is a marker
    such as `[DONE]`, JSON with a `contentSchema`, or described as the value that it is.
    """
    found = [schema for event in _members(spec, pointer) for schema in _data(spec, event)]
    return found or [EventSchema(pointer)]


def end_marker(spec: Spec, pointer: str) -> str | None:
    """The constant text among the data of events, such as `[DONE]`; None if there is none."""
    for event in _members(spec, pointer):
        for _, member in _alternatives(spec, event):
            if isinstance(member.get("const"), str):
                return str(member["const"])
    return None


def _members(spec: Spec, pointer: str) -> Iterator[str]:
    """The pointers of the schemas of events, through `anyOf` and `oneOf`; none where one of them is not an event's."""
    found = list(_flat(spec, pointer))
    if all(_is_event(spec.at(at)) for at in found):
        yield from found


def _flat(spec: Spec, pointer: str) -> Iterator[str]:
    schema, at = spec.resolve(spec.at(pointer), pointer)
    keyword = next((word for word in ("anyOf", "oneOf") if is_object(schema) and schema.get(word)), None)
    if keyword is None:
        yield at
        return
    for index in range(len(schema[keyword])):
        yield from _flat(spec, f"{at}/{keyword}/{index}")


def _is_event(schema: Any) -> bool:
    properties: dict[str, Any] = schema.get("properties", {}) if is_object(schema) else {}
    if "data" not in properties or not properties.keys() <= ENVELOPE:
        return False
    return "event" in properties or not _is_text(properties["data"])


def _is_text(schema: Any) -> bool:
    """Whether a schema is that of any text, which is as likely a field of the data as the data itself."""
    return is_object(schema) and schema.keys() <= {"type", "description", "title", "examples", "minLength"}


def _alternatives(spec: Spec, event: str) -> Iterator[tuple[str, dict[str, Any]]]:
    pointer = f"{event}/properties/data"
    data = spec.at(pointer)
    keyword = next((word for word in ("anyOf", "oneOf") if is_object(data) and data.get(word)), None)
    places = [pointer] if keyword is None else [f"{pointer}/{keyword}/{i}" for i in range(len(data[keyword]))]
    for place in places:
        schema, at = spec.resolve(spec.at(place), place)
        if is_object(schema):
            yield at, schema


def _data(spec: Spec, event: str) -> Iterator[EventSchema]:
    declared, _ = spec.resolve(spec.at(event).get("properties", {}).get("event", {}))
    listed = [declared["const"]] if "const" in declared else declared.get("enum") or [""]
    name = next((text for text in listed if isinstance(text, str)), "")
    for at, schema in _alternatives(spec, event):
        if "contentSchema" in schema:
            yield EventSchema(f"{at}/contentSchema", name)
        elif not ({"const", "enum", "contentMediaType"} & schema.keys()):
            yield EventSchema(at, name)
