"""A body that is read to its end: decompressed, within a limit of bytes and before a deadline. No I/O."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any, Protocol

from indoxrouter._runtime.http.body_reader import BodyReader, too_large
from indoxrouter._runtime.http.interface import Deadline, Headers, TransportFailure, time_left
from indoxrouter._runtime.values import json

from .history import HttpAnswer
from .request_flow import is_event_stream

__all__ = ["MOMENT", "EventWatch", "WholeBody"]

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

    Args:
        response: the open answer; its deadline is set once nothing but the end of the body is waited for.
        limit: bytes of the decompressed body.
        deadline: checked after each step, because a small piece may decompress to a large one.
        keep_part: whether a part of the body of a success is of use if the rest cannot be read, as that of an event
            stream always is.
        watch: finds the answer among the events of an event stream; None for other bodies.
    """

    __slots__ = (
        "_deadline", "_failure", "_headers", "_keep_part", "_limit", "_moment", "_parts", "_reader", "_response",
        "_size", "_watch",
    )  # fmt: skip

    def __init__(
        self,
        response: Any,
        limit: int,
        deadline: Deadline | None,
        *,
        keep_part: bool = False,
        watch: EventWatch | None = None,
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
        self._failure: TransportFailure | None = None
        self._watch = watch
        self._moment: Deadline | None = None
        length = headers.get("content-length", "")
        if "content-encoding" in headers:
            self._reader = BodyReader(headers, limit)
        elif length.isdecimal() and int(length) > limit:
            self._failure = too_large(limit)

    @property
    def is_unreadable(self) -> bool:
        """Whether reading the body is of no use, because it is too large."""
        return self._failure is not None

    def feed(self, piece: bytes) -> None:
        """Take a piece as it arrived; raises `TransportFailure` for what cannot be accepted."""
        if self._reader is None:
            self._size += len(piece)
            if self._size > self._limit:
                raise too_large(self._limit)
            if self._watch is None:
                self._parts.append(piece)
            else:
                self._add(piece)
        else:
            for part in self._reader.feed(piece):
                self._add(part)
                if self._deadline is not None:
                    time_left("read_timeout", None, self._deadline)
        if self._deadline is not None:
            time_left("read_timeout", None, self._deadline)

    def _add(self, part: bytes) -> None:
        self._parts.append(part)
        if self._watch is not None:
            self._watch.feed(part)
            if self._watch.has_document and self._moment is None:
                self._moment = Deadline(time.monotonic() + MOMENT, "moment", MOMENT)
                if self._deadline is None or self._moment.at < self._deadline.at:
                    self._response.deadline = self._moment

    @property
    def is_over(self) -> bool:
        """Whether the events have ended, although the body has not."""
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
        if failure is not None and failure.option == "moment":
            failure = None
        if failure is None and self._failure is None:
            try:
                return HttpAnswer(status, self._headers, self.join())
            except TransportFailure as error:
                failure = error
        failure = failure or self._failure
        assert failure is not None
        of_use = self._parts and (self._keep_part or is_event_stream(self._headers))
        if status < 400 and not of_use:
            raise failure
        answer = HttpAnswer(status, self._headers, b"".join(self._parts))
        answer.failure = failure
        return answer

    def join(self) -> bytes:
        """The body, once all pieces have been fed; of an event stream, the only document in it."""
        if self._reader is not None and not self.is_over:
            self._reader.finish()
        if self._watch is not None and (found := self._watch.document()) is not None:
            with suppress(ValueError):  # lone surrogates
                return json.dumps(found)
        parts = self._parts
        return parts[0] if len(parts) == 1 else b"".join(parts)
