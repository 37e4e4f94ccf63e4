"""What happened on the wire, for answers that have no place to keep it: lists, text, nothing at all."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..calls.history import Attempt, CallInfo

__all__ = ["RawResponse", "listening"]

T = TypeVar("T")

listening: ContextVar[list[CallInfo] | None] = ContextVar("indoxrouter_calls", default=None)
"""Where calls of this thread or task leave what happened on the wire; None when nobody asked."""


class RawResponse(Generic[T]):
    """The typed result of a call, and what happened on the wire.

    Attributes:
        parsed: what the method returned.
        http: status, headers, elapsed seconds, request id and attempts of the last call that the method made.
        calls: the same for every call that it made, in order; waiting for a job makes several.
    """

    __slots__ = ("calls", "http", "parsed")

    def __init__(self, parsed: T, http: CallInfo, calls: tuple[CallInfo, ...]) -> None:
        self.parsed = parsed
        self.http = http
        self.calls = calls

    def __repr__(self) -> str:
        return f"RawResponse({self.parsed!r}, status={self.status}, elapsed={self.elapsed:.3f})"

    @property
    def status(self) -> int:
        """HTTP status of the answer."""
        return self.http.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of the answer; names ignore case."""
        return self.http.headers

    @property
    def elapsed(self) -> float:
        """Seconds for the whole call, retries and waiting included."""
        return self.http.elapsed

    @property
    def request_id(self) -> str | None:
        """The server's id of the request, or None."""
        return self.http.request_id

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every request that was sent."""
        return self.http.attempts


def wrap(result: T, calls: list[CallInfo]) -> RawResponse[T]:
    """The result with its calls.

    Raises:
        TypeError: when the method made no call.
    """
    if not calls:
        raise TypeError("with_raw_response: expected a method of this client that makes a call")
    return RawResponse(result, calls[-1], tuple(calls))
