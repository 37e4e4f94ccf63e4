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
    "request body", "response", "media type", "header", "schema",
]  # fmt: skip
# Schemas inside these keywords declare nothing: they describe what a value may not be, or may be.
_HYPOTHETICAL = ("not", "if", "then", "else", "contains", "propertyNames")
_NESTED_ONE = ("items", "additionalProperties", "contentSchema", "unevaluatedProperties", "unevaluatedItems")
_NESTED_LIST = ("allOf", "anyOf", "oneOf", "prefixItems")
_NESTED_MAP = ("properties", "patternProperties")


@dataclass(frozen=True, eq=False)
class Part:
    """An object of the description.

    Attributes:
        kind: what it is.
        node: its place, with references followed.
        operation: the operation that it was reached from, if any.
        declared: for schemas, whether they apply to the value (inside `not` they do not).
    """

    kind: Kind
    node: Node
    operation: Node | None = None
    declared: bool = True


class Walk:
    """Walks a description once."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._seen: set[tuple[Kind, tuple[str, tuple[str, ...]], bool]] = set()

    def parts(self) -> Iterator[Part]:
        """Every object, each once for each kind."""
        root = self._resolver.root
        yield Part("root", root)
        yield from self._single(root, "info", "info")
        yield from self._listed(root, "servers", "server")
        yield from self._listed(root, "tags", "tag")
        components = root.get("components")
        if components is not None and is_object(components.value):
            yield Part("components", components)
            for key, kind in (("securitySchemes", "security scheme"), ("schemas", "schema")):
                for name, node in components.items_at(key):
                    if not name.startswith("x-"):
                        yield from (
                            self._schema(node, True)
                            if kind == "schema"
                            else self._one("security scheme", node)
                        )
        for key in ("paths", "webhooks"):
            group = root.get(key)
            for name, node in group.items() if group is not None and group.value else ():
                if not name.startswith("x-"):
                    yield from self._path_item(node)

    def _follow(self, node: Node) -> Node:
        """The target of a reference. One without a target is a problem of reading; it is noted, and has no parts."""
        found = Node({}, node.file, node.pointer)
        with self._resolver.problems.collect():
            found = self._resolver.follow(node)
        return found

    def _once(self, kind: Kind, node: Node, declared: bool = True) -> bool:
        mark = (kind, node.key, declared)
        new = mark not in self._seen and is_object(node.value)
        self._seen.add(mark)
        return new

    def _one(self, kind: Kind, node: Node, operation: Node | None = None) -> Iterator[Part]:
        node = self._follow(node)
        if self._once(kind, node):
            yield Part(kind, node, operation)

    def _single(self, node: Node, key: str, kind: Kind) -> Iterator[Part]:
        found = node.get(key)
        if found is not None:
            yield from self._one(kind, found)

    def _listed(self, node: Node, key: str, kind: Kind) -> Iterator[Part]:
        for element in node.elements_at(key):
            yield from self._one(kind, element)

    def _path_item(self, node: Node) -> Iterator[Part]:
        node = self._follow(node)
        if not self._once("path item", node):
            return
        yield Part("path item", node)
        yield from self._parameters(node, None)
        for method, entry in node.items():
            operation = self._follow(entry) if method in METHODS else entry
            if method in METHODS and self._once("operation", operation):
                yield Part("operation", operation)
                yield from self._parameters(operation, operation)
                body = operation.get("requestBody")
                if body is not None:
                    yield from self._body(body, operation)
                for status, response in operation.items_at("responses"):
                    if not status.startswith("x-"):
                        yield from self._response(response, operation)
                for _, callback in operation.items_at("callbacks"):
                    for expression, item in self._follow(callback).items():
                        if not expression.startswith("x-"):
                            yield from self._path_item(item)

    def _parameters(self, node: Node, operation: Node | None) -> Iterator[Part]:
        for entry in node.elements_at("parameters"):
            parameter = self._follow(entry)
            if self._once("parameter", parameter):
                yield Part("parameter", parameter, operation)
                yield from self._schema_and_content(parameter, operation)

    def _body(self, node: Node, operation: Node) -> Iterator[Part]:
        node = self._follow(node)
        if self._once("request body", node):
            yield Part("request body", node, operation)
            yield from self._schema_and_content(node, operation)

    def _response(self, node: Node, operation: Node) -> Iterator[Part]:
        node = self._follow(node)
        if not self._once("response", node):
            return
        yield Part("response", node, operation)
        yield from self._schema_and_content(node, operation)
        for _, entry in node.items_at("headers"):
            header = self._follow(entry)
            if self._once("header", header):
                yield Part("header", header, operation)

    def _schema_and_content(self, node: Node, operation: Node | None) -> Iterator[Part]:
        schema = node.get("schema")
        if schema is not None:
            yield from self._schema(schema, True)
        content = node.get("content")
        for _, media in content.items() if content is not None and content.value else ():
            if self._once("media type", media):
                yield Part("media type", media, operation)
            schema = media.get("schema") or media.get("itemSchema")
            if schema is not None:
                yield from self._schema(schema, True)

    def _schema(self, node: Node, declared: bool) -> Iterator[Part]:
        pending = [(node, declared)]
        while pending:
            node, declared = pending.pop()
            if not self._once("schema", node, declared):
                continue
            yield Part("schema", node, None, declared)
            if "$ref" in node.value:
                with self._resolver.problems.collect():
                    pending.append((self._resolver.target(node), declared))
            for word, child in node.items():
                if word in _NESTED_ONE and is_object(child.value):
                    pending.append((child, declared))
                elif word in _NESTED_LIST and is_array(child.value):
                    pending.extend((element, declared) for element in child.elements())
                elif word in _NESTED_MAP and is_object(child.value):
                    group = self._resolver.get(node, word) or child
                    pending.extend((element, declared) for _, element in group.items())
                elif word in _HYPOTHETICAL:
                    pending.append((child, False))
