"""Answers that break the rules of HTTP/1.1: which are read, and which are refused.

RFC 9112 lets a recipient be lenient where nothing can be hidden in a message. The table is that of docs/reliability.md.
"""

from __future__ import annotations

import gzip
import re
import socket
import threading
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from indoxrouter._runtime.http.body_reader import BodyReader
from indoxrouter._runtime.http.httpx_adapter import AsyncHttpxEngine, HttpxEngine
from indoxrouter._runtime.http.interface import Headers, HttpRequest, Timeouts, TransportFailure

from indoxrouter_ext.http.direct.asynchronous import AsyncDirectEngine
from indoxrouter_ext.http.direct.blocking import DirectEngine
from indoxrouter_ext.http.direct.http1 import ResponseParser

ACCEPTED, REFUSED = "accepted", "refused"


class Row(NamedTuple):
    """One kind of answer, and what comes of it. A body that is read is `hi`."""

    what: str
    direct: str
    httpx: str
    data: bytes


ROWS = [
    Row("lines of the head end in LF", ACCEPTED, ACCEPTED, b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi"),
    Row(
        "one line of the head ends in LF", ACCEPTED, ACCEPTED, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nhi"
    ),
    Row(
        "a header continues on the next line, after a space",
        ACCEPTED,
        ACCEPTED,
        b"HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\nContent-Length: 2\r\n\r\nhi",
    ),
    Row(
        "a header continues on the next line, after a tab",
        ACCEPTED,
        ACCEPTED,
        b"HTTP/1.1 200 OK\r\nX-A: a\r\n\tb\r\nContent-Length: 2\r\n\r\nhi",
    ),
    Row(
        "the first line of the head is a continuation",
        REFUSED,
        REFUSED,
        b"HTTP/1.1 200 OK\r\n X-A: a\r\nContent-Length: 2\r\n\r\nhi",
    ),
    Row(
        "equal lengths in two headers",
        ACCEPTED,
        ACCEPTED,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
    ),
    Row(
        "equal lengths in one header",
        ACCEPTED,
        ACCEPTED,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi",
    ),
    Row(
        "different lengths",
        REFUSED,
        REFUSED,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
    ),
    Row("a space behind the length", ACCEPTED, ACCEPTED, b"HTTP/1.1 200 OK\r\nContent-Length: 2 \r\n\r\nhi"),
    Row("tabs around the length", ACCEPTED, ACCEPTED, b"HTTP/1.1 200 OK\r\nContent-Length:\t2\t\r\n\r\nhi"),
    Row(
        "leading zeros in the length", ACCEPTED, ACCEPTED, b"HTTP/1.1 200 OK\r\nContent-Length: 002\r\n\r\nhi"
    ),
    Row("a sign before the length", REFUSED, REFUSED, b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi"),
    Row("a negative length", REFUSED, REFUSED, b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhi"),
    Row("an empty length", REFUSED, REFUSED, b"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nhi"),
    Row(
        "spaces behind a chunk's size",
        ACCEPTED,
        ACCEPTED,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2  \r\nhi\r\n0\r\n\r\n",
    ),
    Row(
        "leading zeros in a chunk's size",
        ACCEPTED,
        ACCEPTED,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0002\r\nhi\r\n0\r\n\r\n",
    ),
    Row(
        "an extension of a chunk",
        ACCEPTED,
        ACCEPTED,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0\r\n\r\n",
    ),
    Row(
        "trailers behind the last chunk",
        ACCEPTED,
        ACCEPTED,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-T: 1\r\n\r\n",
    ),
    Row(
        "spaces before a chunk's size",
        REFUSED,
        REFUSED,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n  2\r\nhi\r\n0\r\n\r\n",
    ),
    Row(
        "spaces around an extension of a chunk",
        REFUSED,
        REFUSED,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2 ; a = b\r\nhi\r\n0\r\n\r\n",
    ),
    Row(
        "chunks end in LF",
        REFUSED,
        REFUSED,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nhi\n0\n\n",
    ),
    Row(
        "no line break behind a chunk",
        REFUSED,
        REFUSED,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi0\r\n\r\n",
    ),
    Row(
        "a length beside a chunked body",
        ACCEPTED,
        ACCEPTED,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    ),
    Row(
        "`Chunked` in upper case",
        ACCEPTED,
        ACCEPTED,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    ),
    Row(
        "`Transfer-Encoding: identity`",
        ACCEPTED,
        REFUSED,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nhi",
    ),
    Row(
        "`Transfer-Encoding: identity` and a length",
        REFUSED,
        REFUSED,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nhi",
    ),
    Row(
        "a compressed transfer",
        REFUSED,
        REFUSED,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    ),
    Row(
        "`chunked` twice",
        REFUSED,
        REFUSED,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    ),
    Row(
        "an unknown transfer coding",
        REFUSED,
        REFUSED,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\nhi",
    ),
    Row("no reason behind the status", ACCEPTED, ACCEPTED, b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi"),
    Row("an empty reason", ACCEPTED, ACCEPTED, b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nhi"),
    Row("a reason outside ASCII", ACCEPTED, ACCEPTED, b"HTTP/1.1 200 \xe9\r\nContent-Length: 2\r\n\r\nhi"),
    Row("HTTP/1.0", ACCEPTED, ACCEPTED, b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
    Row(
        "a chunked body in HTTP/1.0",
        ACCEPTED,
        ACCEPTED,
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    ),
    Row("a later minor version", ACCEPTED, ACCEPTED, b"HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
    Row("a status line of HTTP/2.0", ACCEPTED, ACCEPTED, b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
    Row("a body without a head", REFUSED, REFUSED, b"hello"),
    Row("`http` in lower case", REFUSED, REFUSED, b"http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
    Row("another protocol's name", REFUSED, REFUSED, b"ICY 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
    Row(
        "an empty line before the head",
        ACCEPTED,
        REFUSED,
        b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    ),
    Row(
        "a space before the colon of a length",
        REFUSED,
        REFUSED,
        b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nhi",
    ),
    Row(
        "a space before the colon of another header",
        REFUSED,
        REFUSED,
        b"HTTP/1.1 200 OK\r\nX-A : 2\r\nContent-Length: 2\r\n\r\nhi",
    ),
    Row("a line without a colon", REFUSED, REFUSED, b"HTTP/1.1 200 OK\r\nfoo\r\nContent-Length: 2\r\n\r\nhi"),
    Row(
        "a header without a name",
        REFUSED,
        REFUSED,
        b"HTTP/1.1 200 OK\r\n: foo\r\nContent-Length: 2\r\n\r\nhi",
    ),
    Row(
        "a name with parentheses",
        REFUSED,
        REFUSED,
        b"HTTP/1.1 200 OK\r\nX(A): foo\r\nContent-Length: 2\r\n\r\nhi",
    ),
    Row(
        "a value outside ASCII",
        ACCEPTED,
        ACCEPTED,
        b"HTTP/1.1 200 OK\r\nX-A: \xc3\xa9\r\nContent-Length: 2\r\n\r\nhi",
    ),
    Row(
        "a control character in a value",
        ACCEPTED,
        ACCEPTED,
        b"HTTP/1.1 200 OK\r\nX-A: a\x01b\r\nContent-Length: 2\r\n\r\nhi",
    ),
    Row("NUL in a value", REFUSED, REFUSED, b"HTTP/1.1 200 OK\r\nX-A: a\x00b\r\nContent-Length: 2\r\n\r\nhi"),
    Row("CR in a value", REFUSED, REFUSED, b"HTTP/1.1 200 OK\r\nX-A: a\rb\r\nContent-Length: 2\r\n\r\nhi"),
    Row("a status of two digits", REFUSED, REFUSED, b"HTTP/1.1 99 OK\r\nContent-Length: 2\r\n\r\nhi"),
    Row("a status below 100", REFUSED, REFUSED, b"HTTP/1.1 000 OK\r\nContent-Length: 2\r\n\r\nhi"),
    Row("a status of four digits", REFUSED, REFUSED, b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nhi"),
    Row(
        "an unknown status of three digits",
        ACCEPTED,
        ACCEPTED,
        b"HTTP/1.1 999 OK\r\nContent-Length: 2\r\n\r\nhi",
    ),
    Row("tabs in the status line", REFUSED, REFUSED, b"HTTP/1.1\t200\tOK\r\nContent-Length: 2\r\n\r\nhi"),
    Row(
        "two spaces in the status line", REFUSED, REFUSED, b"HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nhi"
    ),
    Row(
        "an offer to upgrade",
        ACCEPTED,
        ACCEPTED,
        b"HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 2\r\n\r\nhi",
    ),
    Row("a length of a 204", ACCEPTED, ACCEPTED, b"HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nhi"),
    Row(
        "an interim response first",
        ACCEPTED,
        ACCEPTED,
        b"HTTP/1.1 103 E\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    ),
    Row("a body of a 205", ACCEPTED, ACCEPTED, b"HTTP/1.1 205 R\r\nContent-Length: 2\r\n\r\nhi"),
]
WITHOUT_A_BODY = {"a length of a 204"}
BY_NAME = pytest.mark.parametrize("row", ROWS, ids=[row.what for row in ROWS])


class Outcome(NamedTuple):
    """What a parser or an engine made of an answer: its body, or the reason why there is none."""

    verdict: str
    body: bytes
    reason: str


def parsed(pieces: list[bytes]) -> Outcome:
    """What the direct engine's parser makes of bytes that arrive in these pieces, before the connection ends."""
    parser = ResponseParser("GET")
    body = b""
    try:
        for piece in pieces:
            parser.feed(piece)
            body += parser.take() if parser.held else b""
        if not parser.complete and parser.fault is None:
            parser.end_of_data()
        if parser.fault is not None:
            raise parser.fault
    except TransportFailure as failure:
        return Outcome(REFUSED, b"", failure.reason)
    return Outcome(ACCEPTED, body, "")


def check(row: Row, outcome: Outcome, verdict: str) -> None:
    assert outcome.verdict == verdict, outcome
    if verdict == ACCEPTED:
        assert outcome.body == (b"" if row.what in WITHOUT_A_BODY else b"hi")
    else:
        assert len(outcome.reason) > 10


@BY_NAME
def test_the_parser_in_any_cut_of_the_bytes(row: Row) -> None:
    data = row.data
    check(row, parsed([data]), row.direct)
    check(row, parsed([data[place : place + 1] for place in range(len(data))]), row.direct)
    for place in range(1, len(data)):
        check(row, parsed([data[:place], data[place:]]), row.direct)


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """Sends what `server.data` says to whoever connects, and closes."""

    class Server:
        data = b""
        listener = socket.create_server(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"

        def serve(self) -> None:
            with suppress(OSError):
                while True:
                    sock, _ = self.listener.accept()
                    with sock:
                        sock.recv(65536)
                        sock.sendall(self.data)
                        sock.shutdown(socket.SHUT_WR)
                        while sock.recv(65536):
                            pass

    running = Server()
    thread = threading.Thread(target=running.serve, daemon=True)
    thread.start()
    yield running
    with suppress(OSError):
        running.listener.shutdown(socket.SHUT_RDWR)
    thread.join(20)  # closed under it, `accept` may go on with the next socket of the same number
    running.listener.close()


def request_to(server: Any) -> HttpRequest:
    return HttpRequest("GET", server.url, [], None, Timeouts(5, 5, 5, 5))


@BY_NAME
@pytest.mark.parametrize("kind", [DirectEngine, HttpxEngine])
def test_engines_for_threads(row: Row, server: Any, kind: Any) -> None:
    server.data = row.data
    engine = kind()
    try:
        response = engine.send(request_to(server))
        body = b"".join(response.iter_raw())
        response.close()
        outcome = Outcome(ACCEPTED, body, "")
    except TransportFailure as failure:
        outcome = Outcome(REFUSED, b"", failure.reason)
    engine.close()
    check(row, outcome, row.direct if kind is DirectEngine else row.httpx)


@BY_NAME
@pytest.mark.parametrize("kind", [AsyncDirectEngine, AsyncHttpxEngine])
async def test_engines_for_tasks(row: Row, server: Any, kind: Any) -> None:
    server.data = row.data
    engine = kind()
    try:
        response = await engine.send(request_to(server))
        body = b"".join([piece async for piece in response.iter_raw()])
        await response.close()
        outcome = Outcome(ACCEPTED, body, "")
    except TransportFailure as failure:
        outcome = Outcome(REFUSED, b"", failure.reason)
    await engine.close()
    check(row, outcome, row.direct if kind is AsyncDirectEngine else row.httpx)


def test_a_repaired_answer_ends_its_connection() -> None:
    for row in ROWS:
        if row.direct == ACCEPTED and ("continues on" in row.what or "equal lengths" in row.what):
            parser = ResponseParser("GET")
            parser.feed(row.data)
            assert parser.complete
            assert not parser.reusable


@pytest.mark.parametrize(
    "coding",
    [
        "",
        "identity",
        "none",
        "null",
        "utf-8",
        "UTF-8",
        "utf8",
        "binary",
        "7bit",
        "8bit",
        "aws-chunked",
        "identity, identity",
        " None ",
    ],
)
def test_codings_that_mean_no_compression_are_accepted(coding: str) -> None:
    reader = BodyReader(Headers([("Content-Encoding", coding)]), 100)
    assert b"".join(reader.feed(b"hi")) == b"hi"
    reader.finish()


GZIP, ZLIB = gzip.compress(b"hi" * 50, mtime=0), zlib.compress(b"hi" * 50)
RAW = ZLIB[2:-4]


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", GZIP),
        ("X-GZip", GZIP),
        ("gzip, identity", GZIP),
        ("gzip", gzip.compress(b"hi", mtime=0) + gzip.compress(b"hi" * 49, mtime=0)),
        ("deflate", ZLIB),
        ("deflate", RAW),
        ("gzip, gzip", gzip.compress(GZIP)),
        ("deflate, gzip", gzip.compress(RAW)),
        ("gzip, deflate", zlib.compress(GZIP)),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_requested_compressions_are_read(coding: str, body: bytes, size: int) -> None:
    reader = BodyReader(Headers([("Content-Encoding", coding)]), 100)
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    assert b"".join(part for piece in pieces for part in reader.feed(piece)) == b"hi" * 50
    reader.finish()


@pytest.mark.parametrize(
    ("coding", "body"),
    [("gzip", GZIP[:-9]), ("deflate", ZLIB[:-5]), ("deflate", b"\xff" * 50)],
)
def test_damaged_compressions_are_refused(coding: str, body: bytes) -> None:
    reader = BodyReader(Headers([("Content-Encoding", coding)]), 1000)

    def read_all() -> None:
        for _ in reader.feed(body):
            pass
        reader.finish()

    with pytest.raises(TransportFailure, match=r"is damaged|is incomplete") as caught:
        read_all()
    assert caught.value.kind == "decode"


UNREQUESTED = ["br", "zstd", "compress", "x-compress", "lzma", "dcb", "dcz", "x-new"]


@pytest.mark.parametrize(
    "coding", [*UNREQUESTED, "gzip, br", "br, identity", "gzip, gzip, gzip, gzip, gzip, gzip"]
)
def test_compressions_that_were_not_requested_are_refused(coding: str) -> None:
    reader = BodyReader(Headers([("Content-Encoding", coding)]), 100)
    with pytest.raises(TransportFailure, match="compressed with") as caught:
        list(reader.feed(b"{\x0b\x02\x80\x03"))
    assert caught.value.kind == "decode"


@pytest.mark.parametrize(
    "coding", ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, br", "x-new", "aws-chunked"]
)
@pytest.mark.parametrize(
    "body", [b'{"data": "\xc3\xa9"}', b"data: [DONE]\n\n", b"\xef\xbb\xbf [1, 2]", b"<html>"]
)
def test_a_plain_body_is_read_whatever_its_coding_says(coding: str, body: bytes) -> None:
    reader = BodyReader(Headers([("Content-Encoding", coding)]), 100)
    assert b"".join([*reader.feed(body[:5]), *reader.feed(body[5:])]) == body
    reader.finish()


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("wbits", [31, 15, -15])
def test_a_compressed_body_is_never_taken_for_a_plain_one(coding: str, wbits: int) -> None:
    if (coding, wbits) in (("gzip", -15), ("deflate", 31)):
        return  # no server sends these
    body = b'{"data": "hello there"}' * 20
    packer = zlib.compressobj(wbits=wbits)
    packed = packer.compress(body) + packer.flush()
    for size in (1, 2, 3, 7, 1000):
        reader = BodyReader(Headers([("Content-Encoding", coding)]), 1000)
        pieces = [packed[at : at + size] for at in range(0, len(packed), size)]
        assert b"".join(part for piece in pieces for part in reader.feed(piece)) == body
        reader.finish()


def test_the_documentation_has_the_tables(root: Path) -> None:
    text = (root / "docs" / "reliability.md").read_text(encoding="utf-8")
    for coding in ("gzip", "deflate", "identity", "none", "utf8", "8bit", "br", "zstd", "dcz"):
        assert re.search(rf"^\|.*`{coding}`.*\| (accepted|refused) \|", text, re.MULTILINE), coding
    for row in ROWS:
        assert f"| {row.what} | {row.direct} | {row.httpx} | " in text
