"""Text for people, and numbers in texts of clients."""

from __future__ import annotations

import re

_is_number = re.compile(r"\s*-?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*", re.ASCII).fullmatch


def plural(count: int, noun: str) -> str:
    """A number with its noun: `1 byte`, `2 bytes`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def decimal(text: str) -> float:
    """The number that a text is; raises ValueError for what only Python reads, such as `1_0` and `nan`."""
    if len(text) > 300 or not _is_number(text):
        raise ValueError(f"{text[:60]!r} is not a number")
    return float(text)


def integer(text: str) -> int:
    """The whole number that a text is; raises ValueError as `decimal` does."""
    decimal(text)
    return int(text)
