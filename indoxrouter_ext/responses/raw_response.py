"""The HTTP side of calls whose results cannot carry it: lists, text, None."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from indoxrouter._runtime.codecs.base import no_attribute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..calls.answer import Attempt, CallInfo

ResultT = TypeVar("ResultT")

call_log: ContextVar[list[CallInfo] | None] = ContextVar("indoxrouter_calls", default=None)
"""Receives the HTTP side of each call of this thread or task; None outside `with_raw_response`."""


class RawResponse(Generic[ResultT]):
    """The typed result of a method together with the HTTP side of its calls.

    Attributes:
        parsed: what the method returned.
        http: status, headers, elapsed seconds, request id and attempts of the last call that the method made.
        calls: the same for every call that the method made, in order; waiting for a job makes several.
    """

    __slots__ = ("calls", "http", "parsed")

    def __init__(self, parsed: ResultT, http: CallInfo, calls: tuple[CallInfo, ...]) -> None:
        self.parsed = parsed
        self.http = http
        self.calls = calls

    if not TYPE_CHECKING:  # hidden from type checkers, so that they report misspelt attributes

        def __getattr__(self, name: str) -> Any:
            others = dict.fromkeys(("parse", "json", "result", "value", "body"), "parsed")
            if not name.startswith("_") and name not in self.__slots__ and name in dir(self.parsed):
                others = {**others, name: f"parsed.{name}"}
            raise no_attribute(self, name, {**others, "status_code": "status"})

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


@contextmanager
def recorded_calls(method: object) -> Generator[list[CallInfo]]:
    """A list that receives the HTTP side of each call of this thread or task within the block.

    Raises:
        TypeError: for a `method` that cannot be called, as the answer of a call that was made too early, and at the end
            of the block when no call was made.
    """
    if not callable(method):
        kind = type(method).__name__
        raise TypeError(
            f"method: expected a method such as client.chat, and its arguments after it, got {kind}"
        )
    calls: list[CallInfo] = []
    token = call_log.set(calls)
    try:
        yield calls
    finally:
        call_log.reset(token)
    if not calls:
        raise TypeError("with_raw_response: expected a method of this client that makes a call")
