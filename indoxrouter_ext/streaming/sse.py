"""A decoder of server-sent events that works on bytes.

It follows the WHATWG rules for event streams: lines end at CR, LF or CRLF and nowhere else (not at U+2028 or U+0085,
where splitting decoded text would cut), one byte order mark at the start is dropped, `data:` needs no space after it,
several `data` lines are joined with a line feed, and comments are skipped. There is one deliberate exception: an event
that lacks only its blank line when the stream ends is returned, because some servers omit the last blank line.

Pieces of a line are collected in a list and joined when the line ends, so an image of 64 MiB in one event takes linear
time. Decoding the data is left to the JSON parser, which reads UTF-8 itself.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from indoxrouter._runtime.values.text import plural

DEFAULT_EVENT_LIMIT: Final = 256 * 1024 * 1024
"""Bytes of one event: enough for base64 images, and a bound on what a hostile server can make the client store."""

Event: TypeAlias = tuple[str, bytes]
"""The name of an event (empty if the server sent none) and its data. A plain pair: a stream has many thousands."""

_BOM = b"\xef\xbb\xbf"
_BETWEEN = b"\n\ndata: "  # from the end of the usual event to the data of the next


class EventTooLarge(ValueError):
    """One event exceeded the limit. `events` are those that the same bytes completed before it."""

    def __init__(self, limit: int, events: list[Event]) -> None:
        super().__init__(f"one event of the stream is larger than {plural(limit, 'byte')}")
        self.events = events


class SSEDecoder:
    """Decodes the bytes of a stream, in pieces of any size, into events.

    Attributes:
        foreign: the first line that is no field of an event stream, such as one of an HTML page; empty without one.

    Args:
        limit: the size of the largest accepted event, in bytes.
    """

    __slots__ = ("_after_cr", "_data", "_held", "_limit", "_name", "_partial", "_size", "_started", "foreign")

    def __init__(self, limit: int = DEFAULT_EVENT_LIMIT) -> None:
        self._limit = limit
        self._partial: list[bytes] = []  # pieces of the unfinished line
        self._size = 0  # bytes of the unfinished line
        self._held = 0  # bytes of the data lines of the unfinished event
        self._data: list[bytes] = []
        self._name = ""
        self._after_cr = False
        self._started = False
        self.foreign = b""

    def feed(self, piece: bytes) -> list[Event]:
        """Process the next bytes and return the events that they complete.

        Nearly all events are one line of data and a blank line. A piece holds many of them, or exactly one. A piece is
        therefore split where one such event ends and the next begins; events of another form are read line by line.

        Raises:
            EventTooLarge: when an unfinished event is larger than the limit.
        """
        between = self._started and not (self._partial or self._data or self._name)
        if between and piece[:6] == b"data: " and piece[-1:] == b"\n" and piece.find(b"\n") == len(piece) - 2:
            data = piece[6:-2]
            if b"\r" not in data and data and not data.isspace():
                self._after_cr = False
                return [("", data)]
        if not self._started:
            piece = self._skip_bom(piece)
        if self._after_cr and piece:
            self._after_cr = False
            if piece[:1] == b"\n":  # the second half of a CRLF that was split over two reads
                piece = piece[1:]
        if b"\r" in piece:
            self._after_cr = piece.endswith(b"\r")
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        events: list[Event] = []
        first, *blocks = piece.split(_BETWEEN)
        if not blocks:
            self._read_lines(first, events)
            return self._within_limit(events)
        self._read_lines(first + b"\n\n", events)  # the end of an event, or a whole event
        rest = blocks.pop()  # it may continue in the next piece
        lines = piece.count(b"\n") - first.count(b"\n") - rest.count(b"\n")
        if lines == 2 * (len(blocks) + 1):  # each of them is a single line
            events += [("", data) for data in blocks if data and not data.isspace()]
        else:
            for data in blocks:
                self._read_lines(b"data: " + data + b"\n\n", events)
        self._read_lines(b"data: " + rest, events)
        return self._within_limit(events)

    @property
    def has_begun(self) -> bool:
        """Whether a part of the next event has been received, other than a comment."""
        return bool(self._data or self._name or (self._partial and self._partial[0][:1] != b":"))

    def _within_limit(self, events: list[Event]) -> list[Event]:
        if self._size + self._held > self._limit:
            raise EventTooLarge(self._limit, events)
        return events

    def _read_lines(self, piece: bytes, events: list[Event]) -> None:
        lines = piece.split(b"\n")
        rest = lines.pop()
        if lines and self._partial:
            self._partial.append(lines[0])
            lines[0] = b"".join(self._partial)
            self._partial.clear()
        for line in lines:
            if not line:
                if self._data or self._name:
                    self._dispatch(events)
            elif line[:6] == b"data: ":
                self._data.append(line[6:])
                self._held += len(line)
            elif line[:1] != b":":
                self._field(line)
        if lines:
            self._size = 0
        if rest:
            self._partial.append(rest)
            self._size += len(rest)

    def flush(self) -> list[Event]:
        """End the stream, and return the last event if only its blank line is missing."""
        events: list[Event] = []
        self._read_lines(b"\n\n", events)
        return events

    def _skip_bom(self, piece: bytes) -> bytes:
        """Drop a byte order mark from the start, even if it arrives one byte at a time."""
        start = b"".join(self._partial) + piece
        self._partial.clear()
        self._size = 0
        if start[:3] == _BOM:
            self._started = True
            return start[3:]
        if _BOM.startswith(start):  # nothing yet, or the first bytes of what may be a mark
            self._partial.append(start)
            self._size = len(start)
            return b""
        self._started = True
        return start

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if value[:1] == b" ":
            value = value[1:]
        if name == b"data":
            self._data.append(value)
            self._held += len(line)
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")
        elif name not in (b"id", b"retry") and not self.foreign:
            self.foreign = line
        # `id` and `retry` are for reconnecting, which a billable request must not do; unknown fields are ignored.

    def _dispatch(self, events: list[Event]) -> None:
        data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        name = self._name
        self._data = []
        self._name = ""
        self._held = 0
        if data and not data.isspace():
            events.append((name, data))
