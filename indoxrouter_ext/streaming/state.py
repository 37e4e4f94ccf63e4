"""The state of a stream: receives bytes, yields chunks, and records how the stream ended. No I/O."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.errors.mapping import error_from_payload, error_from_transport
from indoxrouter._runtime.http.body_reader import BodyReader
from indoxrouter._runtime.http.interface import Deadline, TransportFailure
from indoxrouter._runtime.values import json
from indoxrouter._runtime.values.json import is_object
from indoxrouter._runtime.values.masking import mask
from indoxrouter._runtime.values.text import plural
from indoxrouter.errors import APIError, RequestTimeoutError, StreamTruncatedError

from ..responses.decoding import is_error_body
from .accumulator import (
    HEARTBEATS,
    Accumulator,
    StreamEnd,
    is_heartbeat,
    is_named_end,
    reports_failure,
    requested_answers,
    stream_result,
)
from .chunk import make_chunk
from .framing import EventDecoder, decode_leniently
from .sse import Event, EventTooLarge

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Call
    from indoxrouter.errors import IndoxRouterError

    from ..calls.answer import HttpAnswer
    from ..settings.values import Settings

EVENTS_PER_BATCH = 32
"""Events that are decoded before the first of them is yielded. One read may deliver hundreds; decoding all of them at
once would exceed the processor's caches and trigger the garbage collector."""
GRACE_FOR_USAGE, GRACE_AFTER_USAGE = 1.0, 0.25
"""Seconds to wait, after the finish reason, for the usage and for the end of the stream: some servers send neither."""


class StreamState:
    """Everything about an open stream except the waiting.

    `Stream` and `AsyncStream` run the same loop: yield chunks while there are any, raise the error of `take_error` if
    the stream has failed, stop if it is complete, else pass more bytes to `feed`, or call `end_of_stream`
    if there are none.

    Attributes:
        chunks: decoded events that have not been yielded.
        pending: events that have not been decoded.
        end: how far the stream has got.
        total: what the events add up to.

    Args:
        call, answer, settings: the request, the head of its answer, and the limits of the call.
        secrets: masked in errors that the stream reports.
        clock: seconds on a monotonic clock.
        bind: gives a response its client.
    """

    _total_class: type[Accumulator] = Accumulator

    def __init__(
        self,
        call: Call[Any],
        answer: HttpAnswer,
        settings: Settings,
        secrets: list[str],
        clock: Callable[[], float],
        bind: Callable[[Any], Any] = lambda response: response,
    ) -> None:
        spec = call.operation.stream
        assert spec is not None
        self._spec = spec
        self._done = spec.done.encode().lower()
        self._settings = settings
        limits = (settings.deadline, settings.first_token_timeout, settings.token_timeout)
        self._has_limits = limits != (None, None, None)
        self._secrets = secrets
        self._clock = clock
        self._bind = bind
        self._call = call
        self._decoder = EventDecoder(settings.max_response_bytes)
        self._answered_at: float | None = None  # since when the end is waited for, after the finish reason
        self._ignored = b""  # the first data that is neither an event nor a heartbeat of a known form
        self._body = BodyReader(answer.headers, None) if "content-encoding" in answer.headers else None
        self.answer = answer
        self.total = self._total_class(spec.terminal, requested_answers(call.payload))
        self.chunks: deque[Any] = deque()
        self.end = StreamEnd.OPEN
        self.pending: list[Event] = []
        self._error: IndoxRouterError | None = None
        now = clock()
        self._began = now - answer.elapsed
        self._waiting_since: float | None = None  # the caller for the next event: its own time does not count

    @property
    def limited(self) -> bool:
        """Whether the next read has a deadline: one that was set, or the one that follows the finish reason."""
        return self._has_limits or self.total.end is StreamEnd.ANSWERED

    def feed(self, piece: bytes) -> None:
        """Process bytes as received, and fail if a deadline has passed meanwhile."""
        if self.pending:
            self.decode_pending()
        before = len(self.chunks)
        try:
            for part in (piece,) if self._body is None else self._body.feed(piece):
                self.pending += self._decoder.feed(part)
                self.decode_next()
        except EventTooLarge as error:
            self.decode_pending()
            self._decode(error.events)
            self._fail_with_api_error(str(error))
        except TransportFailure as error:  # damaged compression
            self.decode_pending()
            self._fail_with_transport(error)
        if self.answer.observation is not None and self.total.count:
            self.answer.observation.first_event()
        if self.limited:
            self.decode_pending()
            new = list(self.chunks)[before:]
            if new:
                self._waiting_since = None
            if any(map(_says_something, new)) or self._decoder.has_begun:
                self._answered_at = None
            self._check_deadline()

    def decode_next(self) -> None:
        """Decode the next pending events: the first event of a stream alone, later ones in batches."""
        size = EVENTS_PER_BATCH if self.total.count else 1
        events = self.pending
        self.pending = events[size:]
        self._decode(events[:size])

    def decode_pending(self) -> None:
        """Decode all pending events."""
        events, self.pending = self.pending, []
        self._decode(events)

    def take_body(self) -> None:
        """Process a body that was read before the stream was made, and how it ended."""
        answer = self.answer
        body, answer.body = bytes(answer.body), b""
        self.feed(body)
        self.end_of_stream(answer.failure)

    def end_of_stream(self, failure: TransportFailure | None = None) -> None:
        """Record that the body ended, or why the rest of it was not received. An answer that is whole is complete."""
        self.decode_pending()
        if failure is None or failure.kind == "read":
            self._decode(self._flush_partial())
        if self.is_over():
            return
        total = self.total
        if total.end is StreamEnd.ANSWERED or (
            failure is None and (total.is_whole or self._ends_with_body())
        ):
            self.end = StreamEnd.COMPLETE
        elif failure is None and self._decoder.foreign and not (total.count or self._ignored):
            shown = str(mask(self._decoder.foreign.decode("utf-8", "replace"), self._secrets))
            self._fail_with_api_error(f"expected events, got {shown[:200]!r}")
        elif failure is None:
            self._fail_truncated(
                "it ended with neither [DONE] nor a finish reason" if total.count else "it was empty"
            )
        elif failure.option is not None:
            self._fail_timeout(failure.option)
        elif failure.timeout:
            self._fail_with_transport(failure)
        else:
            self._fail_truncated(failure.reason)

    def _ends_with_body(self) -> bool:
        """Whether JSON was received in place of an event stream, which has no last event, and the body is whole."""
        headers = self.answer.headers
        framed = "content-length" in headers or "transfer-encoding" in headers
        return self._decoder.is_json and bool(self.total.count) and framed

    def response(self) -> Any:
        """The response so far."""
        return self._bind(stream_result(self._call, self.total, self.answer))

    def released(self) -> None:
        """Tell the observers that the stream has ended, or was left."""
        observation = self.answer.observation
        if observation is not None:
            complete = self.is_over() or self.total.end is not StreamEnd.OPEN
            observation.end(self.response(), self._error, complete=complete)

    def take_error(self) -> IndoxRouterError | None:
        """The error that ended the stream; returned once, so that no reference cycle is left."""
        error, self._error = self._error, None
        return error

    def _flush_partial(self) -> list[Event]:
        """The last event if only its blank line is missing; not if its data was cut off as well."""
        return [
            (name, data)
            for name, data in self._decoder.flush()
            if name == "error" or data.strip().lower() == self._done or decode_leniently(data) is not None
        ]

    def is_over(self) -> bool:
        """Whether the stream is complete or has failed."""
        return self.end is not StreamEnd.OPEN

    def deadline(self) -> tuple[float, str] | None:
        """When the next event is due, and the name of the option that sets this limit; None without a limit."""
        settings = self._settings
        limits: list[tuple[float, str]] = []
        if self._answered_at is not None:
            limits.append((self._answered_at + self._grace(), "finish_reason"))
        if settings.deadline is not None:
            limits.append((self._began + settings.deadline, "deadline"))
        if not self.total.count:
            if settings.first_token_timeout is not None:
                limits.append((self._began + settings.first_token_timeout, "first_token_timeout"))
        elif settings.token_timeout is not None and self._waiting_since is not None:
            limits.append((self._waiting_since + settings.token_timeout, "token_timeout"))
        return min(limits) if limits else None

    def read_deadline(self) -> Deadline | None:
        """The same limit for the HTTP engine, whose clock is `time.monotonic`, at the beginning of a wait."""
        now = self._clock()
        if self._waiting_since is None:
            self._waiting_since = now
        if self.total.end is StreamEnd.ANSWERED and self._answered_at is None:
            self._answered_at = now
        limit = self.deadline()
        if limit is None:
            return None
        when, option = limit
        return Deadline(time.monotonic() + when - now, option, getattr(self._settings, option, when - now))

    def _check_deadline(self) -> None:
        """Fail if a deadline has passed, or complete an answer that is whole. Keep-alive comments are no progress."""
        limit = self.deadline()
        if limit is not None and not self.is_over() and self._clock() >= limit[0]:
            if self.total.end is StreamEnd.ANSWERED:
                self.end = StreamEnd.COMPLETE
            else:
                self._fail_timeout(limit[1])

    def _fail_timeout(self, option: str) -> None:
        """Fail because the time limit of an option has passed."""
        seconds = getattr(self._settings, option)
        what = "was not complete" if option == "deadline" else "received no event"
        host = self._settings.host
        reason = f"The stream from {host} {what} within {option}={seconds:g} s"
        self._fail(RequestTimeoutError(reason, error_type=option))

    def _decode(self, events: Sequence[Event]) -> None:
        if self.is_over():
            return
        total = self.total
        add = total.add if self.answer.observation is None else self.answer.observation.on_each(total.add)
        codec = self._spec.codec
        append = self.chunks.append
        done = self._done
        longest_done = len(done) + 16
        decode = json.decode
        complete = StreamEnd.COMPLETE
        for name, data in events:
            if len(data) < longest_done and data.strip(b' "').lower() == done:
                self._end_by_marker()
                return
            value: dict[str, Any] | list[Any] | str | float | None
            try:
                value = decode(data)
            except (ValueError, RecursionError):
                value = decode_leniently(data)
            event: dict[str, Any]
            if type(value) is dict:
                event = value
            elif type(value) is list and any(map(is_object, value)):
                self._decode([(name, json.dumps(each)) for each in value])
                if self.is_over():
                    return
                continue
            elif isinstance(value, str) and name != "error" and name not in HEARTBEATS:
                event = {"data": value}
            elif name == "error" or data.lstrip()[:1] == b"{":
                self._fail_with_event(name, data, value)
                return
            else:
                self._ignored = self._ignored or data[:200]
                continue
            # Most events have choices, and none of these keys.
            is_special = "choices" not in event or "error" in event or "type" in event or "success" in event
            is_special = is_special or "base_resp" in event
            if (name or is_special) and self._handle_control(name, event):
                if self.is_over():
                    return
                continue
            append(make_chunk(event, add(event), codec))
            if total.end is complete:
                self.end = complete
                return
            if total.error is not None:
                self._fail_with_payload({"error": total.error})
                return

    def _handle_control(self, name: str, event: dict[str, Any]) -> bool:
        """Handle an event that is no part of the answer: an end, a heartbeat, a failure. Returns whether it was one."""
        if is_named_end(name, event) or event == {"done": True}:
            self._end_by_marker()
        elif event and not is_heartbeat(name, event):
            if not reports_failure(name, event) and not is_error_body(event):
                return False
            self._fail_with_payload(event)
        return True

    def _end_by_marker(self) -> None:
        """Complete the stream at its documented end, unless nothing of it was readable."""
        if self._ignored and not self.total.count:
            shown = mask(self._ignored.decode("utf-8", "replace"), self._secrets)
            self._fail_with_api_error(f"none of its events is JSON; the first is {shown!r}")
        else:
            self.end = StreamEnd.COMPLETE

    def _grace(self) -> float:
        """Seconds to wait for the end of the stream after the finish reason."""
        if not self.total.is_settled:
            return self._settings.timeouts.read or 30.0
        return GRACE_FOR_USAGE if self.total.usage is None else GRACE_AFTER_USAGE

    def _fail_with_payload(self, payload: Any) -> None:
        inner = payload.get("response") if is_object(payload) and not payload.get("error") else None
        if is_object(inner) and inner.get("error"):
            payload = inner
        error: Any = error_from_payload(
            payload,
            status=self.answer.status,
            headers=self.answer.headers,
            secrets=self._secrets,
            statuses=self._call.operation.error_statuses,
        )
        self._fail(error)

    def _fail_with_event(self, name: str, data: bytes, event: Any) -> None:
        if name == "error":
            self._fail_with_payload(
                event if isinstance(event, str) else data[:2000].decode("utf-8", "replace")
            )
        else:
            self._fail_with_api_error(f"event {self.total.count + 1} of the stream is not a JSON object")

    def _fail_with_transport(self, failure: TransportFailure) -> None:
        self._fail(error_from_transport(failure, self._settings.host, self._secrets))

    def _fail_with_api_error(self, reason: str) -> None:
        self._fail(APIError(f"The stream from {self._settings.host} cannot be read: {reason}"))

    def _fail_truncated(self, reason: str) -> None:
        if self._ignored and not self.total.count:
            reason += f" but {self._ignored.decode('utf-8', 'replace')!r}"
        reason = str(mask(reason, self._secrets))
        where = f"The stream from {self._settings.host} broke off after {plural(self.total.count, 'event')}"
        self._fail(StreamTruncatedError(f"{where}: {reason}"))

    def _fail(self, error: IndoxRouterError) -> None:
        """Fail with an error, unless the stream is over."""
        if self.is_over():
            return
        error.attempts = self.answer.attempts
        error.request_id = error.request_id or self.answer.request_id
        self.answer.headers = self.answer.headers.masked(self._secrets)  # `partial` holds them
        error.partial = self.response()
        self._error = error
        self.end = StreamEnd.FAILED


def _says_something(chunk: Any) -> bool:
    """Whether an event after the finish reason is more than a sign of life, such as one without choices."""
    return not is_object(chunk) or any(chunk.get(key) for key in ("choices", "usage", "type", "data"))
