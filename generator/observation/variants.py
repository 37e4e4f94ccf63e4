"""The alternatives of a schema, references followed: what a value of each may be."""

from __future__ import annotations

from itertools import product
from typing import Any

from ..source.json_types import is_array, is_object
from ..source.node import Node, Resolver

Parts = tuple[Node, ...]
"""Schemas that apply to a value together, such as those of `allOf`."""
_MOST = 200


def json_type(value: Any) -> str:
    """The name that JSON Schema has for the type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    if isinstance(value, str):
        return "string"
    return "array" if is_array(value) else "object"


class Variants:
    """Resolves `anyOf`, `oneOf` and `allOf`; results are kept by place."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._known: dict[tuple[str, tuple[str, ...]], list[Parts]] = {}
        self._open: set[tuple[str, tuple[str, ...]]] = set()

    def of(self, node: Node) -> list[Parts]:
        """Every alternative. A schema that contains itself as an alternative adds nothing."""
        node = self._resolver.follow(node)
        if node.key in self._known:
            return self._known[node.key]
        if node.key in self._open:
            return []
        if not is_object(node.value):
            return [(node,)]  # `true`
        self._open.add(node.key)
        found: list[Parts] = [(node,)]
        for key in ("anyOf", "oneOf"):
            listed = node.get(key)
            if listed is not None:
                members = [parts for member in listed.elements() for parts in self.of(member)]
                found = [(*one, *other) for one, other in product(found, members)][:_MOST]
        for member in node.elements_at("allOf"):
            found = [(*one, *other) for one, other in product(found, self.of(member))][:_MOST]
        self._open.discard(node.key)
        self._known[node.key] = found
        return found

    def types(self, parts: Parts) -> set[str]:
        """The documented types; empty when any is allowed."""
        found: set[str] = set()
        for part in parts:
            if is_object(part.value):
                given = part.value.get("type")
                found.update([given] if isinstance(given, str) else given or [])
                if part.value.get("nullable") is True:
                    found.add("null")
                if "properties" in part.value and given is None:
                    found.add("object")
        return found

    def takes(self, parts: Parts, kind: str) -> bool:
        """Whether a value of a JSON type may be described by the alternative."""
        types = self.types(parts)
        return not types or kind in types or (kind == "integer" and "number" in types)

    def properties(self, parts: Parts) -> dict[str, Node]:
        """The properties of all parts."""
        found: dict[str, Node] = {}
        for part in parts:
            found.update(part.items_at("properties"))
        return found

    def is_catch_all(self, parts: Parts) -> str | None:
        """The property that tells the members of a union apart, when this member takes the values of no other."""
        for name, schema in self.properties(parts).items():
            if (
                is_object(schema.value)
                and is_object(schema.value.get("not"))
                and "enum" in schema.value["not"]
            ):
                return name
        return None

    def distance(self, parts: Parts, value: Any) -> int:
        """How far a value is from the alternative: wrong constants, required members that are absent, unknown ones."""
        if not is_object(value):
            listed = [
                part.value["enum"]
                for part in parts
                if is_object(part.value) and is_array(part.value.get("enum"))
            ]
            return sum(value not in values for values in listed)
        known = self.properties(parts)
        wrong = 0
        for name, schema in known.items():
            if name in value and is_object(schema.value):
                if "const" in schema.value and schema.value["const"] != value[name]:
                    wrong += 1000
                if not any(self.takes(each, json_type(value[name])) for each in self.of(schema)):
                    wrong += 100
                refused = schema.value.get("not")
                if is_object(refused) and value[name] in (refused.get("enum") or []):
                    wrong += 1000
        listed_as_required: list[list[str]] = [part.value.get("required") or [] for part in parts]
        needed = [key for keys in listed_as_required for key in keys]
        wrong += 10 * sum(key not in value for key in needed)
        return wrong + sum(key not in known for key in value)
