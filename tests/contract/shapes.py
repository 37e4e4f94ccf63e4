"""Which fields of which schemas the spec has, and which of them a value makes use of.

A field is named by the schema that declares it: `("Usage", "cost")`. Of a union the first member that accepts the value
counts, as it does for a reader.
"""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from tests.spec.document import OPERATIONS, SCHEMAS, resolve, validator

Field = tuple[str, str]

_UNIONS = ("anyOf", "oneOf")
# Schema nodes live as long as the document does, so their identity can stand for them.
_validators: dict[int, jsonschema_rs.Draft202012Validator] = {}


def accepts(node: dict[str, Any], value: Any) -> bool:
    """Whether a schema node of the document accepts a value."""
    found = _validators.get(id(node))
    if found is None:
        found = _validators[id(node)] = validator(node)
    return found.is_valid(value)


def named(node: dict[str, Any], owner: str = "") -> tuple[dict[str, Any], str]:
    """Follow references; returns the schema and the name of the component that it is, or belongs to."""
    while "$ref" in node:
        owner = node["$ref"].rpartition("/")[2]
        node = SCHEMAS[owner]
    return node, owner


def merged(node: dict[str, Any]) -> dict[str, Any]:
    """A schema with all that it takes from others by `allOf`."""
    node, _ = named(node)
    whole = {key: value for key, value in node.items() if key != "allOf"}
    for part in map(merged, node.get("allOf", ())):
        properties = {**part.get("properties", {}), **whole.get("properties", {})}
        whole = {**part, **whole, **({"properties": properties} if properties else {})}
    return whole


def fields_of(node: dict[str, Any], owner: str = "", seen: set[str] | None = None) -> set[Field]:
    """Every field that a value of this schema may have, at any depth."""
    seen = set() if seen is None else seen
    node, name = named(node, owner)
    if name != owner or not owner:
        if name in seen:
            return set()
        seen.add(name)
    found = {(name, field) for field in node.get("properties", {})}
    for inner in _parts(node):
        found |= fields_of(inner, name, seen)
    return found


def _parts(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from node.get("properties", {}).values()
    for keyword in ("items", "additionalProperties", "contentSchema"):
        if isinstance(node.get(keyword), dict):
            yield node[keyword]
    for keyword in (*_UNIONS, "allOf"):
        yield from node.get(keyword, ())


def fields_in(node: dict[str, Any], value: Any, owner: str = "") -> Iterator[Field]:
    """The fields of the schema that a value has. A field that is null counts: null was said."""
    node, name = named(node, owner)
    for member in node.get("allOf", ()):
        yield from fields_in(member, value, name)
    for keyword in _UNIONS:
        chosen = next((member for member in node.get(keyword, ()) if accepts(member, value)), None)
        if chosen is not None:
            yield from fields_in(chosen, value, name)
    if isinstance(value, dict):
        properties = node.get("properties", {})
        rest = node.get("additionalProperties")
        for key, item in value.items():
            if key in properties:
                yield name, key
                yield from fields_in(properties[key], item, name)
            elif isinstance(rest, dict):
                yield from fields_in(rest, item, name)
    elif isinstance(value, list) and isinstance(node.get("items"), dict):
        for item in value:
            yield from fields_in(node["items"], item, name)
    elif isinstance(value, str) and isinstance(node.get("contentSchema"), dict):
        with contextlib.suppress(
            ValueError
        ):  # `contentSchema` describes text that is JSON, and forbids no other
            yield from fields_in(node["contentSchema"], json.loads(value), name)


def body_schemas(operation_id: str) -> dict[str, dict[str, Any]]:
    """The schemas of the request's body, by media type."""
    body = resolve(OPERATIONS[operation_id].get("requestBody", {}))
    return {media_type: content["schema"] for media_type, content in body.get("content", {}).items()}


def answer_schemas(operation_id: str, status: str) -> dict[str, dict[str, Any]]:
    """The schemas of an answer's body, by media type."""
    answer = resolve(OPERATIONS[operation_id]["responses"][status])
    return {media_type: content["schema"] for media_type, content in answer.get("content", {}).items()}


def success_status(operation_id: str) -> str:
    """The first documented status of success."""
    return next(status for status in OPERATIONS[operation_id]["responses"] if status[0] == "2")


def event_schema(operation_id: str) -> dict[str, Any]:
    """The schema of the JSON that one event of this operation's stream carries."""
    node, _ = named(answer_schemas(operation_id, success_status(operation_id))["text/event-stream"])
    options = node["properties"]["data"]["anyOf"]
    schema: dict[str, Any] = next(option["contentSchema"] for option in options if "contentSchema" in option)
    return schema


def event_kinds(operation_id: str) -> list[dict[str, Any]]:
    """The schemas of the events of a stream: the alternatives, or the only one."""
    schema = event_schema(operation_id)
    members: list[dict[str, Any]] = named(schema)[0].get("anyOf", [schema])
    return members


STREAMS = [identifier for identifier, operation in OPERATIONS.items() if "x-stream" in operation]


@functools.cache
def request_fields() -> frozenset[Field]:
    """All fields of all request bodies."""
    return frozenset(
        field
        for identifier in OPERATIONS
        for schema in body_schemas(identifier).values()
        for field in fields_of(schema)
    )


@functools.cache
def answer_fields() -> frozenset[Field]:
    """All fields of all successful answers and of the events of streams."""
    whole = {
        field
        for identifier in OPERATIONS
        for schema in [answer_schemas(identifier, success_status(identifier)).get("application/json")]
        if schema is not None
        for field in fields_of(schema)
    }
    return frozenset(whole | {field for name in STREAMS for field in fields_of(event_schema(name))})


@functools.cache
def error_fields() -> frozenset[Field]:
    """All fields of all documented error bodies."""
    return frozenset(
        field
        for identifier, operation in OPERATIONS.items()
        for status in operation["responses"]
        if status[0] != "2"
        for schema in answer_schemas(identifier, status).values()
        for field in fields_of(schema)
    )
