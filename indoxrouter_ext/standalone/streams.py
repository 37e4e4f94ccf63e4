"""Streams of answers: server-sent events and lines of JSON, each decoded as the description types it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from indoxrouter._runtime.errors.mapping import error_from_payload, error_from_transport
from indoxrouter._runtime.http.body_reader import BodyReader
from indoxrouter._runtime.http.interface import TransportFailure
from indoxrouter._runtime.values import json
from indoxrouter._runtime.values.json import is_object
from indoxrouter.errors import APIError

from ..streaming.sse import DEFAULT_EVENT_LIMIT, Event, EventTooLarge, SSEDecoder

if TYPE_CHECKING:
    from indoxrouter._runtime.codecs.base import Codec
    from indoxrouter._runtime.http.interface import AsyncHttpResponse, HttpResponse

    from .answers import HttpInfo

EventT = TypeVar("EventT")


class EventReader:
    """Turns the bytes of a streamed answer into its values. No I/O.

    The framing is `events` (the data of each is a value), `envelopes` (an event as a whole is) or `lines` of JSON. The
    data `done` ends the stream.
    """

    def __init__(
        self, http: HttpInfo, framing: str, codec: Codec, done: str, host: str, secrets: list[str]
    ) -> None:
        self.http = http
        self._framing = framing
        self._codec = codec
        self._done = done.encode()
        self._host = host
        self._secrets = secrets
        self._body = BodyReader(http.headers, None)
        self._decoder = SSEDecoder()
        self._rest = bytearray()  # of a line
        self.ended = False

    def feed(self, piece: bytes) -> Iterator[Any]:
        """The values that the next bytes complete; none after the end of the stream."""
        for part in self._body.feed(piece):
            if self._framing == "lines":
                yield from self._lines(part)
                continue
            try:
                events = self._decoder.feed(part)
            except EventTooLarge as error:
                yield from self._values(error.events)
                raise TransportFailure("too_large", str(error)) from None
            yield from self._values(events)

    def finish(self) -> Iterator[Any]:
        """The values in what is left when the answer ends."""
        self._body.finish()
        if self._framing == "lines":
            yield from self._lines(b"\n")
        else:
            yield from self._values(self._decoder.flush())

    def failed(self, failure: TransportFailure) -> Exception:
        """The exception for a connection that broke."""
        return error_from_transport(failure, self._host, self._secrets)

    def _lines(self, part: bytes) -> Iterator[Any]:
        self._rest += part
        if len(self._rest) > DEFAULT_EVENT_LIMIT:
            reason = f"a line of the stream is larger than {DEFAULT_EVENT_LIMIT} bytes"
            raise TransportFailure("too_large", reason)
        if b"\n" in part:
            *lines, self._rest = self._rest.split(b"\n")
            for line in filter(None, (line.strip(b"\x1e \t\r") for line in lines)):
                yield self._codec.decode(self._json(bytes(line)))

    def _values(self, events: list[Event]) -> Iterator[Any]:
        for name, data in events:
            if self.ended or data == self._done:
                self.ended = True
                return
            if self._framing == "envelopes":
                yield self._codec.decode({"event": name or "message", "data": self._json(data, text=True)})
                continue
            payload = self._json(data, text=True)
            if name == "error" or (is_object(payload) and set(payload) == {"error"}):
                raise error_from_payload(payload, status=self.http.status, secrets=self._secrets)
            yield self._codec.decode(payload)

    def _json(self, data: bytes, *, text: bool = False) -> Any:
        """A JSON value; data that is none is text where that is allowed."""
        reason = ""
        try:
            return json.loads(data)
        except json.MalformedJson as error:
            if text and data[:1] not in b"{[":
                return data.decode("utf-8", "replace")
            reason = str(error)
        raise APIError(f"The stream of {self._host} cannot be read: {reason}", status_code=self.http.status)


class Stream(Generic[EventT]):
    """The values of a streamed answer, as they arrive; iterate once, and close it or use `with` when you stop early.

    Attributes:
        http: the HTTP side of the answer.
    """

    def __init__(self, response: HttpResponse, reader: EventReader) -> None:
        self.http = reader.http
        self._response = response
        self._values = self._read(reader)

    def _read(self, reader: EventReader) -> Iterator[EventT]:
        failure: TransportFailure | None = None
        try:
            for piece in self._response.iter_raw():
                yield from reader.feed(piece)
                if reader.ended:
                    return
            yield from reader.finish()
        except TransportFailure as error:
            failure = error
        finally:
            self._response.close()
        if failure is not None:
            raise reader.failed(failure)

    def __iter__(self) -> Iterator[EventT]:
        return self._values

    def __next__(self) -> EventT:
        return next(self._values)

    def close(self) -> None:
        """Free the connection; may be called again."""
        self._response.close()

    def __enter__(self) -> Stream[EventT]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Stream {self.http.status}>"


class AsyncStream(Generic[EventT]):
    """The asynchronous form of `Stream`, for `async for` and `async with`."""

    def __init__(self, response: AsyncHttpResponse, reader: EventReader) -> None:
        self.http = reader.http
        self._response = response
        self._values = self._read(reader)

    async def _read(self, reader: EventReader) -> AsyncIterator[EventT]:
        failure: TransportFailure | None = None
        try:
            async for piece in self._response.iter_raw():
                for value in reader.feed(piece):
                    yield value
                if reader.ended:
                    return
            for value in reader.finish():
                yield value
        except TransportFailure as error:
            failure = error
        finally:
            await self._response.close()
        if failure is not None:
            raise reader.failed(failure)

    def __aiter__(self) -> AsyncIterator[EventT]:
        return self._values

    async def __anext__(self) -> EventT:
        return await self._values.__anext__()

    async def close(self) -> None:
        """Free the connection; may be called again."""
        await self._response.close()

    async def __aenter__(self) -> AsyncStream[EventT]:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<AsyncStream {self.http.status}>"
