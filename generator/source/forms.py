"""Forms that a value may have to have: an object with certain keys, a list of strings, a mapping."""

from __future__ import annotations

from typing import Any

from .json_types import is_array
from .node import Node, describe_value


def check_keys(node: Node, keys: frozenset[str], *, required: frozenset[str] = frozenset()) -> None:
    """Check that an object has no other keys than these, and all the required ones.

    Raises:
        SpecRefused: for the first key that is unknown or missing.
    """
    present = {key for key, _ in node.items()}
    unknown = sorted(present - keys)
    if unknown:
        raise node.refuse(f"unknown key {unknown[0]!r}; known: {', '.join(sorted(keys))}")
    missing = sorted(required - present)
    if missing:
        raise node.refuse(f"the key {missing[0]!r} is missing")


def strings_at(node: Node, key: str) -> tuple[str, ...]:
    """The elements of the array of strings under a key; none where the key is absent.

    Raises:
        SpecRefused: for anything but an array, and for an element that is not a string.
    """
    listed = node.get(key)
    if listed is None:
        return ()
    for part in listed.elements() if is_array(listed.value) else [listed]:
        if part is listed or not isinstance(part.value, str):
            raise part.refuse(f"`{key}` lists strings, found {describe_value(part.value)}")
    return tuple(listed.value)


def mapping_at(node: Node, key: str) -> dict[str, Any]:
    """The object under a key; empty where the key is absent."""
    return {name: child.value for name, child in node.items_at(key)}
