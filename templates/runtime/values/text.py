"""Text for people, as messages and `repr` need it, and the numbers in texts of servers."""

from __future__ import annotations

import re

_is_number = re.compile(r"\s*-?(\d+|\d*\.\d+)([eE][+-]?\d{1,2})?\s*", re.ASCII).fullmatch


def number_of(text: str) -> float | None:
    """The number that a text is, whole without a point or an exponent; None for other texts, and beyond 60 characters.

    Python's `float` also takes `1_0`, `+5`, `nan` and the digits of other scripts.
    """
    if len(text) > 60 or not _is_number(text):
        return None
    return float(text) if {".", "e", "E"} & set(text) else int(text)


def plural(count: int, noun: str) -> str:
    """A number with its noun: `1 event`, `1,200 events`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
