"""Literals as Python source."""

from __future__ import annotations

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
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def keywords(**values: Any) -> str:
    """Further arguments of a call, as source with a comma before each; None, False and what is empty are left out."""
    given = {name: value for name, value in values.items() if value not in (None, False, (), [], {})}
    return "".join(f", {name}={literal(value)}" for name, value in given.items())
