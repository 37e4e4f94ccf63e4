"""HTTP/1.1 without I/O: the bytes of a request, and an answer that grows as bytes come in.

Parsing is left to llhttp, the parser of Node.js, which is strict about everything that request smuggling lives on. It
is asked for the head and for chunked bodies; a body whose length is known is only counted, and so not copied again.
"""

from __future__ import annotations

from contextlib import suppress

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from indoxrouter._runtime.transport import Headers, HttpRequest, TransportFailure, too_large

from .origins import Origin, Origins

__all__ = ["CLOSED", "AnswerReader", "Heads"]

CLOSED = "the answer was closed while it was read"

_LONGEST_HEAD = 256 * 1024
_NOTHING = memoryview(b"")
WORTH_A_PLACE = 64 * 1024
"""A body that lacks more bytes than this is read into one place of its size, if the caller wants it whole."""


class Heads:
    """Writes the heads of requests. What a request shares with the ones before it is written and checked once."""

    __slots__ = ("_known", "_origins")

    def __init__(self) -> None:
        self._origins = Origins()
        self._known: dict[str, tuple[str, object, Origin, bytes]] = {}

    def of(self, request: HttpRequest) -> tuple[Origin, bytes]:
        """Where to send a request, and its request line and headers, with Host and the length of the body added.

        Raises:
            TransportFailure: for a URL that cannot be requested, or a header that would start another one.
        """
        method, url, shared = request.method, request.url, request.shared
        known = self._known.get(url)
        if known is None or known[1] is not shared or known[0] != method:
            origin, target = self._origins.split(url)
            start = f"{method} {target} HTTP/1.1\r\n".encode() + _fields(
                [("Host", origin.authority), *shared]
            )
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[url] = (method, shared, origin, start)
        _, _, origin, start = known
        own = request.headers[len(shared) :]
        if own:
            start += _fields(own)
        if request.content is not None:
            return origin, b"%bContent-Length: %d\r\n\r\n" % (start, len(request.content))
        return origin, start + (b"Content-Length: 0\r\n\r\n" if method in _WITH_BODY else b"\r\n")


_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_MOST_KNOWN = 64  # URLs; a client that looks at jobs has one for each


def _fields(headers: list[tuple[str, str]]) -> bytes:
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
    encoded: bytes | None = None
    with suppress(UnicodeEncodeError):
        encoded = lines.encode("latin-1")
    if encoded is None or lines.count("\n") != len(headers) or lines.count("\r") != len(headers):
        raise TransportFailure("protocol", "a header holds characters that headers cannot carry")
    return encoded


class AnswerReader:
    """One answer: feed it bytes until `headers` is there, and take the body's pieces until `complete`.

    Attributes:
        status: of the final answer; interim ones (1xx) are skipped.
        headers: None until the head is complete.
        complete: whether the body has ended.
        reusable: whether the connection can carry another request afterwards.
        held: bytes of the body that wait to be taken.
        fault: what is wrong with the body, to be raised once what came before has been taken.
    """

    __slots__ = (
        "_chunked",
        "_fields",
        "_left",
        "_parser",
        "_pieces",
        "_size",
        "complete",
        "fault",
        "headers",
        "held",
        "reusable",
        "status",
    )

    def __init__(self) -> None:
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self._fields: list[tuple[bytes, bytes]] = []
        self._pieces: list[bytes] = []
        self._size = 0
        self._left = (
            -1
        )  # bytes that a body of known length still lacks; -1 when chunked or until the connection closes
        self._chunked = False
        self.held = 0
        self.status = 0
        self.headers: Headers | None = None
        self.complete = False
        self.reusable = False
        self.fault: TransportFailure | None = None

    def feed(self, data: bytes) -> None:
        """Take what the network gave.

        Raises:
            TransportFailure: when it is not HTTP/1.1.
        """
        if self._left > 0 and self.headers is not None:
            self._count(data)
            return
        parser = self._parser
        if self.complete or self.fault is not None or parser is None:
            self.reusable = False  # more than was promised: nobody knows what it belongs to
            return
        if self.headers is None:
            self._size += len(data)
        fault = ""
        try:
            parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            fault = str(error) or type(error).__name__
        if fault:
            self.reusable = False
            if not self.complete:
                self._fail(TransportFailure("read", f"the answer is not HTTP/1.1: {fault}"[:300]))
        if self.headers is None and self._size > _LONGEST_HEAD:
            raise TransportFailure("read", f"the head of the answer is longer than {_LONGEST_HEAD} bytes")

    def _fail(self, failure: TransportFailure) -> None:
        """Raise, or, when a part of the body came in the same piece, let that be taken first."""
        if self.headers is None:
            raise failure
        self.fault = failure

    def _count(self, data: bytes) -> None:
        size = len(data)
        if size > self._left:
            data = data[: self._left]
            self.reusable = False
            size = self._left
        self._pieces.append(data)
        self.held += size
        self._left -= size
        if not self._left:
            self.complete = True

    def in_one_place(self, limit: int) -> tuple[bytes | bytearray, memoryview] | None:
        """The body in one piece, and the part of it that is still to be filled: none of it if all has come.

        None for a body of which little is missing, or nobody knows how much: `take` does as well.

        Raises:
            TransportFailure: when it is longer than `limit` bytes.
        """
        held, left = self.held, self._left
        if not self.complete and left < WORTH_A_PLACE:
            return None
        if held > limit or held + left > limit:
            raise too_large(limit)
        if self.complete:  # it came with the head, as short answers do
            return self.take(), _NOTHING
        body = bytearray(held + left)
        body[:held] = self.take()
        return body, memoryview(body)[held:]

    def filled(self, size: int) -> None:
        """Say that some of the missing bytes have been put where they are wanted, past this reader."""
        self._left -= size
        if not self._left:
            self.complete = True

    def end_of_data(self) -> None:
        """Say that the server closed its side.

        Raises:
            TransportFailure: when the answer was not complete.
        """
        self.reusable = False
        if self.complete:
            return
        if self.headers is None:
            raise TransportFailure("disconnected", "the server closed the connection without an answer")
        if self._left >= 0 or self._chunked:
            raise TransportFailure("read", "the server closed the connection before the end of the body")
        self.complete = True

    def ended(self) -> bool:
        """Whether the body has ended by now (type checkers take it for granted that an attribute stays as it was)."""
        return self.complete

    def take(self) -> bytes:
        """The body's bytes that have arrived since the last call."""
        pieces = self._pieces
        self.held = 0
        if len(pieces) == 1:
            return pieces.pop()
        data = b"".join(pieces)
        pieces.clear()
        return data

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header field."""
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        """The end of a head; that of an interim answer is passed over."""
        parser = self._parser
        assert parser is not None
        if self.complete:
            self.reusable = False
            return
        status = parser.get_status_code()
        if 100 <= status < 200 and status != 101:
            return
        self.status = status
        self.headers = headers = Headers.of_bytes(self._fields)
        self.reusable = parser.should_keep_alive()
        coding = headers.get("transfer-encoding")
        if coding is not None and "chunked" in coding.lower():
            self._chunked = True
        elif status not in (204, 304):
            length = headers.get("content-length", "")
            if length.isdecimal():
                self._left = int(length)

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if self.complete:
            return
        self._pieces.append(data)
        self.held += len(data)
        if self._left > 0:
            self._left -= len(data)

    def on_message_complete(self) -> None:
        """The end of the body."""
        if self.headers is None:  # an interim answer (1xx): the real one follows
            self._fields.clear()
            return
        if self.complete:
            self.reusable = False
            return
        self.complete = True
        self._parser = None  # it holds this object: without the cycle both go at once
