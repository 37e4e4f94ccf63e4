"""HTTP answers as bytes: a head, and a body with a length or in chunks."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["chunked", "in_blocks", "plain"]


def _head(kind: bytes, more: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: " + kind + b"\r\nx-request-id: req-1\r\n" + more + b"\r\n"


def plain(body: Any, more: bytes = b"") -> bytes:
    """A JSON answer of known length, with more header lines if there are any."""
    content = json.dumps(body).encode()
    return _head(b"application/json", b"content-length: %d\r\n" % len(content) + more) + content


def chunked(pieces: list[bytes]) -> bytes:
    """An event stream, each piece an HTTP chunk."""
    framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return _head(b"text/event-stream", b"transfer-encoding: chunked\r\n") + framed + b"0\r\n\r\n"


def in_blocks(pieces: list[bytes], size: int) -> list[bytes]:
    """The same bytes, cut every so many."""
    whole = b"".join(pieces)
    return [whole[start : start + size] for start in range(0, len(whole), size)]
