"""The error that ends a command: one sentence, a remedy, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from . import exit_codes


class ErrorReport(NamedTuple):
    """An error as it is shown: the message, what to do about it, and the exit code."""

    message: str
    hint: str | None
    code: int


class CommandError(Exception):
    """Ends the command with a message, a remedy and an exit code.

    Args:
        message: what is wrong.
        hint: what to do about it.
        code: one of `exit_codes`; by default that of a usage error.
    """

    def __init__(self, message: str, hint: str | None = None, code: int = exit_codes.USAGE) -> None:
        super().__init__(message)
        self.report = ErrorReport(message, hint, code)


def suggest(word: str, known: Iterable[str]) -> list[str]:
    """Up to three known words that are similar to a mistyped one, the most similar first. Case is ignored."""
    from difflib import SequenceMatcher  # cost: for mistyped words only

    wanted = word.lower()
    tail = wanted.rpartition("/")[2]

    def likeness(name: str) -> float:
        lower = name.lower()
        whole = SequenceMatcher(None, wanted, lower).ratio()
        # Users omit the provider or name a wrong one: compare the model's own name as well.
        return max(whole, 0.95 * SequenceMatcher(None, tail, lower.rpartition("/")[2]).ratio())

    ranked = sorted(((likeness(name), name) for name in set(known)), key=lambda pair: (-pair[0], pair[1]))
    return [name for score, name in ranked[:3] if score >= 0.6]


def describe_json_error(error: Exception) -> str:
    """Why one line of a file is not JSON, with the position inside the line; the caller adds the line's number."""
    if isinstance(error, json.JSONDecodeError):
        return f"not valid JSON: {error.msg} (at character {error.pos + 1})"
    return f"not valid JSON: {error}"
