"""Text for people, as messages and `repr` need it, and the numbers in texts of servers."""

from __future__ import annotations

import re
import sys

# Compiled when it is first needed: few servers send numbers as text.
_NUMBER = r"\s*-?(\d+|\d*\.\d+)([eE][+-]?\d{1,2})?\s*"


def number_of(value: object) -> int | float | None:
    """The number that a value or its text is; None for others, for bools, and for texts beyond 60 characters.

    A text without a point or an exponent is a whole number. Python's `float` also takes `1_0`, `+5`, `nan` and the
    digits of other scripts.
    """
    if not isinstance(value, str):
        return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    if len(value) > 60 or not re.fullmatch(_NUMBER, value, re.ASCII):
        return None
    return float(value) if {".", "e", "E"} & set(value) else int(value)


def amount_of(value: object, most: float = sys.float_info.max) -> float | None:
    """The number that a value or its text is, if it is from 0 to `most`; else None."""
    number = number_of(value)
    return float(number) if number is not None and 0 <= number <= most else None


def plural(count: int, noun: str) -> str:
    """A number with its noun: `1 event`, `1,200 events`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
