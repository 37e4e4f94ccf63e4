"""Random answers in every framing that HTTP/1.1 knows, with what a client has to make of them."""

from __future__ import annotations

import random
from dataclasses import dataclass

__all__ = ["FRAMINGS", "Answer", "body_for", "make_answer", "poison"]

FRAMINGS = ("length", "chunked", "close", "204", "304", "HEAD")
_SIZES = (0, 1, 17, 200, 5_000, 16_384, 65_536, 70_000, 200_000)


@dataclass(frozen=True)
class Answer:
    """One answer as bytes.

    Attributes:
        method: of the request that it belongs to.
        wire: the bytes, interim answers included.
        head_end: the length of everything before the body.
        body: what a client has to read.
        closes: whether the end of the connection is the end of the body.
    """

    method: str
    status: int
    wire: bytes
    head_end: int
    body: bytes
    closes: bool


def body_for(asker: str, size: int) -> bytes:
    """A body that nobody else gets: every line of it names its asker."""
    line = f"{asker}\n".encode()
    return (line * (size // len(line) + 1))[:size] if size else b""


def make_answer(rng: random.Random, framing: str, asker: str, sizes: tuple[int, ...] = _SIZES) -> Answer:
    """A random answer to an asker, who is named in a header and throughout the body."""
    size = rng.choice(sizes)
    body = body_for(asker, size)
    fields = [f"X-Asker: {asker}", "Content-Type: text/plain"]
    fields += [f"X-Filler-{n}: {'f' * rng.randrange(60)}" for n in range(rng.randrange(4))]
    method, status, encoded = "GET", rng.choice((200, 200, 200, 201, 404, 500)), body
    if framing == "length":
        fields.append(f"Content-Length: {size}")
    elif framing == "chunked":
        fields.append("Transfer-Encoding: chunked")
        encoded = _chunked(rng, body)
    elif framing == "close":
        if rng.random() < 0.5:
            fields.append("Connection: close")
    else:
        method = "HEAD" if framing == "HEAD" else "GET"
        status = 200 if framing == "HEAD" else int(framing)
        body = encoded = b""
        if framing != "204" and rng.random() < 0.7:
            fields.append(rng.choice(("Content-Length: 1234", "Transfer-Encoding: chunked")))
    rng.shuffle(fields)
    head = b"".join(_interim(rng) for _ in range(rng.choice((0, 0, 0, 1, 3))))
    head += f"HTTP/1.1 {status} Said\r\n{''.join(field + chr(13) + chr(10) for field in fields)}\r\n".encode()
    return Answer(method, status, head + encoded, len(head), body, framing == "close")


def _interim(rng: random.Random) -> bytes:
    hint = b"Link: </style.css>; rel=preload\r\n" if rng.random() < 0.5 else b""
    return b"HTTP/1.1 %d Wait\r\n%b\r\n" % (rng.choice((100, 102, 103)), hint)


def _chunked(rng: random.Random, body: bytes) -> bytes:
    wire, at = b"", 0
    while at < len(body):
        size = min(len(body) - at, rng.choice((1, 7, 100, 4_096, 60_000)) if len(body) < 3_000 else 50_000)
        extension = b";name=value" if rng.random() < 0.1 else b""
        wire += b"%x%b\r\n%b\r\n" % (size, extension, body[at : at + size])
        at += size
    trailer = b"X-Trailer: end\r\n" if rng.random() < 0.1 else b""
    return wire + b"0\r\n" + trailer + b"\r\n"


def poison(rng: random.Random) -> bytes:
    """Bytes behind an answer that no request has asked for."""
    evil = b"the answer of somebody else"
    whole = b"HTTP/1.1 200 OK\r\nX-Asker: evil\r\nContent-Length: %d\r\n\r\n%b" % (len(evil), evil)
    kinds = (
        whole,
        whole * 2,
        whole[: rng.randrange(1, len(whole))],
        b"\r\n" + whole,
        b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + whole,
        b"HTTP/1.1 204 No Content\r\nX-Asker: evil\r\n\r\n",
        b"0\r\n\r\n" + whole,
        bytes(rng.randrange(256) for _ in range(rng.randrange(1, 40))),
    )
    return rng.choice(kinds)
