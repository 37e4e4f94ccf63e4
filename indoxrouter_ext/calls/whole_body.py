"""A body that is read to its end: decompressed, within a limit of bytes and before a deadline. No I/O."""

from __future__ import annotations

from indoxrouter._runtime.http.interface import BodyReader, Deadline, Headers, time_left, too_large

__all__ = ["WholeBody"]


class WholeBody:
    """Collects the pieces of a body.

    Args:
        headers: of the answer.
        limit: bytes of the decompressed body.
        deadline: checked after each step, because a small piece may decompress to a large one.
    """

    __slots__ = ("_deadline", "_limit", "_parts", "_reader", "_size")

    def __init__(self, headers: Headers, limit: int, deadline: Deadline | None) -> None:
        self._limit = limit
        self._deadline = deadline
        self._parts: list[bytes] = []
        self._size = 0
        self._reader = BodyReader(headers, limit) if "content-encoding" in headers else None
        length = headers.get("content-length", "")
        if self._reader is None and length.isdecimal() and int(length) > limit:
            raise too_large(limit)

    def feed(self, piece: bytes) -> None:
        """Take a piece as it arrived; raises `TransportFailure` for what cannot be accepted."""
        if self._reader is None:
            self._size += len(piece)
            if self._size > self._limit:
                raise too_large(self._limit)
            self._parts.append(piece)
        else:
            for part in self._reader.feed(piece):
                self._parts.append(part)
                if self._deadline is not None:
                    time_left("read_timeout", None, self._deadline)
        if self._deadline is not None:
            time_left("read_timeout", None, self._deadline)

    def join(self) -> bytes:
        """The body, once all pieces have been fed."""
        if self._reader is not None:
            self._reader.finish()
        parts = self._parts
        return parts[0] if len(parts) == 1 else b"".join(parts)
