"""A stream as a state machine: bytes go in, chunks come out, and it knows how it ended. No I/O."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.errors.base_error import error_from_payload, error_from_transport
from indoxrouter._runtime.http.interface import BodyReader, Deadline, TransportFailure
from indoxrouter._runtime.values import json as jsonio
from indoxrouter._runtime.values.masking import mask
from indoxrouter._runtime.values.type_guards import is_object

from ..calls.request_flow import host_of
from .chunk import Accumulator, StreamChunk, make_chunk
from .sse import EventTooLarge, ServerSentEvent, SSEDecoder

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Call
    from indoxrouter.errors import IndoxRouterError

    from ..calls.request_flow import Answer
    from ..settings.values import Settings

__all__ = ["StreamState"]

AT_ONCE = 32
"""Events that are read before the first of them is handed out. One read may bring hundreds: all of them at once would
outgrow the processor's nearest caches, and keep the garbage collector busy."""
_LONGEST_PRELUDE = 64 * 1024
_NO_LIMITS = (None, None, None)
_FAILED_TYPES = (
    "error",
    "response.failed",
    "response.error",
)  # no set: a type that is a list cannot be looked up in one


class StreamState:
    """Everything about a running stream but the waiting.

    The shells loop: take chunks while there are any, raise what `take_error` gives when it has `failed`, stop when
    `finished`, else read more bytes into `feed`, and call `end_of_stream` or `broken` when there are none.

    Attributes:
        chunks: events that have been read and not been handed out.
        waiting: events that came in one piece with others, which do not wait for them to be read.
        limited: whether there is a `deadline`.
        finished, failed: how it ended, if it has.
        total: what the events add up to.

    Args:
        call, answer, settings: the request, the head of its answer, and the limits that hold.
        secrets: to be masked in errors that arrive inside the stream.
        clock: the core's.
        keep: turns what has come so far into a response, for `partial`.
    """

    def __init__(
        self,
        call: Call[Any],
        answer: Answer,
        settings: Settings,
        secrets: list[str],
        clock: Callable[[], float],
        keep: Callable[[Accumulator], Any],
    ) -> None:
        spec = call.operation.stream
        assert spec is not None
        self._done = spec.done.encode()
        self._codec = spec.codec
        self._statuses = call.operation.error_statuses
        self._settings = settings
        self.limited = (
            settings.deadline,
            settings.first_token_timeout,
            settings.token_timeout,
        ) != _NO_LIMITS
        self._secrets = secrets
        self._clock = clock
        self._keep = keep
        self._decoder = SSEDecoder(settings.max_response_bytes)
        self._body = BodyReader(answer.headers, None) if "content-encoding" in answer.headers else None
        self.answer = answer
        self.total = Accumulator(spec.terminal)
        self.chunks: deque[StreamChunk] = deque()
        self.finished = False
        self.failed = False
        self._prelude: list[bytes] | None = []  # the first pieces, until there is an event
        self.waiting: list[tuple[str, bytes]] = []
        self._error: IndoxRouterError | None = None
        now = clock()
        self._began = now - answer.elapsed
        self._last_event: float | None = None

    def feed(self, piece: bytes) -> None:
        """Take bytes from the network, as they came, and fail if a deadline has passed meanwhile."""
        if self.waiting:
            self.take_waiting()
        before = len(self.chunks)
        failure: TransportFailure | None = None
        try:
            if self._body is None or self._body.identity:
                self._read(piece)
            else:
                for part in self._body.feed(piece):
                    self._read(part)
        except EventTooLarge as error:
            self.take_waiting()
            self._take(error.events)
            if not self._over():
                self._fail_with_api_error(str(error))
        except TransportFailure as error:
            failure = error
        if failure is not None:
            self.take_waiting()
            self._fail_with_transport(failure)
        if self.limited:
            self.take_waiting()
            if len(self.chunks) != before:
                self._last_event = self._clock()
            self._check_deadline()

    def _read(self, part: bytes) -> None:
        if self._prelude is not None:
            if self.total.count or sum(map(len, self._prelude)) > _LONGEST_PRELUDE:
                self._prelude = None
            else:
                self._prelude.append(part)
        self.waiting += self._decoder.feed_pairs(part)
        self.take_some()

    def take_some(self) -> None:
        """Read the next of the events that are waiting: the first one of a stream alone, others a few at a time."""
        most = AT_ONCE if self.total.count else 1
        events = self.waiting
        self.waiting = events[most:]
        self._take(events[:most])

    def take_waiting(self) -> None:
        """Read all events that are waiting."""
        events, self.waiting = self.waiting, []
        self._take(events)

    def end_of_stream(self) -> None:
        """The server closed the stream. Unless it was finished before, that is a truncation."""
        self.take_waiting()
        if self._over():
            return
        self._take(self._leftover())
        if self._over():
            return
        if self.total.ended:
            self.finished = True
            return
        if self._error_in_place_of_events():
            return
        self._fail_truncated(
            "it ended with neither [DONE] nor a finish reason" if self.total.count else "it was empty"
        )

    def _error_in_place_of_events(self) -> bool:
        """Whether the body was an error in plain JSON under the content type of a stream; if so, fail with it."""
        if self.total.count or not self._prelude:
            return False
        try:
            payload = jsonio.loads(b"".join(self._prelude))
        except jsonio.MalformedJson:
            return False
        if not is_object(payload) or (not _reports_failure("", payload) and not payload.get("detail")):
            return False
        self._fail_with_payload(payload)
        return True

    def broken(self, failure: TransportFailure) -> None:
        """The connection failed. A stream that had said all it had to say is complete in spite of that."""
        self.take_waiting()
        if self._over():
            return
        if failure.option is not None:
            self.fail_timeout(failure.option)
            return
        if failure.timeout:
            self._fail_with_transport(failure)
            return
        self._take(self._leftover() if failure.kind == "read" else [])
        if self.total.ended:
            self.finished = True
        elif not self._over():
            self._fail_truncated(failure.reason)

    def response(self) -> Any:
        """What has come so far, as a response."""
        return self._keep(self.total)

    def take_error(self) -> IndoxRouterError | None:
        """The error that ended the stream, handed out once."""
        error, self._error = self._error, None
        return error

    def _leftover(self) -> list[ServerSentEvent]:
        """The event that only lacks its end, unless it was cut short: its JSON is broken then, as the stream is."""
        return [
            event
            for event in self._decoder.flush()
            if event.name == "error"
            or event.data.strip() == self._done
            or self._reread(event.data) is not None
        ]

    def _over(self) -> bool:
        return self.finished or self.failed

    def now(self) -> float:
        """The time on the core's clock."""
        return self._clock()

    def deadline(self) -> tuple[float, str] | None:
        """The next moment at which the stream must have made progress, and the option that says so."""
        settings = self._settings
        limits: list[tuple[float, str]] = []
        if settings.deadline is not None:
            limits.append((self._began + settings.deadline, "deadline"))
        if self._last_event is None:
            if settings.first_token_timeout is not None:
                limits.append((self._began + settings.first_token_timeout, "first_token_timeout"))
        elif settings.token_timeout is not None:
            limits.append((self._last_event + settings.token_timeout, "token_timeout"))
        return min(limits) if limits else None

    def read_deadline(self) -> Deadline | None:
        """The same for an engine, whose clock is `time.monotonic`."""
        limit = self.deadline()
        if limit is None:
            return None
        when, option = limit
        return Deadline(time.monotonic() + when - self._clock(), option, getattr(self._settings, option))

    def _check_deadline(self) -> None:
        """Fail if a deadline has passed. Comments that keep the connection alive do not count as progress."""
        limit = self.deadline()
        if limit is not None and not self._over() and self._clock() >= limit[0]:
            self.fail_timeout(limit[1])

    def fail_timeout(self, option: str) -> None:
        """Fail because the time that an option allows ran out."""
        from indoxrouter.errors import RequestTimeoutError

        seconds = getattr(self._settings, option)
        what = "was not finished" if option == "deadline" else "brought no event"
        host = host_of(self._settings.base_url)
        self._fail(
            RequestTimeoutError(
                f"The stream of {host} {what} within {option}={seconds:g} s", error_type=option
            )
        )

    def _take(self, events: Sequence[tuple[str, bytes]]) -> None:
        if self._over():
            return
        total = self.total
        add = total.add
        codec = self._codec
        append = self.chunks.append
        done = self._done
        longest_done = len(done) + 16
        decode = jsonio.decode
        for name, data in events:
            if len(data) < longest_done and data.strip() == done:
                self.finished = True
                return
            value: dict[str, Any] | list[Any] | str | float | None
            try:
                value = decode(data)
            except (ValueError, RecursionError):
                value = self._reread(data)
            event: dict[str, Any]
            if type(value) is dict:
                event = value
            elif isinstance(value, str) and name != "error":
                event = {"data": value}
            else:
                self._fail_with_event(name, data, value)
                return
            # A chunk of text, which is what most events are, names neither a type nor an error.
            if (name or "error" in event or "type" in event or "success" in event) and _reports_failure(
                name, event
            ):
                self._fail_with_payload(event)
                return
            append(make_chunk(event, add(event), codec))
            if total.closed:
                self.finished = True
                return

    def _reread(self, data: bytes) -> Any:
        """Data that is not UTF-8 is read with replacement characters, as the rules for event streams want it."""
        for text in (data, data.decode("utf-8", "replace")):
            with suppress(jsonio.MalformedJson):
                return jsonio.loads(text)
        return None

    def _fail_with_payload(self, event: dict[str, Any]) -> None:
        payload = event
        inner = event.get("response")
        if not event.get("error") and is_object(inner) and inner.get("error"):
            payload = inner
        error = error_from_payload(
            payload,
            status=self.answer.status,
            headers=self.answer.headers,
            secrets=self._secrets,
            statuses=self._statuses,
        )
        self._fail(error)

    def _fail_with_event(self, name: str, data: bytes, event: Any) -> None:
        if name == "error":
            text = event if isinstance(event, str) else data[:2000].decode("utf-8", "replace")
            answer = self.answer
            self._fail(
                error_from_payload(text, status=answer.status, headers=answer.headers, secrets=self._secrets)
            )
        else:
            self._fail_with_api_error(f"event {self.total.count + 1} of the stream is not a JSON object")

    def _fail_with_transport(self, failure: TransportFailure) -> None:
        self._fail(error_from_transport(failure, host_of(self._settings.base_url), self._secrets))

    def _fail_with_api_error(self, reason: str) -> None:
        from indoxrouter.errors import APIError

        self._fail(APIError(f"The stream of {host_of(self._settings.base_url)} cannot be read: {reason}"))

    def _fail_truncated(self, reason: str) -> None:
        from indoxrouter.errors import StreamTruncatedError

        host = host_of(self._settings.base_url)
        reason = str(mask(reason, self._secrets))
        self._fail(
            StreamTruncatedError(f"The stream of {host} broke off after {self.total.count} events: {reason}")
        )

    def _fail(self, error: IndoxRouterError) -> None:
        error.attempts = self.answer.attempts
        error.request_id = error.request_id or self.answer.request_id
        self.answer.headers = self.answer.headers.masked(self._secrets)  # the error keeps them in its partial
        error.partial = self.response()
        self._error = error
        self.failed = True


def _reports_failure(name: str, event: dict[str, Any]) -> bool:
    if name == "error" or event.get("error"):
        return True
    return event.get("type") in _FAILED_TYPES or event.get("success") is False
