"""The answer of a call: its body, read to the end, what callers learn of the call, and its line in the log. No I/O.

A line of the log, under the logger `indoxrouter`, holds the method, the path, the status, the number of attempts, the
milliseconds and the request id. Bodies, headers, query strings and secrets are not logged at any level. As long as the
program has not imported `logging`, no handler can exist, and this module does not import it either: that import is a
quarter of the start-up time of a small program.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from indoxrouter._runtime.errors.base_error import Attempt
from indoxrouter._runtime.http.body_reader import BodyReader, too_large
from indoxrouter._runtime.http.interface import Deadline, Headers, TransportFailure, time_left
from indoxrouter._runtime.values import json

if TYPE_CHECKING:
    from logging import Logger

    from indoxrouter._runtime.operations.operation import Call
    from indoxrouter.errors import IndoxRouterError

__all__ = ["Attempt", "CallInfo", "EventWatch", "HttpAnswer", "ModelAttempt", "WholeBody", "is_event_stream"]

LOGGER = "indoxrouter"
VARIABLE = "INDOX_ROUTER_LOG"
_LEVELS = ("debug", "info", "warning", "error")


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


def is_event_stream(headers: Headers) -> bool:
    """Whether an answer says that it is an event stream."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "text/event-stream"


MOMENT = 0.5
"""Seconds to wait for the end of a body whose events already hold the answer: some servers send none."""


class EventWatch(Protocol):
    """Finds the answer among the events of a body; see `streaming.received.DocumentReader`."""

    has_document: bool
    is_over: bool

    def feed(self, part: bytes) -> None:
        """Take the next bytes."""

    def document(self) -> Any:
        """The only document so far, or None."""


class WholeBody:
    """Collects the pieces of a body.

    Attributes:
        failure: why reading the body is of no use, because it is too large; or None.

    Args:
        response: the open answer; its deadline is set once nothing but the end of the body is waited for.
        limit: bytes of the decompressed body.
        deadline: checked after each step, because a small piece may decompress to a large one.
        keep_part: whether a part of the body of a success is of use if the rest cannot be read, as that of an event
            stream always is.
        watch: finds the answer among the events of an event stream; None for other bodies.
    """

    __slots__ = (
        "_deadline", "_headers", "_keep_part", "_limit", "_moment", "_parts", "_reader", "_response", "_size",
        "_watch", "failure",
    )  # fmt: skip

    def __init__(
        self,
        response: Any,
        limit: int,
        deadline: Deadline | None,
        *,
        keep_part: bool,
        watch: EventWatch | None,
    ) -> None:
        self._response = response
        headers: Headers = response.headers
        self._headers = headers
        self._limit = limit
        self._deadline = deadline
        self._keep_part = keep_part
        self._parts: list[bytes] = []
        self._size = 0
        self._reader: BodyReader | None = None
        self.failure: TransportFailure | None = None
        self._watch = watch
        self._moment: Deadline | None = None
        length = headers.get("content-length", "")
        if "content-encoding" in headers:
            self._reader = BodyReader(headers, limit)
        elif length.isdecimal() and (
            len(length) > 19 or int(length) > limit
        ):  # `int` refuses thousands of digits
            self.failure = too_large(limit)

    def feed(self, piece: bytes) -> bool:
        """Take a piece as it arrived. Returns whether the events have ended, so that no more is waited for.

        Raises:
            TransportFailure: for a piece that cannot be accepted.
        """
        if self._reader is None:
            self._size += len(piece)
            if self._size > self._limit:
                raise too_large(self._limit)
        for part in (piece,) if self._reader is None else self._reader.feed(piece):
            self._parts.append(part)
            if self._watch is not None:
                self._look_for_document(self._watch, part)
            if self._deadline is not None:
                time_left("read_timeout", None, self._deadline)
        return self._watch is not None and self._is_over()

    def _look_for_document(self, watch: EventWatch, part: bytes) -> None:
        watch.feed(part)
        if watch.has_document and self._moment is None:
            self._moment = Deadline(time.monotonic() + MOMENT, "moment", MOMENT)
            if self._deadline is None or self._moment.at < self._deadline.at:
                self._response.deadline = self._moment

    def _is_over(self) -> bool:
        ended = self._watch is not None and self._watch.is_over
        return ended or (self._moment is not None and self._moment.left() <= 0)

    def answer(self, status: int, failure: TransportFailure | None) -> HttpAnswer:
        """The answer with this body.

        A status that reports an error counts although its body cannot be read: a 401 renews the token, a 429 is waited
        for. So does the part of a stream that was received. Other failures are raised.

        Args:
            status: of the answer.
            failure: why the body could not be read to its end, or None.
        """
        if failure is None or failure.option == "moment":
            try:
                return HttpAnswer(status, self._headers, self._join())
            except TransportFailure as error:
                failure = error
        of_use = self._parts and (self._keep_part or is_event_stream(self._headers))
        if status < 400 and not of_use:
            raise failure
        answer = HttpAnswer(status, self._headers, b"".join(self._parts))
        answer.failure = failure
        return answer

    def _join(self) -> bytes:
        """The body, once all pieces have been fed; of an event stream, the only document in it."""
        if self._reader is not None and not self._is_over():
            self._reader.finish()
        if self._watch is not None and (found := self._watch.document()) is not None:
            with suppress(ValueError):  # lone surrogates
                return json.dumps(found)
        parts = self._parts
        return parts[0] if len(parts) == 1 else b"".join(parts)


def log_call(call: Call[Any], answer: HttpAnswer | None, error: BaseException | None, seconds: float) -> None:
    """Write the line of one call: INFO for a success, WARNING for a failure; `seconds` is its duration."""
    logger = _loggers.get(LOGGER) or _look_up()
    if logger is None:
        return
    level = 20 if error is None else 30
    if not logger.isEnabledFor(level) or not logger.hasHandlers():
        return  # without a handler, `logging` prints warnings itself, and the caller already gets an exception
    attempts = answer.attempts if answer is not None else getattr(error, "attempts", ())
    status = answer.status if answer is not None else getattr(error, "status_code", None)
    request_id = answer.request_id if answer is not None else getattr(error, "request_id", None)
    operation = call.operation
    logger.log(
        level,
        "%s %s status=%s attempts=%d ms=%.0f request_id=%s%s",
        operation.method,
        call.path,
        status if status is not None else "-",
        len(attempts),
        seconds * 1000,
        request_id or "-",
        "" if error is None else f" error={type(error).__name__}",
    )


_loggers: dict[str, Any] = {}  # `logging.getLogger` takes a lock each time


def _look_up() -> Any:
    logging = sys.modules.get("logging")
    if logging is None:
        return None
    return _loggers.setdefault(LOGGER, logging.getLogger(LOGGER))


def library_logger() -> Logger:
    """The logger `indoxrouter`, for failures that the call must survive."""
    import logging  # cost: see above

    return logging.getLogger(LOGGER)


def configure_from_environment() -> None:
    """Show log lines on standard error if `INDOX_ROUTER_LOG` is set to debug, info, warning or error.

    Raises:
        ValueError: for any other value of the variable.
    """
    wanted = os.environ.get(VARIABLE, "").strip().lower()
    if wanted in _LEVELS:
        enable_debug(wanted)
    elif wanted:
        raise ValueError(f"{VARIABLE}: expected one of {', '.join(_LEVELS)}, got {wanted[:40]!r}")


def enable_debug(level: int | str = 10) -> None:
    """Show the client's log lines on standard error, from `level` (of `logging`) upwards.

    Raises:
        ValueError: for a level that `logging` does not know.
    """
    import logging  # cost: as above

    logger = logging.getLogger(LOGGER)
    try:
        logger.setLevel(level.upper() if isinstance(level, str) else level)
    except (TypeError, ValueError):
        raise ValueError(f"level: expected a level of the logging module, got {level!r:.60}") from None
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
