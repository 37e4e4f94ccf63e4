"""Where requests go: the server that a URL names, its addresses, and the order in which they are tried."""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Callable
from ipaddress import ip_address
from itertools import zip_longest
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from indoxrouter._runtime.http.interface import TransportFailure

STAGGER = 0.25
"""Seconds after which the next address is tried beside the ones under way (RFC 8305, section 5)."""


class Origin(NamedTuple):
    """One server: where to connect, and the value of the Host header."""

    tls: bool
    host: str
    port: int
    authority: str


def split_url(url: str) -> tuple[Origin, str]:
    """The origin of a URL, and the target for the request line.

    Raises:
        TransportFailure: for a URL that cannot be requested.
    """
    match = re.match("(?i)(https?://[^/?#]*)([^#]*)", url)
    origin = None if match is None else _origin_of(match[1])
    if match is None or origin is None:
        raise TransportFailure("protocol", "the URL has no host, or is neither http nor https")
    target = match[2] if match[2].startswith("/") else f"/{match[2]}"
    if not (target.isascii() and target.isprintable()) or " " in target:
        target = quote(target, safe="/?:@!$&'()*+,;=%-._~[]")
    return origin, target


def _origin_of(base: str) -> Origin | None:
    try:
        parts = urlsplit(base)
        port = parts.port
        host = parts.hostname or ""
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
    except ValueError:  # UnicodeError is one
        return None
    if not host:
        return None
    tls = parts.scheme == "https"
    shown = f"[{host}]" if ":" in host else host
    default = 443 if tls else 80
    return Origin(tls, host, port or default, shown if port in (None, default) else f"{shown}:{port}")


class Address(NamedTuple):
    """One address of a server, as `socket.socket` and `connect` want it."""

    family: int
    kind: int
    protocol: int
    place: Any


Lookup = list[Address] | OSError


def resolve_in_thread(origin: Origin, report: Callable[[Lookup], object]) -> None:
    """Look up a server without blocking. `report` is called from another thread, except for an IP address.

    The system's resolver can be neither bounded nor interrupted. In a daemon thread it can be left behind when a limit
    runs out, which the default executor of asyncio does not allow: a program would wait for it at its end.
    """

    def work() -> None:
        try:
            found = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        except OSError as error:
            report(error)
        except UnicodeError:  # a label that is empty or too long
            report(OSError("the host name is not valid"))
        else:
            report([Address(family, kind, protocol, place) for family, kind, protocol, _, place in found])

    try:
        ip_address(origin.host)
    except ValueError:
        threading.Thread(target=work, name="indoxrouter-lookup", daemon=True).start()
    else:
        work()


def try_order(found: Lookup) -> list[Address]:
    """The order to try addresses in: the families take turns, the resolver's first choice begins (RFC 8305, 4).

    Raises:
        OSError: that of the lookup.
    """
    if isinstance(found, OSError):
        raise found
    preferred = [address for address in found if address.family == found[0].family]
    others = [address for address in found if address.family != found[0].family]
    pairs = zip_longest(preferred, others)
    return [address for pair in pairs for address in pair if address is not None]


def new_socket(address: Address) -> socket.socket:
    """A socket for an address, which does not block. Raises `OSError` where its family is not supported."""
    sock = socket.socket(address.family, address.kind, address.protocol)
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def connect_failure(error: Exception) -> TransportFailure:
    """The failure that an error while connecting means to the caller."""
    if isinstance(error, TransportFailure):
        return error
    # ValueError is what the name of a server raises that TLS cannot carry.
    reason = reason_of(error) if isinstance(error, OSError) else "the host name is not valid"
    return TransportFailure("connect", reason)


def reason_of(error: OSError) -> str:
    """The system's description of an error, without numbers and addresses, which asyncio adds."""
    number = error.errno
    if isinstance(number, int) and number > 0 and type(error).__module__ == "builtins":
        return os.strerror(number)
    return (error.strerror or str(error) or type(error).__name__)[:300]
