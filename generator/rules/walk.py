"""Every object of a description and what it is: a walk that follows OpenAPI's structure, not the interpreter's.

The completeness check counts with it and `lint` checks extensions with it, so neither misses what the interpreter
misses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..description.operations import METHODS
from ..source.json_types import is_array, is_object
from ..source.node import Node, Resolver

Kind: TypeAlias = Literal[
    "root", "info", "server", "tag", "components", "security scheme", "path item", "operation", "parameter",
    "request body", "response", "callback", "media type", "header", "schema",
]  # fmt: skip
_Form: TypeAlias = Literal["one", "list", "map"]

# Schemas inside these keywords declare nothing: they describe what a value may not be, or may be.
_HYPOTHETICAL = ("not", "if", "then", "else", "contains", "propertyNames")
_NESTED = ("items", "additionalProperties", "contentSchema", "unevaluatedProperties", "unevaluatedItems")
# What an object of each kind holds: under which key, in which form, and of which kind.
_HOLDS: dict[Kind, tuple[tuple[str, _Form, Kind], ...]] = {
    "root": (
        ("info", "one", "info"),
        ("servers", "list", "server"),
        ("tags", "list", "tag"),
        ("components", "one", "components"),
        ("paths", "map", "path item"),
        ("webhooks", "map", "path item"),
    ),
    "components": (("securitySchemes", "map", "security scheme"), ("schemas", "map", "schema")),
    "path item": (
        ("parameters", "list", "parameter"),
        *((method, "one", "operation") for method in METHODS),
    ),
    "operation": (
        ("parameters", "list", "parameter"),
        ("requestBody", "one", "request body"),
        ("responses", "map", "response"),
        ("callbacks", "map", "callback"),
    ),
    "parameter": (("schema", "one", "schema"), ("content", "map", "media type")),
    "request body": (("content", "map", "media type"),),
    "response": (("content", "map", "media type"), ("headers", "map", "header")),
    "media type": (("schema", "one", "schema"), ("itemSchema", "one", "schema")),
    "schema": (
        *((word, "one", "schema") for word in (*_NESTED, *_HYPOTHETICAL)),
        *((word, "list", "schema") for word in ("allOf", "anyOf", "oneOf", "prefixItems")),
        *((word, "map", "schema") for word in ("properties", "patternProperties")),
    ),
}
# Where `x-` keys may stand among the members of a map; elsewhere, a header for example, they are names as others.
_EXTENSIBLE = frozenset({"root", "components", "operation", "callback"})


@dataclass(frozen=True, eq=False)
class Part:
    """An object of the description.

    Attributes:
        kind: what it is.
        node: its place, with references followed.
        declared: for schemas, whether they apply to the value (inside `not` they do not).
    """

    kind: Kind
    node: Node
    declared: bool = True


def walk(resolver: Resolver) -> Iterator[Part]:
    """Every object, each once for each kind. A reference without a target is noted as a problem, and has no parts."""
    seen: set[tuple[Kind, tuple[str, tuple[str, ...]], bool]] = set()
    pending = [Part("root", resolver.root)]
    while pending:
        part = pending.pop()
        if part.kind != "schema":
            node = Node(None, part.node.file, part.node.pointer)
            with resolver.problems.collect():
                node = resolver.follow(part.node)
            part = Part(part.kind, node)
        mark = part.kind, part.node.key, part.declared
        if mark in seen or not is_object(part.node.value):
            continue
        seen.add(mark)
        yield part
        pending.extend(_inside(part, resolver))


def _inside(part: Part, resolver: Resolver) -> Iterator[Part]:
    node = part.node
    if part.kind == "callback":
        yield from (Part("path item", item) for name, item in node.items() if not name.startswith("x-"))
    if part.kind == "schema" and "$ref" in node.value:
        with resolver.problems.collect():
            yield Part("schema", resolver.target(node), part.declared)
    for key, form, kind in _HOLDS.get(part.kind, ()):
        found = None
        with resolver.problems.collect():
            found = resolver.get(node, key) if form == "map" else node.get(key)
        declared = part.declared and key not in _HYPOTHETICAL
        if found is None or (key == "itemSchema" and "schema" in node.value):
            continue
        if form == "one":
            yield Part(kind, found, declared)
        elif form == "list" and is_array(found.value):
            yield from (Part(kind, element, declared) for element in found.elements())
        elif form == "map" and is_object(found.value):
            for name, member in found.items():
                if not (part.kind in _EXTENSIBLE and name.startswith("x-")):
                    yield Part(kind, member, declared)


def operations_of(resolver: Resolver) -> Iterator[tuple[str, str, Node]]:
    """Path, method and place of every operation below `paths`."""
    for path, item in resolver.root.items_at("paths"):
        for method, node in resolver.follow(item).items():
            if method in METHODS and is_object(node.value):
                yield path, method, node


def parameters_of(node: Node, resolver: Resolver) -> list[Node]:
    """The parameters that stand at an operation, or at a path item."""
    found: list[Node] = []
    with resolver.problems.collect():
        for entry in node.elements_at("parameters"):
            with resolver.problems.collect():
                found.append(resolver.follow(entry))
    return [parameter for parameter in found if is_object(parameter.value)]
