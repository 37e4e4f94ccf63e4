"""How connections of httpx and httpcore break: by themselves, which is described, or because we shut them."""

from __future__ import annotations

import os
import re
import socket
from contextlib import suppress
from sys import modules
from typing import Any

from .discretion import without_quotes
from .transport import FailureKind, TransportFailure

__all__ = ["CLOSED", "HTTPX", "abort", "errors", "failure_of"]

CLOSED = "the httpx client that sends the requests has been closed"

HTTPX = ("httpx", "httpx2")
"""The packages whose clients a caller may bring. The second is the first under another name."""

_CORE = ("httpcore", "httpcore2")

# httpcore's exceptions and httpx's, which wrap them one by one, go by the same names.
_KINDS: dict[str, FailureKind] = {
    "ConnectTimeout": "connect_timeout",
    "PoolTimeout": "pool_timeout",
    "ReadTimeout": "read_timeout",
    "WriteTimeout": "write_timeout",
    "ConnectError": "connect",
    "ProxyError": "connect",
    "WriteError": "write",
    "ReadError": "read",
    "CloseError": "read",
    "DecodingError": "decode",
    "RemoteProtocolError": "read",
}

_REASONS: dict[FailureKind, str] = {
    "connect_timeout": "no connection within the connect timeout",
    "pool_timeout": "no free connection within the pool timeout",
    "read_timeout": "nothing arrived within the read timeout",
    "write_timeout": "the request could not be sent within the write timeout",
    "disconnected": "the server closed the connection without an answer",
}

_OF_CORE = ("TimeoutException", "NetworkError", "ProtocolError", "ProxyError", "UnsupportedProtocol")
_OF_HTTPX = ("HTTPError", "InvalidURL", "StreamError")
_OF_H11 = ("ProtocolError",)  # httpcore passes it on where a body is longer or shorter than was said


def errors() -> tuple[type[Exception], ...]:
    """What httpcore and httpx let through: errors of their own and of h11, and those of the operating system.

    httpx's are among them wherever it is imported: a tool that mocks httpcore may raise those.
    """
    found: list[type[Exception]] = [OSError, ValueError]
    for packages, names in ((_CORE, _OF_CORE), (HTTPX, _OF_HTTPX), (("h11",), _OF_H11)):
        for module in map(modules.get, packages):
            found += [error for name in names if (error := getattr(module, name, None)) is not None]
    return tuple(found)


def failure_of(error: Exception) -> TransportFailure:
    """Describe an exception without keeping it: it may hold the request, and that holds secrets."""
    kind: FailureKind = "protocol"
    for ancestor in type(error).__mro__:
        if ancestor.__module__.partition(".")[0] in (*_CORE, *HTTPX) and ancestor.__name__ in _KINDS:
            kind = _KINDS[ancestor.__name__]
            break
    text = str(error)
    if type(error).__name__ == "RemoteProtocolError" and "without sending a response" in text:
        kind = "disconnected"
    text = re.sub(r"^\[Errno -?\d+\]\s*", "", text)
    # What a server sent in place of HTTP is quoted there, and may echo a secret; what was wrong with it stays.
    text = without_quotes(text)
    reason = _REASONS.get(kind) or text.strip() or type(error).__name__
    return TransportFailure(kind, reason[:300])


def abort(stream: Any, process: int) -> None:
    """Shut a connection's socket down: whoever waits for it wakes up with the end of the stream.

    A forked child leaves it alone: shutting down, unlike closing, would break the parent's connection.

    Args:
        stream: what httpcore gives out as `network_stream`, if anything.
        process: that opened the connection.
    """
    sock = stream.get_extra_info("socket") if stream is not None and os.getpid() == process else None
    if sock is not None:
        with suppress(OSError, ValueError):  # it is closed already
            # A duplicate, because the sockets that event loops hand out (uvloop's) need not know `shutdown`.
            duplicate = socket.socket(fileno=os.dup(sock.fileno()))
            try:
                duplicate.shutdown(socket.SHUT_RDWR)
            finally:
                duplicate.close()
