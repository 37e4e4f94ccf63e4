"""Masking of secrets in text and JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .json import is_items, is_object

_MASK = "***"


def mask(value: Any, secrets: Iterable[str]) -> Any:
    """Replace secrets in text, at any depth of a JSON value. Secrets of fewer than four characters are not replaced."""
    known = sorted({secret for secret in secrets if len(secret) >= 4}, key=len, reverse=True)
    if not known:
        return value
    copies: list[Any] = [[value]]
    for copy in copies:  # a loop: a server may nest values more deeply than functions can be called
        for key in list[Any](copy if is_object(copy) else range(len(copy))):
            each: Any = copy[key]
            if isinstance(each, str):
                copy[key] = _without(known, each)
            elif is_object(each) or is_items(each):
                copy[key] = {_without(known, name): each[name] for name in each} if is_object(each) else [*each]
                copies.append(copy[key])
    return copies[0][0]


def _without(secrets: list[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, _MASK)
    return text
