"""Text for people, and numbers in texts of clients."""

from __future__ import annotations

import re
from typing import Any

_is_number = re.compile(r"\s*-?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*", re.ASCII).fullmatch


def plural(count: int, noun: str) -> str:
    """A number with its noun: `1 byte`, `2 bytes`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def decimal(value: Any) -> float:
    """The number that a value or its text is.

    Raises ValueError for text that only Python reads, such as `1_0` and `nan`, else as `float` does.
    """
    if isinstance(value, str) and (len(value) > 300 or not _is_number(value)):
        raise ValueError(f"{value[:60]!r} is not a number")
    return float(value)


def integer(text: str) -> int:
    """The whole number that a text is; raises ValueError as `decimal` does."""
    decimal(text)
    return int(text)
