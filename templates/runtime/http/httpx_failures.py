"""From the exceptions of httpx and what lies below it to `TransportFailure`."""

from __future__ import annotations

import re
from sys import modules

from .interface import FailureKind, HttpRequest, TransportFailure, timed_out
from .log_redaction import without_quotes

__all__ = ["failure_of", "foreign_errors"]

# httpx2 is httpx under another name, and httpcore's exceptions, which tools may raise, have the same names again.
_PACKAGES = ("httpx", "httpx2", "httpcore", "httpcore2")

_KINDS: dict[str, FailureKind] = {
    "ConnectTimeout": "connect_timeout",
    "PoolTimeout": "pool_timeout",
    "ReadTimeout": "read_timeout",
    "WriteTimeout": "write_timeout",
    "ConnectError": "connect",
    "ProxyError": "connect",  # a proxy that refuses a tunnel has passed nothing on
    "WriteError": "write",
    "ReadError": "read",
    "CloseError": "read",
    "DecodingError": "decode",
    "RemoteProtocolError": "read",
}

_BASES = (
    *("HTTPError", "InvalidURL", "StreamError"),
    *("TimeoutException", "NetworkError", "ProtocolError", "ProxyError", "UnsupportedProtocol"),
)


def foreign_errors() -> tuple[type[Exception], ...]:
    """The exceptions that httpx lets through: its own, those of httpcore and h11, and the operating system's.

    RuntimeError is what httpx raises for a client that has been closed, and for one of the wrong kind.
    """
    packages = [modules.get(name) for name in (*_PACKAGES, "h11")]
    found = [getattr(package, name, None) for package in packages for name in _BASES]
    return (OSError, ValueError, RuntimeError, *(error for error in found if error is not None))


def failure_of(error: Exception, request: HttpRequest) -> TransportFailure:
    """Describe an exception without keeping it: it may refer to the request, which holds secrets."""
    kind: FailureKind = "protocol"
    for ancestor in type(error).__mro__:
        if ancestor.__module__.partition(".")[0] in _PACKAGES and ancestor.__name__ in _KINDS:
            kind = _KINDS[ancestor.__name__]
            break
    text = str(error)
    if kind.endswith("_timeout"):
        seconds = getattr(request.timeouts, kind.removesuffix("_timeout"))
        if seconds is not None or request.deadline is not None:
            return timed_out(kind, seconds, request.deadline)
    if type(error).__name__ == "RemoteProtocolError" and "without sending a response" in text:
        return TransportFailure("disconnected", "the server closed the connection without an answer")
    # A server's bytes that are no HTTP are quoted in the text, and may echo a secret.
    text = without_quotes(re.sub(r"^\[Errno -?\d+\]\s*", "", text))
    return TransportFailure(kind, (text.strip() or type(error).__name__)[:300])
