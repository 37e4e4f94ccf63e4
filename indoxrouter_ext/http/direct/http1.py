"""HTTP/1.1 without I/O: the bytes of a request, and a response that is parsed as its bytes arrive.

Parsing is left to llhttp, the parser of Node.js, which refuses what request smuggling relies on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from indoxrouter._runtime.http.interface import Headers, HttpRequest, SizedBody, TransportFailure, body_pieces

from .addresses import Origin, split_url

MAX_HEAD = 256 * 1024
"""Bytes of a response's head, interim responses included."""


class RequestEncoder:
    """Encodes the heads of requests. The part that a request shares with earlier ones is encoded and checked once."""

    def __init__(self) -> None:
        self._start = lru_cache(maxsize=64)(_start_of_head)  # a client that polls jobs has a URL for each

    def encode(self, request: HttpRequest) -> tuple[Origin, bytes]:
        """The server, and the request line and headers with `Host` and the length of the body added.

        Raises:
            TransportFailure: for a URL that cannot be requested, or a header that would start another header.
        """
        origin, head = self._start(request.method, request.url, request.shared)
        head += _encode_fields(request.headers[len(request.shared) :])
        if request.content is not None:
            head += b"Content-Length: %d\r\n" % len(request.content)
        elif request.method in _WITH_BODY:
            head += b"Content-Length: 0\r\n"
        return origin, head + b"\r\n"


_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def _start_of_head(method: str, url: str, shared: tuple[tuple[str, str], ...]) -> tuple[Origin, bytes]:
    origin, target = split_url(url)
    line = f"{method} {target} HTTP/1.1\r\n".encode()
    return origin, line + _encode_fields([("Host", origin.authority), *shared])


def _encode_fields(headers: list[tuple[str, str]]) -> bytes:
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
    encoded = lines.encode("latin-1", "ignore")
    breaks = encoded.count(b"\n"), encoded.count(b"\r")
    if len(encoded) < len(lines) or breaks != (len(headers), len(headers)):
        raise TransportFailure("protocol", "a header contains characters that headers cannot carry")
    return encoded


def request_pieces(head: bytes, content: bytes | SizedBody | None) -> Iterator[bytes | memoryview]:
    """A request in the pieces that are written. A short body goes with the head."""
    if content is None:
        yield head
    elif isinstance(content, bytes) and len(content) <= _SHORT:
        yield head + content
    else:
        yield head
        yield from body_pieces(content)


_SHORT = 64 * 1024


class ResponseParser:
    """One response: feed it bytes until `headers` is there, and take the pieces of the body until `complete`.

    Attributes:
        status: of the final response; interim ones (1xx) are skipped.
        headers: None until the head is complete.
        complete: whether the whole body has arrived.
        reusable: whether the connection can carry another request. False as soon as anything arrives that does not
            belong to this response: such bytes would become the answer to the next request.
        held: bytes of the body that wait to be taken.
        fault: what is wrong with the response, or None. The bytes of the body before it can still be taken.
    """

    def __init__(self, method: str) -> None:
        self.status = 0
        self.headers: Headers | None = None
        self.complete = False
        self.reusable = False
        self.held = 0
        self.fault: TransportFailure | None = None
        self._parser: HttpResponseParser | None = self._new_parser()
        self._fields: list[tuple[bytes, bytes]] = []
        self._head = b""  # all bytes up to the end of the head, for the size limit and for `_repair`
        self._problem = ""  # llhttp's complaint about the head
        self._pieces: list[bytes] = []
        self._says_its_end = False  # whether the body is chunked or of announced length
        self._no_body = method == "HEAD"

    def _new_parser(self) -> HttpResponseParser:
        parser = HttpResponseParser(self)
        # RFC 9112 allows a recipient both, and neither can hide a message in another one.
        parser.set_dangerous_leniencies(
            lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )
        return parser

    def feed(self, data: bytes) -> None:
        """Take bytes from the network."""
        if self.complete or self.fault is not None:
            self.reusable = False  # nobody asked for these bytes
        elif self.headers is not None:
            self._parse(data)
        else:
            self._feed_head(data)

    def _feed_head(self, data: bytes) -> None:
        self._head += data
        problem = self._problem or self._parse(data)
        repaired: bytes | None = b""
        if problem:
            self._problem = problem  # what follows decides whether the head can be repaired, so it is awaited
            repaired = _repair(self._head)
        if repaired:
            self._parser = self._new_parser()
            self._fields.clear()
            problem = self._parse(repaired)
            self.reusable = False
        if self.headers is not None:
            self._head = b""
        elif repaired is None or (repaired and problem):
            self._refuse(f"the answer is not valid HTTP/1.1: {problem}")
        elif len(self._head) > MAX_HEAD:
            self._refuse(f"the head of the answer is longer than {MAX_HEAD} bytes")

    def _parse(self, data: bytes) -> str:
        """Let llhttp read some bytes; returns its complaint about the head, if any."""
        assert self._parser is not None
        problem = ""
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self.reusable = False
            problem = str(error) or type(error).__name__
        if problem and self.headers is not None:
            self._refuse(f"the body is not valid HTTP/1.1: {problem}")
            return ""
        return problem

    def _refuse(self, reason: str) -> None:
        if not self.complete and self.fault is None:
            self.fault = TransportFailure("read", reason[:300])

    def end_of_data(self, *, in_order: bool = True) -> None:
        """The server closed its side: the response is complete now, or has a fault.

        Args:
            in_order: whether the end can be trusted to be the server's. Over TLS, one without `close_notify` cannot,
                so it does not complete a body that only the end of the connection delimits (RFC 9112, 9.8).
        """
        self.reusable = False
        if self.headers is None:
            if self._problem:
                self._refuse(f"the answer is not valid HTTP/1.1: {self._problem}")
            elif self._head:
                self._refuse("the server closed the connection in the middle of the head")
            elif self.fault is None:
                reason = "the server closed the connection without an answer"
                self.fault = TransportFailure("disconnected", reason)
        elif self._says_its_end:
            self._refuse("the server closed the connection before the end of the body")
        elif not in_order:
            self._refuse("the connection broke, and the body may be incomplete")
        elif self.fault is None:
            self.complete = True

    def take(self) -> bytes:
        """The bytes of the body that have arrived since the last call."""
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self.held = 0
        return data

    # Called by the parser.

    def on_message_begin(self) -> None:
        """The first byte of a message. There may be one behind the body that ends this response."""
        if self.complete:
            self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header field."""
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        """The end of a head. That of an interim response is skipped."""
        if self.complete:
            return
        assert self._parser is not None
        status = self._parser.get_status_code()
        if 100 <= status < 200 and status != _SWITCHING_PROTOCOLS:
            return
        headers = Headers.of_bytes(self._fields)
        coding = headers.get("transfer-encoding")
        if status < 100:
            self._refuse(f"the answer is not valid HTTP/1.1: its status is {status:03}")
        elif status == _SWITCHING_PROTOCOLS:
            self._refuse("the server switched to another protocol, which was not requested")
        elif coding is not None:
            self._says_its_end = "chunked" in coding.lower()
            if coding.strip().lower() not in ("chunked", "identity"):
                self._refuse("the body has a transfer coding that was not requested")
        else:
            self._says_its_end = "content-length" in headers
        self.status = status
        self.headers = headers
        self.reusable = self._parser.should_keep_alive() and self.fault is None
        if self._no_body:
            self._finish()

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if self.complete or self.fault is not None:
            self.reusable = False
            return
        self._pieces.append(data)
        self.held += len(data)

    def on_message_complete(self) -> None:
        """The end of the body."""
        if self.headers is None:  # an interim response (1xx): the final one follows
            self._fields.clear()
        elif not self.complete and self.fault is None:
            self._finish()

    def _finish(self) -> None:
        self.complete = True
        self._parser = None  # it refers to this object: without the cycle both are freed at once


_SWITCHING_PROTOCOLS = 101


def _repair(data: bytes) -> bytes | None:
    """A head that llhttp refuses in a form that it accepts, where RFC 9112 allows a recipient to accept it.

    Folded header lines (5.2), equal lengths given twice (6.3), a length beside a chunked body (6.3: the length is
    ignored), a later minor version (9110, 2.5) and control characters in values (9110, 5.5). The connection is not
    used again after such an answer, so nothing that follows it can be taken for another one.

    Returns:
        The repaired head with what follows it; nothing (empty) while the head has not arrived as a whole; None when it
        cannot be repaired.
    """
    while re.match(rb"HTTP/1\.\d 1\d\d", data):  # interim responses before it have been read
        _, gap, data = _split_head(data)
        if not gap:
            return b""
    head, gap, rest = _split_head(data)
    if not head.startswith(b"HTTP/1."[: len(head)]) or re.match(rb"[^\n]*\n[ \t]", head):
        return None
    if not gap:
        return b""
    lines = re.split(rb"\r?\n", re.sub(rb"\r?\n[ \t]+", b" ", head))
    lines[0] = re.sub(rb"^HTTP/1\.[2-9] ", b"HTTP/1.1 ", lines[0])
    lengths = {part.strip() for line in lines for part in _length_of(line).split(b",") if part.strip()}
    chunked = any(re.fullmatch(rb"(?i)transfer-encoding:[ \t]*chunked[ \t]*", line) for line in lines)
    if len(lengths) > 1 and not chunked:
        return None  # where the body ends is anybody's guess
    fields = [
        re.sub(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]", b" ", line) for line in lines[1:] if not _length_of(line)
    ]
    if lengths and not chunked:
        fields.append(b"Content-Length: " + lengths.pop())
    return b"\r\n".join([lines[0], *fields]) + b"\r\n\r\n" + rest


def _split_head(data: bytes) -> tuple[bytes, bytes, bytes]:
    """The first head, the empty line that ends it (empty when it has not arrived), and the bytes behind it."""
    end = re.search(rb"\r?\n\r?\n", data)
    return (data, b"", b"") if end is None else (data[: end.start()], end[0], data[end.end() :])


def _length_of(line: bytes) -> bytes:
    name, _, value = line.partition(b":")
    return value.strip() if name.lower() == b"content-length" else b""
