"""The facets of a schema: everything that holds for a value of it at once, references and `allOf` resolved."""

from __future__ import annotations

from collections.abc import Iterable

from ..source.json_types import is_array, is_object
from ..source.node import Node, Resolver, describe
from .keywords import (
    ANNOTATIONS,
    ARRAY_WORDS,
    JSON_TYPES,
    NUMBER_WORDS,
    OBJECT_WORDS,
    REFUSED,
    SERVER_SIDE,
    SHAPING,
    STRING_WORDS,
    shaping,
)


def check_words(node: Node) -> None:
    """Refuse what no generated class can follow, and what nobody knows."""
    for word, child in node.items():
        if word in REFUSED:
            raise child.refuse(f"`{word}`: {REFUSED[word]}")
        if word in ("then", "else") and is_object(child.value) and "properties" in child.value:
            known = set(node.value.get("properties") or {})
            extra = sorted(set(child.value["properties"]) - known)
            if extra:
                raise child.refuse(
                    f"`{word}` declares properties that the object does not: {', '.join(extra)}"
                )
        if (
            word not in ANNOTATIONS
            and word not in SERVER_SIDE
            and word not in SHAPING
            and not word.startswith("x-")
        ):
            raise child.refuse(f"unknown word `{word}` in a schema; if it is yours, write `x-{word}`")


def facets_of(resolver: Resolver, node: Node, above: tuple[Node, ...] = ()) -> Iterable[Node]:
    """The schemas that all hold for a value of this one, references and `allOf` resolved."""
    if any(node.key == other.key for other in above):
        raise node.refuse("`allOf` and `$ref` lead from this schema back to itself")
    if not is_object(node.value):
        if node.value is not True:
            raise node.refuse(f"a schema has to be an object or a boolean, found {describe(node.value)}")
        return
    if above:
        check_words(node)
    if "$ref" in node.value:
        yield from facets_of(resolver, resolver.target(node), (*above, node))
    every = node.get("allOf")
    for member in every.elements() if every is not None else ():
        yield from facets_of(resolver, member, (*above, node))
    if shaping(node.value) - {"$ref", "allOf"} or node.value.get("nullable") is True:
        yield node


def kinds_of(facets: list[Node], node: Node) -> tuple[list[str] | None, bool]:
    """The JSON kinds a value may have, in the author's order, without null; and whether null was among them."""
    allowed: list[str] | None = None
    null = False
    for facet in facets:
        null = null or facet.value.get("nullable") is True
        if "type" not in facet.value:
            continue
        declared = facet.value["type"]
        listed = declared if is_array(declared) else [declared]
        for kind in listed:
            if not isinstance(kind, str) or kind not in JSON_TYPES:
                raise facet.child("type").refuse(
                    f"{kind!r} is no JSON type; known: {', '.join(sorted(JSON_TYPES))}"
                )
        allowed = listed if allowed is None else common_kinds(allowed, listed)
        if not allowed:
            raise node.refuse("the types that `allOf` or `$ref` bring together exclude each other")
    if allowed is not None:
        return [kind for kind in dict.fromkeys(allowed) if kind != "null"], null or "null" in allowed
    words = {word for facet in facets for word in facet.value}
    for kind, telling in (
        ("object", OBJECT_WORDS),
        ("array", ARRAY_WORDS),
        ("string", STRING_WORDS),
        ("number", NUMBER_WORDS),
    ):
        if words & telling:
            return [kind], null
    if "format" in words:
        return ["string"], null
    return None, null


def common_kinds(first: list[str], second: list[str]) -> list[str]:
    """The types that both lists allow; an integer is a number."""
    both = [kind for kind in first if kind in second]
    if "number" in first and "integer" in second and "integer" not in both:
        both.append("integer")
    if "integer" in first and "number" in second and "integer" not in both:
        both.append("integer")
    return both


__all__ = ["check_words", "common_kinds", "facets_of", "kinds_of"]
