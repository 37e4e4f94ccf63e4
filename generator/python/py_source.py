"""Literals as Python source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..source.json_types import is_array, is_object, is_tuple


def literal(value: Any) -> str:
    """A JSON value as Python source. `repr` escapes whatever could end the literal, and keeps the value exact."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)
    if is_object(value):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    if is_array(value):
        return f"[{', '.join(map(literal, value))}]"
    if is_tuple(value):
        return _tuple(value)
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _tuple(items: Sequence[Any]) -> str:
    return f"({', '.join(map(literal, items))}{',' if len(items) == 1 else ''})"
