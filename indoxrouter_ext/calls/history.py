"""The ledger of a call: one entry for each request that was sent, and what is known of the call as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

__all__ = ["Attempt", "CallInfo", "make_attempt", "make_info"]


class Attempt(NamedTuple):
    """One request of a call.

    Attributes:
        number: from 1.
        status: HTTP status, or None when no answer came.
        failure: how the network failed (`connect`, `read_timeout`, …), or None.
        elapsed: seconds from sending to the answer or the failure.
        waited: seconds waited before this attempt.
        request_id: the server's id of the request, if it gave one.
    """

    number: int
    status: int | None
    failure: str | None
    elapsed: float
    waited: float
    request_id: str | None


class CallInfo(NamedTuple):
    """What happened on the wire.

    Attributes:
        status: HTTP status of the answer.
        headers: of the answer; names ignore case.
        elapsed: seconds for the whole call, retries and waiting included.
        request_id: the server's id of the request, or None.
        attempts: every request that was sent.
    """

    status: int
    headers: Mapping[str, str]
    elapsed: float
    request_id: str | None
    attempts: tuple[Attempt, ...]


# The constructors of named tuples are Python functions; every call makes one of each.
_tuple: Any = tuple
make_attempt: Callable[[tuple[int, int | None, str | None, float, float, str | None]], Attempt]
make_attempt = partial(_tuple.__new__, Attempt)
make_info: Callable[[tuple[int, Mapping[str, str], float, str | None, tuple[Attempt, ...]]], CallInfo]
make_info = partial(_tuple.__new__, CallInfo)
