"""Type guards for JSON: after `isinstance(value, dict)` alone, type checkers do not know the keys."""

from __future__ import annotations

from typing import Any, TypeGuard


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """A JSON object. (A key that YAML reads as a number is still one; `Node.items` gives it as text.)"""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """A JSON array."""
    return isinstance(value, list)


def is_tuple(value: object) -> TypeGuard[tuple[Any, ...]]:
    """An immutable array."""
    return isinstance(value, tuple)
