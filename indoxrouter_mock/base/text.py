"""Text for people."""

from __future__ import annotations


def plural(count: int, noun: str) -> str:
    """A number with its noun: `1 byte`, `2 bytes`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
