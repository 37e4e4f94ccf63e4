"""Adapts the answers of handlers to a spec that has changed since: renamed and newly required properties.

Handlers are written by hand, and may be older than the spec. A property that a handler writes under its former name is
renamed, and a required one that it lacks is made from the schema.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from ..base.json import is_list, is_object
from .examples import CannotBuild, build

Resolve = Callable[[Any], Any]
_FORMER = "x-renamed-from"
_KINDS: dict[str, type | tuple[type, ...]] = {"object": dict, "array": list, "string": str, "boolean": bool}


def former_names(schemas: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(former name, present name) for each renamed property or parameter of a table of them."""
    for name, schema in schemas.items():
        given: Any = schema.get(_FORMER, ()) if is_object(schema) else ()
        for former in (given,) if isinstance(given, str) else given:
            yield str(former), name


def evolved(value: Any, schema: Any, resolve: Resolve, rng: random.Random) -> Any:
    """The answer of a handler under the present names, with the required members that it lacks.

    Members that no value can be made for stay absent; the check of the answer reports them.
    """
    schema = resolve(schema)
    if not is_object(schema):
        return value
    for keyword in ("oneOf", "anyOf"):
        options = [resolve(option) for option in schema.get(keyword, ())]
        fitting = [option for option in options if _is_of(value, option)]
        if len(fitting) == 1:  # which of several it is, only a validator could tell
            value = evolved(value, fitting[0], resolve, rng)
    for part in schema.get("allOf", ()):
        value = evolved(value, part, resolve, rng)
    if is_list(value) and "items" in schema:
        return [evolved(item, schema["items"], resolve, rng) for item in value]
    return _object(value, schema, resolve, rng) if is_object(value) else value


def _object(value: dict[str, Any], schema: dict[str, Any], resolve: Resolve, rng: random.Random) -> Any:
    properties: dict[str, Any] = schema.get("properties", {})
    present = dict(former_names(properties))
    found = {
        present[name] if name in present and present[name] not in value else name: member
        for name, member in value.items()
    }
    for name, inner in properties.items():
        if name in found:
            found[name] = evolved(found[name], inner, resolve, rng)
    others = schema.get("additionalProperties")
    if is_object(others):
        for name in found.keys() - properties.keys():
            found[name] = evolved(found[name], others, resolve, rng)
    for name in schema.get("required", ()):
        if name not in found and name in properties:
            try:
                found[name] = build(properties[name], rng, resolve)
            except CannotBuild:
                continue
    return found


def _is_of(value: Any, schema: Any) -> bool:
    kind = schema.get("type") if is_object(schema) else None
    if kind is None:
        return is_object(value) and is_object(schema) and "properties" in schema
    expected = _KINDS.get(str(kind))
    return expected is not None and isinstance(value, expected)
