"""JSON encoding and decoding. msgspec is fast and strict: no NaN, no lone surrogates."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any, TypeGuard

import msgspec

DecodeError = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What `loads` raises on bytes that aren't JSON."""

dumps: Callable[[Any], bytes] = msgspec.json.Encoder().encode
"""A value as JSON in UTF-8. Raises msgspec.EncodeError or TypeError for what JSON cannot hold."""

loads: Callable[[bytes | str], Any] = msgspec.json.Decoder().decode
"""The value of a JSON document. Raises one of `DecodeError`."""


def json_text(value: Any) -> str | None:
    """A value as JSON, or None for one that JSON cannot hold: NaN, a circle, half of a surrogate pair, an object of a
    class that nothing is known of.
    """
    try:
        text = json.dumps(
            msgspec.to_builtins(value), ensure_ascii=False, allow_nan=False, separators=(",", ":")
        )
        text.encode()
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None
    return text


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value is an object. (`isinstance` alone would leave the types of its members unknown.)"""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether a JSON value is an array."""
    return isinstance(value, list)


def is_collection(value: object) -> TypeGuard[Collection[Any]]:
    """Whether a value is an array, or what callers in Python pass in its place."""
    return isinstance(value, (list, tuple, set, frozenset))
