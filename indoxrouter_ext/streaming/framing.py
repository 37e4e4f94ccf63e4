"""The events of a body, in whatever framing they arrive.

A stream was requested; a server may send server-sent events, JSON lines, or one JSON document in its place, under any
content type. The first bytes show which it is. An event stream cannot begin with `{` or `[`: that would be a field
without a meaning.
"""

from __future__ import annotations

import codecs
import json as standard_json
from contextlib import suppress
from typing import Any

from indoxrouter._runtime.values import json

from .sse import Event, EventTooLarge, SSEDecoder

_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"
_ENOUGH = 4  # bytes that show the encoding


class EventDecoder:
    """Decodes a body into events, and finds out how it is framed.

    Attributes:
        is_json: whether the body is JSON and not an event stream; False until that is known.

    Args:
        limit: the size of the largest accepted event, in bytes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._head = b""  # until the framing is known
        self._decoder: SSEDecoder | _JsonDecoder | None = None
        self.is_json = False

    def feed(self, piece: bytes) -> list[Event]:
        """Process the next bytes and return the events that they complete, as pairs of name and data.

        Raises:
            EventTooLarge: when an unfinished event is larger than the limit.
        """
        self._head += piece
        return self._begin() if len(self._head) >= _ENOUGH else []

    @property
    def has_begun(self) -> bool:
        """Whether a part of the next event has been received, other than a comment."""
        return self._decoder is not None and self._decoder.has_begun

    @property
    def foreign(self) -> bytes:
        """The first line that no event stream has; empty if there is none."""
        return self._decoder.foreign if isinstance(self._decoder, SSEDecoder) else b""

    def _begin(self) -> list[Event]:
        head, recode = self._head, None
        if b"\0" in head[:_ENOUGH]:
            encoding = standard_json.detect_encoding(head[:_ENOUGH])
            recode = codecs.getincrementaldecoder(encoding)("replace").decode
            head = recode(head).encode()
        start = head.removeprefix(_BOM).lstrip(_BLANK)
        if not start or _BOM.startswith(start):
            return []
        self.is_json = start[:1] in (b"{", b"[", b"\x1e")
        self._decoder = _JsonDecoder(self._limit) if self.is_json else SSEDecoder(self._limit)
        feed = self._decoder.feed
        # For the rest of the stream.
        self.feed = feed if recode is None else lambda piece: feed(recode(piece).encode())  # type: ignore[method-assign]
        self._head = b""
        return feed(start if self.is_json else head)

    def flush(self) -> list[Event]:
        """End the body, and return the events that only lacked their end."""
        events = self._begin() if self._head else []
        return events if self._decoder is None else [*events, *self._decoder.flush()]


class _JsonDecoder:
    """Reads JSON lines; a body whose first line is not JSON itself is one document, which is read at its end."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []  # the unfinished line, or the whole document
        self._size = 0
        self._is_document = False
        self._count = 0

    def feed(self, piece: bytes) -> list[Event]:
        """Process the next bytes; see `EventDecoder.feed`."""
        events: list[Event] = []
        while not self._is_document and b"\n" in piece:
            end, _, piece = piece.partition(b"\n")
            line = _data_of(b"".join([*self._parts, end]))
            self._parts, self._size = [], 0
            if not self._count and line[:1] in (b"{", b"[") and not is_json(line):
                self._is_document = True
                self._parts, self._size = [line, b"\n"], len(line) + 1
            elif line:
                self._count += 1
                events.append(("", line))
        self._parts.append(piece)
        self._size += len(piece)
        if self._size > self._limit:
            raise EventTooLarge(self._limit, events)
        return events

    @property
    def has_begun(self) -> bool:
        """Whether a part of the next line or document has been received."""
        return self._size > 0

    def flush(self) -> list[Event]:
        """End the body; see `EventDecoder.flush`."""
        rest = b"".join(self._parts)
        if not self._is_document and self._count:
            line = _data_of(rest)
            return [("", line)] if line else []
        found = documents_of(rest)
        if not found:
            return [("", rest)] if rest.strip() else []
        return [("", json.dumps(document)) for document in found]


def as_utf8(body: bytes) -> bytes:
    """A body in UTF-8; JSON also travels as UTF-16 and UTF-32."""
    encoding = standard_json.detect_encoding(body[:_ENOUGH])
    return body if encoding.startswith("utf-8") else body.decode(encoding, "replace").encode()


def documents_of(body: bytes) -> list[Any]:
    """The JSON documents of a body, one after the other, without lines of an event stream among them.

    Empty if the body is anything else. A single array of objects counts as the objects.
    """
    found: list[Any] = []
    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    decoder = standard_json.JSONDecoder()
    position = 0
    while True:
        rest = text[position:]
        position = len(text) - len(rest.lstrip())
        if position == len(text):
            break
        try:
            document, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            lines = [line for line in map(_data_of, rest.encode().splitlines()) if line]
            return found if all(line == b"[DONE]" for line in lines) else []
        found += document if isinstance(document, list) and document else [document]
    return found


def decode_leniently(data: bytes) -> Any:
    """The JSON value of an event's data, or None. Invalid UTF-8 is replaced, as the rules for event streams require."""
    data = data.removeprefix(b"data:")  # some gateways prefix the lines of another event stream
    for text in (data, data.decode("utf-8", "replace")):
        with suppress(json.MalformedJson):
            return json.loads(text)
    return None


def _data_of(line: bytes) -> bytes:
    """The data of a line; empty for the other lines of an event stream."""
    line = line.strip(b"\x1e \t\r\n")  # JSON text sequences (RFC 7464) begin with a record separator
    if line[:5] == b"data:":
        return line[5:].strip()
    return b"" if line[:1] == b":" or line.partition(b":")[0] in (b"event", b"id", b"retry") else line


def is_json(line: bytes | str) -> bool:
    """Whether a text is one JSON document."""
    try:
        json.loads(line)
    except json.MalformedJson:
        return False
    return True
