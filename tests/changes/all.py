"""All changes, and those that can be made together."""

from __future__ import annotations

from . import in_answers, in_calls, in_operations, in_requests, in_schemas
from .change import Change

ALL: list[Change] = [
    *in_answers.CHANGES,
    *in_requests.CHANGES,
    *in_schemas.CHANGES,
    *in_operations.CHANGES,
    *in_calls.CHANGES,
]
# What an API adds, deprecates, or renames with its old name declared: code that uses the client keeps working.
TOGETHER = [change for change in ALL if not change.breaks]

__all__ = ["ALL", "TOGETHER"]
