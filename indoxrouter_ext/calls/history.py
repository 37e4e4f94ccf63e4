"""What a call consists of afterwards: its HTTP answer, each request that was sent, and the summary that callers
read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from indoxrouter._runtime.errors.base_error import Attempt

if TYPE_CHECKING:
    from indoxrouter._runtime.http.interface import Headers, TransportFailure
    from indoxrouter.errors import IndoxRouterError

__all__ = ["Attempt", "CallInfo", "HttpAnswer", "ModelAttempt", "make_attempt"]


class ModelAttempt(NamedTuple):
    """One model of a call with `fallback_models`.

    Attributes:
        model: as it was requested.
        cost: in USD; 0.0 if the server refused the request; None if nothing was reported, and it may have been charged.
        error: why the model did not answer; None for the model that answered.
    """

    model: str
    cost: float | None
    error: IndoxRouterError | None


class CallInfo(NamedTuple):
    """The HTTP side of a call.

    Attributes:
        status: HTTP status of the answer.
        headers: headers of the answer; names ignore case.
        elapsed: seconds for the whole call, retries and waiting included.
        request_id: the server's id of the request, or None.
        attempts: every request that was sent; with fallbacks, those for the model that answered.
        models: with `fallback_models`, the models that were asked, in order; else empty.
    """

    status: int
    headers: Mapping[str, str]
    elapsed: float
    request_id: str | None
    attempts: tuple[Attempt, ...]
    models: tuple[ModelAttempt, ...] = ()


# The constructors of named tuples are Python functions. Every call creates one of each, so the slower way is avoided.
_tuple: Any = tuple
make_attempt: Callable[[tuple[int, int | None, str | None, float, float, str | None]], Attempt]
make_attempt = partial(_tuple.__new__, Attempt)
_make_info: Callable[[tuple[Any, ...]], CallInfo]
_make_info = partial(_tuple.__new__, CallInfo)


class HttpAnswer:
    """An HTTP answer with its body, or with the open response of a stream.

    Attributes:
        status, headers: as received.
        request_id: the server's id of the request, or None; secrets that it repeats are masked.
        body: the decompressed body; empty for a stream.
        stream: the open response of the HTTP engine, or None.
        failure: why the body could not be read to its end, or None; `body` is the part before it.
        attempts: every attempt of the call; the last one received this answer.
        elapsed: seconds from the first attempt to this answer.
        models: see `CallInfo`.
        observation: ends when the answer has been decoded, or its stream has ended; None without observers and budget.
    """

    __slots__ = (
        "attempts", "body", "elapsed", "failure", "headers", "models", "observation", "request_id", "status", "stream",
    )  # fmt: skip

    def __init__(self, status: int, headers: Headers, body: bytes | bytearray, stream: Any = None) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.stream = stream
        self.failure: TransportFailure | None = None
        self.request_id: str | None = None
        self.attempts: tuple[Attempt, ...] = ()
        self.elapsed = 0.0
        self.models: tuple[ModelAttempt, ...] = ()
        self.observation: Any = None  # an `Observation`, which this module cannot import

    def info(self) -> CallInfo:
        """The summary that callers read as `response.http`."""
        return _make_info(
            (self.status, self.headers, self.elapsed, self.request_id, self.attempts, self.models)
        )
