"""Text for people, as messages and `repr` need it."""

from __future__ import annotations


def plural(count: int, noun: str) -> str:
    """A number with its noun: `1 event`, `1,200 events`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
