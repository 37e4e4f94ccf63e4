"""Forms that a value may have to have: an object with certain keys, a list of strings, a mapping."""

from __future__ import annotations

from typing import Any

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


def strings_of(node: Node) -> tuple[str, ...]:
    """The elements of an array of strings.

    Raises:
        SpecRefused: when one of them is not a string.
    """
    for element in node.elements():
        if not isinstance(element.value, str):
            raise element.refuse(f"expected a string, found {describe_value(element.value)}")
    return tuple(element.value for element in node.elements())


def mapping_at(node: Node, key: str) -> dict[str, Any]:
    """The object under a key; empty where the key is absent."""
    return {name: child.value for name, child in node.items_at(key)}
