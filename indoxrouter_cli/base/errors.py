"""The error that ends a command: one sentence, a remedy, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from . import exit_codes

__all__ = ["CommandError", "ErrorReport", "describe_json_error", "suggest"]


class ErrorReport(NamedTuple):
    """A failure as it is shown."""

    message: str
    hint: str | None
    code: int


class CommandError(Exception):
    """Ends the command with a message, a remedy and an exit code.

    Args:
        message: what is wrong.
        hint: what to do about it.
        code: one of `exit_codes`; a usage error by default.
    """

    def __init__(self, message: str, hint: str | None = None, code: int = exit_codes.USAGE) -> None:
        super().__init__(message)
        self.report = ErrorReport(message, hint, code)


def suggest(word: str, known: Iterable[str]) -> list[str]:
    """Up to three known words that look like a mistyped one, the likeliest first. Upper and lower case are the same."""
    from difflib import SequenceMatcher

    wanted = word.lower()
    tail = wanted.rpartition("/")[2]

    def likeness(name: str) -> float:
        lower = name.lower()
        whole = SequenceMatcher(None, wanted, lower).ratio()
        # People leave the provider out, or name the wrong one: the model's own name counts as well.
        return max(whole, 0.95 * SequenceMatcher(None, tail, lower.rpartition("/")[2]).ratio())

    ranked = sorted(((likeness(name), name) for name in set(known)), key=lambda pair: (-pair[0], pair[1]))
    return [name for score, name in ranked[:3] if score >= 0.6]


def describe_json_error(error: Exception) -> str:
    """Why a line is not JSON. It is one line of many: where in it, and no number of a line but its own."""
    if isinstance(error, json.JSONDecodeError):
        return f"this is not JSON: {error.msg} (at character {error.pos + 1})"
    return f"this is not JSON: {error}"
