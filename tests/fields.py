"""The fields of a model, as whoever uses the class sees them."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

__all__ = ["fields_of"]


def fields_of(kind: Any) -> dict[str, str]:
    """The attributes of a model class by their names on the wire, in the order of the class."""
    return _fields_of(kind)


@cache
def _fields_of(kind: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        for name in inspect.get_annotations(base):
            if not name.startswith("_"):
                model = kind.from_dict({})
                setattr(model, name, 0)
                (wire,) = model.to_dict()
                found[wire] = name
    return found
