"""What kind of JSON a value is, in a form that type checkers follow.

`isinstance(value, dict)` leaves a strict checker with a dict of unknown keys and values; these say what JSON
guarantees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

__all__ = ["is_items", "is_list", "is_mapping", "is_object", "is_sequence"]


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether it is a JSON object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether it is a JSON array."""
    return isinstance(value, list)


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Whether it can be written as a JSON object, if its keys are text."""
    return type(value) is dict or isinstance(value, Mapping)  # the check against the abstract class is slow


def is_items(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Whether it is a list or a tuple, which are both written as a JSON array."""
    return isinstance(value, (list, tuple))


def is_sequence(value: object) -> TypeGuard[Iterable[Any]]:
    """Whether it is something to iterate over that is neither text, nor bytes, nor a mapping."""
    if type(value) is list:  # the checks against abstract classes are slow
        return True
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray, Mapping))
