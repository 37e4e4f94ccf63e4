"""The base class of all exceptions of the package."""

from __future__ import annotations

from typing import Any

__all__ = ["BaseError"]


class BaseError(Exception):
    """The attributes of every exception of this package.

    Attributes:
        message: what went wrong, for people. Known secrets are masked in it.
        status_code: the HTTP status, or None if no answer was received.
        error_type: the error code of the server, such as `rate_limit_exceeded`, or None.
        details: the other fields of the error, as a dict.
        body: the whole body of the answer: the documented model where there is one, else JSON or text; or None.
        request_id: the id to quote to support, or None.
        retry_after: seconds to wait before another attempt, or None.
        reset_time: when a rate limit is reset, as a timezone-aware `datetime`, or None.
        attempts: one `Attempt` for each request that was sent.
        argument: for errors in arguments, the name of the argument; else None.
        partial: for interrupted streams, the response so far; else None.
    """

    def __init__(self, message: str = "", **attributes: Any) -> None:
        super().__init__(message)
        self.message = message
        self.status_code: int | None = attributes.pop("status_code", None)
        self.error_type: str | None = attributes.pop("error_type", None)
        self.details: dict[str, Any] = attributes.pop("details", None) or {}
        self.body: Any = attributes.pop("body", None)
        self.request_id: str | None = attributes.pop("request_id", None)
        self.retry_after: float | None = attributes.pop("retry_after", None)
        self.reset_time: Any = attributes.pop("reset_time", None)
        self.attempts: tuple[Any, ...] = tuple(attributes.pop("attempts", ()))
        self.argument: str | None = attributes.pop("argument", None)
        self.partial: Any = attributes.pop("partial", None)
        if attributes:
            raise TypeError(f"{type(self).__name__} has no attribute {next(iter(attributes))!r}")

    def __str__(self) -> str:
        facts = [str(fact) for fact in (self.status_code, self.error_type) if fact is not None]
        if self.request_id:
            facts.append(f"request {self.request_id}")
        return f"{self.message} ({', '.join(facts)})" if facts else self.message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"
