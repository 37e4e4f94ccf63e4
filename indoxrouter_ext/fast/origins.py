"""Where requests go: scheme, host and port out of a URL; and what sockets say and do."""

from __future__ import annotations

import os
import select
import socket
from contextlib import suppress
from time import perf_counter
from typing import Any

from indoxrouter._runtime.transport import TransportFailure

__all__ = ["PROBATION", "Origin", "Origins", "Watch", "reason_of", "shut"]


class Origin:
    """One server: where to connect, and what to put into the Host header."""

    __slots__ = ("authority", "host", "port", "tls")

    def __init__(self, tls: bool, host: str, port: int, authority: str) -> None:
        self.tls = tls
        self.host = host
        self.port = port
        self.authority = authority


class Origins:
    """Splits URLs into origin and target. A client talks to one or two servers, so origins are remembered."""

    def __init__(self) -> None:
        self._known: dict[str, Origin] = {}

    def split(self, url: str) -> tuple[Origin, str]:
        """The origin of a URL, and what goes into the request line.

        Raises:
            TransportFailure: for a URL that cannot be requested.
        """
        slash = url.find("/", 8)  # behind the two of https://
        base, target = (url, "/") if slash < 0 else (url[:slash], url[slash:])
        origin = self._known.get(base)
        if origin is None:
            origin = self._known[base] = _parse(base)
        if not (target.isascii() and target.isprintable()) or " " in target:
            from urllib.parse import quote

            target = quote(target, safe="/?:@!$&'()*+,;=%-._~[]#")
        return origin, target.partition("#")[0] if "#" in target else target


def _parse(base: str) -> Origin:
    from urllib.parse import urlsplit

    scheme = ""
    host: str | None = None
    port: int | None = None
    try:
        parts = urlsplit(base)
        scheme = parts.scheme
        port = parts.port
        host = parts.hostname
        if host is not None and not host.isascii():
            host = host.encode("idna").decode("ascii")
    except ValueError:  # UnicodeError is one
        host = None
    if not host or scheme not in ("http", "https"):
        raise TransportFailure("protocol", "the URL has no host, or is neither http nor https")
    tls = scheme == "https"
    shown = f"[{host}]" if ":" in host else host
    default = 443 if tls else 80
    return Origin(tls, host, port or default, shown if port in (None, default) else f"{shown}:{port}")


def reason_of(error: OSError) -> str:
    """What an error of the operating system says, without numbers and addresses."""
    text = error.strerror or str(error) or type(error).__name__
    return text[:300]


PROBATION = 0.001
"""Seconds for which a connection is watched before its second request, if that is one that cannot be repeated.

Some servers close after each answer without saying so. Their FIN is a moment behind the answer, and a billed call that
is written into that moment fails for nothing. Once in the life of a connection this costs a millisecond.
"""


class Watch:
    """Asks a socket whether there is something to read: on an idle one, the server has closed it or spoken out of turn.

    The object that asks is kept, because a connection is asked before each of its requests.
    """

    __slots__ = ("_poll", "_sock")

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._poll: select.poll | None = None

    def stay_awake(self, until: float) -> None:
        """Wait until something can be read, but no longer than until a time of `perf_counter`, without sleeping."""
        poll = self._poll
        if poll is not None:
            while not poll.poll(0) and perf_counter() < until:
                pass

    def is_silent(self, seconds: float = 0) -> bool:
        """Whether nothing can be read, now and for some seconds to come."""
        try:
            poll = self._poll
            if poll is None:
                if not hasattr(select, "poll"):
                    return not select.select([self._sock], [], [], seconds)[0]
                poll = self._poll = select.poll()
                poll.register(self._sock.fileno(), select.POLLIN)
            return not poll.poll(seconds * 1000)
        except (OSError, ValueError):
            return False


def shut(sock: Any, process: int) -> None:
    """Break a connection at once; except in a forked child, where that would break the parent's.

    On a duplicate, because the sockets that event loops hand out (uvloop's) need not know `shutdown`.
    """
    if sock is None or os.getpid() != process:
        return
    with suppress(OSError, ValueError), socket.socket(fileno=os.dup(sock.fileno())) as duplicate:
        duplicate.shutdown(socket.SHUT_RDWR)  # fails when it is closed already
