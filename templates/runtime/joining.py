"""Small chunks of HTTP, joined to large ones before httpcore takes them apart.

A server that sends each event of a stream as a chunk of its own costs a client of httpcore 4 µs for each, most of it in
the state machine of h11, which is the same for one byte as for 64 KiB. What one read of the socket brought is there at
once, whoever looks at it first, so runs of complete chunks are written as one. h11 stays the judge: only chunks of the
plainest form are touched, and from the first one that is not (an extension, white space, a wrong line end, the last
chunk) everything is handed on as it came.
"""

from __future__ import annotations

import re

__all__ = ["Joiner"]

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")  # with more digits, there is nothing to join
_UNFINISHED_SIZE = re.compile(rb"[0-9A-Fa-f]{0,8}\r?\Z")
_LARGE = 4096  # bytes; to copy chunks of this size costs as much as to leave them alone


class Joiner:
    """Follows one body, and joins its chunks.

    Attributes:
        done: whether nothing will be joined any more.
    """

    __slots__ = ("_left", "_line", "done")

    def __init__(self) -> None:
        self._left = 0  # bytes to come of a chunk that has begun, its line end among them
        self._line = b""  # the beginning of a size, handed on already
        self.done = False

    @classmethod
    def after(cls, received: bytes) -> Joiner | None:
        """A joiner for the body that begins in these bytes, which h11 has already; None if they are all, or unusual.

        Args:
            received: all that was read since the request was written, as far as the head of the answer.
        """
        end = received.find(b"\n\r\n") + 3
        if end < 3 or not received.startswith(b"HTTP/1.1 ") or received[9:10] == b"1":
            return None
        # The whole answer, it seems. If it only looks like that, its chunks stay as they are.
        if received.endswith(b"\r\n0\r\n\r\n"):
            return None
        if received.find(b"\n\n", 0, end) >= 0:  # ends a head, too, as h11 reads them
            return None
        joiner = cls()
        if end < len(received):
            joiner.feed(received[end:])
        return joiner

    def feed(self, data: bytes) -> bytes:
        """What to hand on in the place of what was read."""
        if self.done or not data:
            return data
        if self._left >= len(data):
            self._left -= len(data)
            return data
        handed = len(self._line)
        text = self._line + data if handed else data
        at = self._left  # the rest of a chunk that has begun is handed on as it is
        begin = at if not handed else -1  # so is a chunk whose size has been handed on in part
        self._left, self._line = 0, b""
        parts: list[bytes] = []
        while True:
            match = _SIZE.match(text, at)
            if match is None:
                self._line = text[at:]
                self.done = _UNFINISHED_SIZE.match(text, at) is None
                break
            first = match.end()
            last = first + int(match[1], 16)
            if last == first or (last + 2 <= len(text) and text[last : last + 2] != b"\r\n"):
                self.done = True
                break
            if last + 2 > len(text):
                self._left = last + 2 - len(text)
                break
            at = last + 2
            if begin < 0:
                begin = at
            else:
                parts.append(text[first:last])
        if len(parts) < 2 or len(data) > len(parts) * _LARGE:
            return data
        joined = b"".join(parts)
        return b"%b%x\r\n%b\r\n%b" % (text[handed:begin], len(joined), joined, text[at:])
