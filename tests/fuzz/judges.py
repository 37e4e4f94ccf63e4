"""What different parsers make of the same bytes: ours, h11, and llhttp without any leniency."""

from __future__ import annotations

from typing import NamedTuple

import h11
import httptools
from indoxrouter._runtime.http.interface import TransportFailure

from indoxrouter_ext.http.direct.http1 import ResponseParser

__all__ = ["Refused", "Verdict", "Whole", "by_h11", "by_llhttp", "by_us"]


class Whole(NamedTuple):
    """An answer that a parser took as complete."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Refused(NamedTuple):
    """Why a parser did not take it."""

    reason: str


Verdict = Whole | Refused


def _headers(pairs: list[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    joined: dict[str, str] = {}
    for raw, text in pairs:
        name, value = raw.decode("latin-1").lower(), text.decode("latin-1").strip(" \t")
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return tuple(sorted(joined.items()))


def by_us(pieces: list[bytes], method: str = "GET") -> Verdict:
    """The verdict of the direct engine's parser, on bytes that arrive in these pieces before the connection ends."""
    parser = ResponseParser(method)
    body = b""
    try:
        for piece in pieces:
            parser.feed(piece)
            body += parser.take() if parser.held else b""
            if parser.fault is not None:
                raise parser.fault
        parser.end_of_data()
        if parser.fault is not None:
            raise parser.fault
        body += parser.take() if parser.held else b""
    except TransportFailure as failure:
        return Refused(failure.reason)
    assert parser.headers is not None
    return Whole(parser.status, tuple(sorted(parser.headers.items())), body)


def by_h11(data: bytes, method: str = "GET") -> Verdict:
    """The verdict of h11, which reads for httpx."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
    connection.send(h11.EndOfMessage())
    status, body = 0, b""
    headers: tuple[tuple[str, str], ...] = ()
    try:
        connection.receive_data(data)
        ended = False
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Response):
                status, headers = event.status_code, _headers(list(event.headers))
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return Whole(status, headers, body)
            elif event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                return Refused("it is no answer")
            elif event is h11.NEED_DATA:
                if ended:
                    return Refused("it ends in the middle")
                ended = True
                connection.receive_data(b"")
    except h11.RemoteProtocolError as error:
        return Refused(str(error))


class _Strict:
    """The callbacks of llhttp: the first answer that is final."""

    def __init__(self, method: str) -> None:
        self.fields: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.status = 0
        self.complete = False
        self.no_body = method == "HEAD"
        self.parser = httptools.HttpResponseParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.status:
            self.fields.append((name, value))

    def on_headers_complete(self) -> None:
        status = self.parser.get_status_code()
        if self.complete:
            return
        if 100 <= status < 200 and status != 101:
            self.fields.clear()
            return
        self.status = status
        self.complete = self.no_body

    def on_body(self, data: bytes) -> None:
        if not self.complete:
            self.body += data

    def on_message_complete(self) -> None:
        if self.status:
            self.complete = True


def by_llhttp(data: bytes, method: str = "GET") -> Verdict:
    """The verdict of llhttp as it is, on bytes before the connection ends."""
    strict = _Strict(method)
    problem = ""
    try:
        strict.parser.feed_data(data)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
        problem = str(error) or type(error).__name__
    names = {name.lower() for name, _ in strict.fields}
    until_close = strict.status and not names & {b"content-length", b"transfer-encoding"}
    if strict.complete or (until_close and not problem):
        return Whole(strict.status, _headers(strict.fields), strict.body)
    return Refused(problem or "it ends in the middle")
