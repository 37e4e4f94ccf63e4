"""Answers as servers of tomorrow may send them: with unknown fields, unknown enum values and nulls mixed in."""

from __future__ import annotations

import copy
import random
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.contract import shapes
from tests.contract.inputs import JSON_VALUES, values_of

UNKNOWN_FIELDS = ("x_new_field", "items", "keys", "self", "to_dict", "Ünknown-Field", "")
"""Among them the names of things that a model has itself."""


@st.composite
def _noisy(draw: Any, schema: dict[str, Any]) -> Any:
    value = copy.deepcopy(draw(values_of(schema)))
    chance = draw(st.randoms(use_true_random=False))
    extra = draw(JSON_VALUES)
    return disturb(schema, value, chance, extra)


def noisy(schema: dict[str, Any]) -> SearchStrategy[Any]:
    """Values of a schema with noise in them, half of them; the others are as clean as the schema wants them."""
    return st.one_of(values_of(schema), _noisy(schema))


def disturb(schema: dict[str, Any], value: Any, chance: random.Random, extra: Any) -> Any:
    """The value with noise in it. What tells the members of a union apart is left alone."""
    schema, _ = shapes.named(schema)
    for keyword in ("anyOf", "oneOf"):
        member = next((member for member in schema.get(keyword, ()) if shapes.accepts(member, value)), None)
        if member is not None:
            return disturb(member, value, chance, extra)
    if isinstance(value, dict):
        return _disturb_object(schema, value, chance, extra)
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [disturb(schema["items"], item, chance, extra) for item in value]
    if isinstance(value, str) and "enum" in schema and chance.random() < 0.5:
        return "a-value-of-tomorrow"
    return value


def _disturb_object(
    schema: dict[str, Any], value: dict[str, Any], chance: random.Random, extra: Any
) -> dict[str, Any]:
    properties = schema.get("properties", {})
    required = schema.get("required", ())
    found: dict[str, Any] = {}
    for key, item in value.items():
        if key not in properties or "const" in shapes.named(properties[key])[0]:
            found[key] = item
        elif key not in required and chance.random() < 0.25:
            found[key] = None
        else:
            found[key] = disturb(properties[key], item, chance, extra)
    for key in properties:
        if (
            key not in found
            and key not in required
            and "const" not in shapes.named(properties[key])[0]
            and chance.random() < 0.15
        ):
            found[key] = None
    if chance.random() < 0.6:
        found[chance.choice(UNKNOWN_FIELDS)] = extra
    return found
