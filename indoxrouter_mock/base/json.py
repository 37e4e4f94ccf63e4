"""JSON encoding and decoding. msgspec is fast and strict: no NaN, no lone surrogates."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeGuard

import msgspec

DecodeError = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What `loads` raises on bytes that aren't JSON."""

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


def dumps(value: Any) -> bytes:
    """A value as JSON in UTF-8. Raises msgspec.EncodeError or TypeError for what JSON cannot hold."""
    return _encoder.encode(value)


def loads(content: bytes) -> Any:
    """The value of a JSON document. Raises one of `DecodeError`."""
    return _decoder.decode(content)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value is an object. (`isinstance` alone would leave the types of its members unknown.)"""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether a JSON value is an array."""
    return isinstance(value, list)


def is_collection(value: object) -> TypeGuard[Collection[Any]]:
    """Whether a value is an array, or what callers in Python pass in its place."""
    return isinstance(value, (list, tuple, set, frozenset))
