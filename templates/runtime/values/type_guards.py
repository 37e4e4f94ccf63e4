"""Type guards for JSON values.

After `isinstance(value, dict)` a strict type checker knows neither keys nor values; these guards state what JSON
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
    """Whether it can be written as a JSON object, if its keys are text. Models are not counted: `to_dict` reads them."""
    if type(value) is dict:  # the check of the abstract class is slow
        return True
    kind: Any = value.__class__
    return isinstance(value, Mapping) and not hasattr(kind, "_schema_")


def is_items(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Whether it is a list or a tuple, which are both written as a JSON array."""
    return isinstance(value, (list, tuple))


def is_sequence(value: object) -> TypeGuard[Iterable[Any]]:
    """Whether it is an iterable other than text, bytes and mappings."""
    if type(value) is list:  # the checks of abstract classes are slow
        return True
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray, Mapping))
