"""The conjuncts of a schema: everything that holds for a value at once, with `$ref` and `allOf` resolved."""

from __future__ import annotations

from collections.abc import Iterable

from ..source.json_types import is_array, is_object
from ..source.node import Node, Resolver, describe_value
from ..source.problems import Contradiction
from .keywords import (
    ARRAY_WORDS,
    JSON_TYPES,
    KNOWN,
    NUMBER_FORMATS,
    NUMBER_WORDS,
    OBJECT_WORDS,
    REFUSED,
    STRING_WORDS,
    shaping,
)


def check_keywords(resolver: Resolver, node: Node) -> None:
    """Note keywords that a generated class cannot express; under `strict` also those that JSON Schema does not know."""
    problems = resolver.problems
    for word, value in node.value.items():
        text = ""
        if word in REFUSED:
            text = f"`{word}`: {REFUSED[word]}"
        elif word in ("then", "else") and is_object(value) and is_object(value.get("properties")):
            extra = sorted({*value["properties"]} - {*(node.value.get("properties") or {})})
            if extra:
                text = f"`{word}` declares properties that the object does not: {', '.join(extra)}"
        elif problems.strict and word not in KNOWN and not str(word).startswith("x-"):
            text = f"unknown keyword `{word}` in a schema; write `x-{word}` for an extension"
        if text:
            problems.found.append(node.child(word).problem(text))


def conjuncts_of(resolver: Resolver, node: Node, above: tuple[Node, ...] = ()) -> Iterable[Node]:
    """The schemas that all hold for a value of this one, with `$ref` and `allOf` resolved."""
    if any(node.key == other.key for other in above):
        raise node.refuse(
            "`allOf` and `$ref` form a cycle through this schema; let a property hold the schema instead"
        )
    if not is_object(node.value):
        if node.value is not True:
            raise node.refuse(
                f"a schema has to be an object or a boolean, found {describe_value(node.value)}; write one of them"
            )
        return
    if above:
        check_keywords(resolver, node)
    if "$ref" in node.value:
        yield from conjuncts_of(resolver, resolver.target(node), (*above, node))
    for member in node.elements_at("allOf"):
        yield from conjuncts_of(resolver, member, (*above, node))
    if shaping(node.value) - {"$ref", "allOf"} or node.value.get("nullable") is True:
        yield node


def kinds_of(conjuncts: list[Node], node: Node) -> tuple[list[str] | None, bool]:
    """The JSON kinds a value may have, in the author's order, without null; and whether null was among them."""
    allowed: list[str] | None = None
    null = False
    for conjunct in conjuncts:
        null = null or conjunct.value.get("nullable") is True
        if "type" not in conjunct.value:
            continue
        declared = conjunct.value["type"]
        listed = declared if is_array(declared) else [declared]
        for kind in listed:
            if not isinstance(kind, str) or kind not in JSON_TYPES:
                raise conjunct.child("type").refuse(
                    f"{kind!r} is not a JSON type; known: {', '.join(sorted(JSON_TYPES))}"
                )
        allowed = listed if allowed is None else common_kinds(allowed, listed)
        if not allowed:
            text = (
                "the types combined by `allOf` or `$ref` exclude each other; use `anyOf` for either of them"
            )
            raise node.refuse(text, Contradiction)
    if allowed is not None:
        return [kind for kind in dict.fromkeys(allowed) if kind != "null"], null or "null" in allowed
    words = {word for conjunct in conjuncts for word in conjunct.value}
    formats = [
        conjunct.value["format"] for conjunct in conjuncts if isinstance(conjunct.value.get("format"), str)
    ]
    if formats and formats[0] in NUMBER_FORMATS:
        return [NUMBER_FORMATS[formats[0]]], null
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
