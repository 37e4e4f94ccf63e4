"""Where requests go: the server that a URL names, its addresses, and the order in which they are tried."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import zip_longest
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from indoxrouter._runtime.http.interface import TransportFailure

__all__ = [
    "STAGGER",
    "Address",
    "Lookup",
    "Origin",
    "reason_of",
    "resolve_in_thread",
    "split_url",
    "try_order",
]

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
    slash = url.find("/", 8)  # behind the two of https://
    base, target = (url, "/") if slash < 0 else (url[:slash], url[slash:])
    if "?" in base or "#" in base:  # a query, or a fragment, without a path
        base = base.replace("#", "?").partition("?")[0]
        target = f"/{url[len(base) :]}"
    if not (target.isascii() and target.isprintable()) or " " in target:
        target = quote(target, safe="/?:@!$&'()*+,;=%-._~[]#")
    return _origin_of(base), target.partition("#")[0]


def _origin_of(base: str) -> Origin:
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


class Address(NamedTuple):
    """One address of a server, as `socket.socket` and `connect` want it."""

    family: int
    kind: int
    protocol: int
    place: Any


Lookup = list[Address] | OSError


def resolve(origin: Origin) -> Lookup:
    """The addresses of a server, or the error of the lookup. May block for as long as the system's resolver does."""
    try:
        found = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        return [Address(family, kind, protocol, place) for family, kind, protocol, _, place in found]
    except OSError as error:
        return error
    except UnicodeError:  # a label that is empty or too long
        return OSError("the host name is not valid")


def resolve_in_thread(origin: Origin, report: Callable[[Lookup], object]) -> None:
    """Resolve without blocking; `report` is called from another thread, except for an IP address.

    The system's resolver can be neither bounded nor interrupted. In a daemon thread it can be left behind when a limit
    runs out, which the default executor of asyncio does not allow: a program would wait for it at its end.
    """
    if _is_ip_address(origin.host):
        report(resolve(origin))
    else:
        work = threading.Thread(
            target=lambda: report(resolve(origin)), name="indoxrouter-lookup", daemon=True
        )
        work.start()


def _is_ip_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError):
            socket.inet_pton(family, host.partition("%")[0])
            return True
    return False


def try_order(addresses: list[Address]) -> list[Address]:
    """The order to try addresses in: the families take turns, the resolver's first choice begins (RFC 8305, 4)."""
    preferred = [address for address in addresses if address.family == addresses[0].family]
    others = [address for address in addresses if address.family != addresses[0].family]
    pairs = zip_longest(preferred, others)
    return [address for pair in pairs for address in pair if address is not None]


def reason_of(error: OSError) -> str:
    """The system's description of an error, without numbers and addresses, which asyncio adds."""
    number = error.errno
    if isinstance(number, int) and number > 0 and type(error).__module__ == "builtins":
        return os.strerror(number)
    return (error.strerror or str(error) or type(error).__name__)[:300]
