"""JSON Schemas that callers send: a value by such a schema, in bounded time and from nothing outside of the schema."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial
from typing import Any

from ..base.json import is_list, is_object
from .examples import Budget, CannotBuild, build

MOST_PARTS = 5_000
"""Values that a schema may consist of."""
DEEPEST = 64
"""How deep a schema may be nested."""
MOST_PATHS = 100_000
"""Ways through a schema that checking a value may have to try."""
CHECKED_LEVELS = 10
"""Levels of a value for which those ways are counted."""
MOST_VALUES, MOST_CHARACTERS = 10_000, 200_000
"""The size of a value that is made by a schema."""
PATTERN_BYTES = 1_000_000

_IN_PLACE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas")
_CHILDREN = (
    "properties",
    "patternProperties",
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "items",
    "prefixItems",
    "unevaluatedItems",
    "contains",
)


class NotASchema(ValueError):
    """What a caller sent is not a JSON Schema, or one that leads out of itself."""


def value_by(schema: dict[str, Any], rng: random.Random) -> Any:
    """A value that is valid by a caller's schema.

    Raises NotASchema, or CannotBuild when the schema allows no value or asks for more than the limits above.
    """
    _check_size(schema)
    try:
        resolve = partial(_resolve, schema)
        _Paths(resolve).count(schema, CHECKED_LEVELS)
        validator = _compile(schema)
        budget = Budget(MOST_VALUES, MOST_CHARACTERS, _matches)
        value = build(schema, rng, resolve, use_examples=False, budget=budget)
    except RecursionError:
        raise CannotBuild("the schema refers to itself without end") from None
    except (OverflowError, TypeError, ArithmeticError) as error:
        raise CannotBuild(f"no value can be computed: {error}") from error
    if not validator.is_valid(value):
        problem = next(iter(validator.iter_errors(value)))
        raise CannotBuild(f"the value made for it does not fit: {problem.message[:200]}")
    return value


def _refuse(uri: str) -> Any:
    raise ValueError("references to other documents are not followed")


def _compile(schema: dict[str, Any]) -> Any:
    import jsonschema_rs  # takes 35 ms, and a server is ready before its first request

    # This engine needs linear time; it has no look-around and no back-references, which do not.
    options = jsonschema_rs.RegexOptions(size_limit=PATTERN_BYTES)
    try:
        return jsonschema_rs.Draft202012Validator(schema, retriever=_refuse, pattern_options=options)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        reason = str(error).splitlines()[0][:200]
        if reason.endswith('is not a "regex"'):
            reason += " (patterns have no look-around, no back-references and a bounded size)"
        raise NotASchema(f"not a JSON schema: {reason}") from error


def _matches(pattern: str, text: str) -> bool:
    found: bool = _compile({"type": "string", "pattern": pattern}).is_valid(text)
    return found


def _check_size(schema: Any) -> None:
    parts, waiting = 0, [(schema, 0)]
    while waiting:
        part, depth = waiting.pop()
        parts += 1
        if parts > MOST_PARTS:
            raise CannotBuild(f"it consists of more than {MOST_PARTS} parts")
        if depth > DEEPEST:
            raise CannotBuild(f"it is nested more than {DEEPEST} levels deep")
        if is_object(part):
            for key in ("$ref", "$dynamicRef"):
                reference = part.get(key)
                if isinstance(reference, str) and not reference.startswith("#"):
                    raise NotASchema(f"the reference {reference[:100]!r} leads out of the schema")
            waiting += [(item, depth + 1) for item in part.values()]
        elif is_list(part):
            waiting += [(item, depth + 1) for item in part]


def _resolve(schema: dict[str, Any], part: Any) -> Any:
    for _ in range(50):
        if not is_object(part) or not isinstance(part.get("$ref"), str):
            return part
        found: Any = schema
        for piece in part["$ref"].lstrip("#").split("/")[1:]:
            name = piece.replace("~1", "/").replace("~0", "~")
            if is_list(found):
                found = found[int(name)] if name.isdecimal() and int(name) < len(found) else {}
            else:
                found = found.get(name, {}) if is_object(found) else {}
        part = found
    raise CannotBuild("a reference that leads to itself")


class _Paths:
    """Counts the ways through a schema, which grow exponentially when references meet alternatives."""

    def __init__(self, resolve: Any) -> None:
        self._resolve = resolve
        self._known: dict[tuple[int, int], int] = {}
        self._active: set[tuple[int, int]] = set()

    def count(self, part: Any, levels: int) -> int:
        part = self._resolve(part)
        if not is_object(part):
            return 1
        key = (id(part), levels)
        if key in self._known:
            return self._known[key]
        if key in self._active:
            raise CannotBuild("the schema refers to itself without end")
        self._active.add(key)
        total = 1
        for inner in _subschemas(part, _IN_PLACE):
            total += self.count(inner, levels)
        if levels:
            for inner in _subschemas(part, _CHILDREN):
                total += self.count(inner, levels - 1)
        if total > MOST_PATHS:
            raise CannotBuild("its references and alternatives combine to too many cases")
        self._active.discard(key)
        self._known[key] = total
        return total


def _subschemas(schema: dict[str, Any], keywords: tuple[str, ...]) -> Iterator[Any]:
    for keyword in keywords:
        value = schema.get(keyword)
        if is_list(value):
            yield from value
        elif keyword in ("properties", "patternProperties", "dependentSchemas") and is_object(value):
            yield from value.values()
        elif value is not None:
            yield value
