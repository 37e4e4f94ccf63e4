"""Values that leave nothing out: together they have every field of a schema, and are of every member of its unions."""

from __future__ import annotations

import json
from typing import Any

from tests.contract import shapes

TEXTS = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "uuid": "550e8400-e29b-41d4-a716-446655440000",
    "uri": "https://a.test/b",
}


def complete(schema: dict[str, Any]) -> list[Any]:
    """The values. Raises AssertionError when one of them is not valid, which would be a fault of this module."""
    values = _values(schema, ())
    for value in values:
        assert shapes.accepts(schema, value), f"not valid: {json.dumps(value)[:300]}"
    return values


def _values(node: dict[str, Any], inside: tuple[str, ...]) -> list[Any]:
    node, name = shapes.named(node, inside[-1] if inside else "")
    if inside.count(name) > 1:
        return []  # an object inside of itself, once, is enough
    inside = (*inside, name) if name not in inside[-1:] else inside
    node = shapes.merged(node)
    if "const" in node:
        return [node["const"]]
    if "enum" in node:
        return [node["enum"][0]]
    for keyword in ("anyOf", "oneOf"):
        if keyword in node:
            return [value for member in node[keyword] for value in _values(member, inside)]
    if "properties" in node or isinstance(node.get("additionalProperties"), dict):
        return _objects(node, inside)
    kind = node.get("type")
    if kind == "array":
        return [_values(node.get("items", {}), inside)]
    if kind == "string" and "contentSchema" in node:
        return [json.dumps(value) for value in _values(node["contentSchema"], inside)]
    return [_scalar(node, kind)]


def _objects(node: dict[str, Any], inside: tuple[str, ...]) -> list[dict[str, Any]]:
    fields = {key: _values(schema, inside) for key, schema in node.get("properties", {}).items()}
    fields = {key: values for key, values in fields.items() if values}
    if isinstance(node.get("additionalProperties"), dict):
        fields["some_name"] = _values(node["additionalProperties"], inside)
    most = max(map(len, fields.values()), default=1)
    return [{key: values[number % len(values)] for key, values in fields.items()} for number in range(most)]


def _scalar(node: dict[str, Any], kind: Any) -> Any:
    if kind == "string":
        return TEXTS.get(node.get("format", ""), "some text")
    if kind in ("integer", "number"):
        return node.get("minimum", 1) if kind == "integer" else max(node.get("minimum", 0.5), 0.5)
    if kind == "boolean":
        return True
    return None if kind == "null" else {"of": ["any", 1, None]} if kind == "object" else "anything"
