"""Text for people, as messages and `repr` need it, and the numbers in texts of servers."""

from __future__ import annotations

import re

_is_number = re.compile(r"\s*-?(\d+|\d*\.\d+)([eE][+-]?\d{1,2})?\s*", re.ASCII).fullmatch


def number_of(value: object) -> int | float | None:
    """The number that a value or its text is; None for others, for bools, and for texts beyond 60 characters.

    A text without a point or an exponent is a whole number. Python's `float` also takes `1_0`, `+5`, `nan` and the
    digits of other scripts.
    """
    if not isinstance(value, str):
        return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    if len(value) > 60 or not _is_number(value):
        return None
    return float(value) if {".", "e", "E"} & set(value) else int(value)


def plural(count: int, noun: str) -> str:
    """A number with its noun: `1 event`, `1,200 events`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
