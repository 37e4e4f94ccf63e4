"""The base class of all exceptions of the package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

# Attributes of the errors of other clients, and where the same is found here.
_OTHER_NAMES = {
    "response": "status_code, .headers and .body",
    "status": "status_code",
    "code": "error_type",
    "type": "error_type",
    "param": "argument",
    "json": "body",
    "text": "message",
}


class Attempt(NamedTuple):
    """One request of a call.

    Attributes:
        number: position among the requests of the call, from 1.
        status: HTTP status, or None when no answer was received.
        failure: how the network failed (`connect`, `read_timeout`, …), or None.
        elapsed: seconds from sending to the answer or the failure.
        waited: seconds waited before this attempt.
        request_id: the server's id of the request, or None.
    """

    number: int
    status: int | None
    failure: str | None
    elapsed: float
    waited: float
    request_id: str | None


class BaseError(Exception):
    """The attributes of every exception of this package.

    Attributes:
        message: what went wrong, for people. Known secrets are masked in it.
        status_code: the HTTP status, or None if no answer was received.
        error_type: the error code of the server, such as `rate_limit_exceeded`, or None.
        details: the other fields of the error, as a dict.
        body: the whole body of the answer: the documented model where there is one, else JSON or text; or None.
        headers: the headers of the answer, names in lower case; empty if no answer was received.
        request_id: the id to quote to support, or None.
        retry_after: seconds to wait before another attempt, or None.
        reset_time: when a rate limit is reset, as a timezone-aware `datetime`, or None.
        attempts: one `Attempt` for each request that was sent.
        argument: for errors in arguments, the name of the argument; else None.
        partial: for interrupted streams, the response so far; else None.
    """

    def __init__(
        self,
        message: str = "",
        *,
        status_code: int | None = None,
        error_type: str | None = None,
        details: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        reset_time: datetime | None = None,
        attempts: Iterable[Attempt] = (),
        argument: str | None = None,
        partial: Any = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status_code = status_code
        self.error_type = error_type
        self.details: dict[str, Any] = dict(details or {})
        self.body = body
        self.headers: dict[str, str] = dict(headers or {})
        self.request_id = request_id
        self.retry_after = retry_after
        self.reset_time = reset_time
        self.attempts: tuple[Attempt, ...] = tuple(attempts)
        self.argument = argument
        self.partial: Any = partial

    def __str__(self) -> str:
        facts = [str(fact) for fact in (self.status_code, self.error_type) if fact is not None]
        if self.request_id:
            facts.append(f"request {self.request_id}")
        return f"{self.message} ({', '.join(facts)})" if facts else str(self.message)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    if not TYPE_CHECKING:  # hidden from type checkers, so that they report misspelt attributes

        def __getattr__(self, name: str) -> Any:
            from ..codecs.base import no_attribute  # cost: for wrong names only

            raise no_attribute(self, name, _OTHER_NAMES)

        # pydantic calls it by this name
        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
            from ..values.introspection import accept_instances  # cost: for pydantic only

            return accept_instances(cls, source, handler)
