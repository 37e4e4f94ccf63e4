"""Masking of secrets in text and JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .json import is_items, is_object

_MASK = "***"


def mask(value: Any, secrets: Iterable[str]) -> Any:
    """Replace secrets in text, at any depth of a JSON value. Secrets of fewer than four characters are not replaced."""
    known = sorted({secret for secret in secrets if len(secret) >= 4}, key=len, reverse=True)
    return _mask(value, known) if known else value


def _mask(value: Any, known: list[str]) -> Any:
    if isinstance(value, str):
        for secret in known:
            value = value.replace(secret, _MASK)
        return value
    if is_object(value):
        return {_mask(key, known): _mask(item, known) for key, item in value.items()}
    if is_items(value):
        return [_mask(item, known) for item in value]
    return value
