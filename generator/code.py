"""Pieces of Python: literals, and the imports that a piece of code needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def literal(value: Any) -> str:
    """A JSON value as Python source. `repr` escapes whatever could end the literal, and keeps the value exact."""
    match value:
        case None | bool() | int() | float() | str():
            return repr(value)
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case tuple():
            return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
        case dict():
            return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
        case _:
            raise TypeError(f"{type(value).__name__} is not a JSON value")


@dataclass
class Needs:
    """What the code of one module refers to, to be imported there.

    `models` and `params` hold Python names of components; the others hold the names themselves.
    """

    models: set[str] = field(default_factory=set[str])
    params: set[str] = field(default_factory=set[str])
    typing: set[str] = field(default_factory=set[str])
    collections: set[str] = field(default_factory=set[str])
    datetime: bool = False
    runtime: set[str] = field(default_factory=set[str])
    codec: set[str] = field(default_factory=set[str])
    front_door: set[str] = field(default_factory=set[str])


__all__ = ["Needs", "literal"]
